"""Take what is suggested for a rule that its pattern outgrew, as a draft of one's own."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.drafting.drafts import edit_version, save_draft
from alerts.suppression.drafting.outgrown import line_changes
from alerts.suppression.engine.outgrown import suggested_rule
from alerts.suppression.engine.rule import as_json
from alerts.suppression.models import RuleVersion
from portal.accounts.models import User
from portal.errors import Refused


class NothingSuggested(Refused):
    """The rule still fits; no draft was made."""


@transaction.atomic
def take_suggested_version(*, version_id: int, by: User, now: datetime) -> RuleVersion:
    """Begin the next version of a live rule with the devices that came to those it lists. It is a
    draft like any other: back-test, two signatures and a trial of its own.
    """
    version = RuleVersion.objects.get(pk=version_id)
    changes = line_changes(version, now=now)
    if not changes:
        raise NothingSuggested(gettext("The rule still fits: no new version is suggested."))
    draft = edit_version(version_id=version.pk, by=by, now=now)
    body = draft.body | {
        "all_of": as_json(suggested_rule(version.said, changes))["all_of"],
        "except_any": version.body["except_any"],
    }
    return save_draft(version_id=draft.pk, by=by, now=now, body=body, revision=draft.revision)
