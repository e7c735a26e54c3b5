"""Store a person's review of what an alert type shows of ATT&CK for ICS."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import all_types
from portal.accounts.models import User
from portal.attack import engine as attack
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text
from portal.ui.words import number
from training.catalog.models import AlertTypeReview
from training.catalog.policies import reasons_against_reviewing
from training.catalog.queries.lessons import reviews_of_type


class CannotReview(Refused):
    """The review was not taken."""


@transaction.atomic
def review_alert_type(
    *, alert_type: str, techniques: Sequence[str], note: str, by: User, now: datetime
) -> AlertTypeReview:
    """Add a review, which holds from now on for this alert type. Earlier ones stay to be read.
    Techniques are ids of the release in use; none means that the alert names no act.
    """
    ids = list(dict.fromkeys(text.strip().upper() for text in techniques if text.strip()))
    note = visible_text(note)
    reasons = reasons_against_reviewing(by) or _reasons_against(alert_type, ids, note)
    if reasons:
        raise CannotReview(*reasons)
    before = next((list(text.techniques) for text in reviews_of_type(alert_type)), [])
    row = AlertTypeReview.objects.create(
        alert_type=alert_type,
        techniques=ids,
        note=note,
        attack_version=attack.version(),
        reviewer=by,
        reviewer_name=str(by)[:200],
        reviewed_at=now,
    )
    record("catalog.alert_type.reviewed", on=row, by=by, at=now, before=before, techniques=ids)
    return row


def _reasons_against(alert_type: str, ids: Sequence[str], note: str) -> list[str]:
    reasons = []
    if alert_type not in {entry.title for entry in all_types()}:
        reasons.append(gettext("There is no such alert type."))
    if len(ids) > AlertTypeReview.MAX_TECHNIQUES:
        words = gettext("Name at most %(n)s techniques.")
        reasons.append(words % {"n": number(AlertTypeReview.MAX_TECHNIQUES)})
    reasons += [reason for technique_id in ids[:20] if (reason := _reason_against_id(technique_id))]
    if not note:
        reasons.append(gettext("Say in a sentence why."))
    if len(note) > AlertTypeReview.MAX_NOTE:
        too_long = gettext("Use at most %(n)s letters.")
        reasons.append(too_long % {"n": number(AlertTypeReview.MAX_NOTE)})
    return reasons


def _reason_against_id(technique_id: str) -> str:
    technique = attack.technique(technique_id)
    values = {"id": technique_id[:20], "version": attack.version()}
    if technique is None:
        return gettext("ATT&CK for ICS %(version)s has no technique %(id)s.") % values
    if technique.current_id != technique.id:
        current = attack.technique(technique.current_id) or technique
        values |= {"new": current.id, "name": current.full_name}
        return gettext("%(id)s was replaced. Use %(new)s, %(name)s.") % values
    if not technique.is_current:
        return gettext("%(id)s is deprecated and has no successor. Leave it out.") % values
    return ""
