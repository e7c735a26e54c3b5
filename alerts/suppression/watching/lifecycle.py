"""What happens to a version without its author: the canary begins, the guards stop it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.drafting.rule_reach import Plant, plant_of
from alerts.suppression.enforcing.confirm_members import record_members
from alerts.suppression.engine.guards.lifecycle import reasons_against_living
from alerts.suppression.engine.guards.proposal import reasons_against_draft
from alerts.suppression.models import ACTING, RuleVersion, State
from alerts.suppression.signing.notify import notify_state
from alerts.suppression.signing.people import concerned_by
from alerts.suppression.signing.transitions import lock_version, move
from alerts.suppression.watching.credit import credited_incidents
from alerts.suppression.watching.trial_carry_over import carry_over_for
from portal.accounts.models import User
from portal.audit.services import record

ITSELF = "Tagout"


def start_canary(version: RuleVersion, *, by: User, now: datetime) -> None:
    """Both sides have signed: the rule tags what it would close. Part of the signer's command."""
    kept = carry_over_for(version)
    version.keeps_trial_of = kept.before if kept else None
    version.newcomers = list(kept.newcomers) if kept else []
    reason = gettext("Signed by both sides. %(what)s") % {
        "what": kept.sentence
        if kept
        else gettext("For seven days at least it only labels what it would close.")
    }
    for each in RuleVersion.objects.filter(rule=version.rule, state=State.CANARY):
        move(each, to=State.REPLACED, by=by, now=now, reason=reason)
    move(version, to=State.CANARY, by=by, now=now, reason=reason)
    record_members(version)
    version.credited_incident_ids = credited_incidents(version, now=now)
    version.save(update_fields=["credited_incident_ids", "keeps_trial_of", "newcomers"])
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=[reason], now=now)


def still_allowed(version: RuleVersion, *, now: datetime, plant: Plant | None = None) -> list[str]:
    """What is held against a version that acts, or is to act again, with what is known now: its
    end has come, a device it names became a safety system, a type went on the never list.
    """
    said = version.said
    if lapsed := reasons_against_living(said, now=now):
        return list(lapsed)
    known = plant or plant_of(version.site_ids)
    sites = version.site_ids
    reasons = reasons_against_draft(
        said, now=now, plant_zones=known.zones(sites), criticality=known.criticality(said, sites)
    )
    return list(reasons)


@transaction.atomic
def stop_by_itself(
    *, version_id: int, reasons: Iterable[str], by_label: str = ITSELF, now: datetime
) -> bool:
    """Pause a version because of what happened; only a new approval lets it act again. False when
    it did not act any more.
    """
    version, given = lock_version(version_id), list(reasons)
    if version.state == State.PAUSED and not version.needs_approval:
        RuleVersion.objects.filter(pk=version.pk).update(needs_approval=True)
    if version.state not in ACTING:
        return False
    move(
        version,
        to=State.PAUSED,
        by=None,
        by_label=by_label,
        now=now,
        reason=" ".join(str(reason) for reason in given),
        paused_from=version.state,
        needs_approval=True,
    )
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=given, now=now)
    said = [str(reason) for reason in given]
    record("suppression.rule.stopped", on=version, by=by_label, at=now, reasons=said)
    return True
