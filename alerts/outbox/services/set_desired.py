"""Store what should be in Sentinel as an automation rule, in the transaction of the decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from alerts.outbox.models import Landing, RuleKind, RulePriority, WantedRule
from alerts.outbox.services.enqueue import our_id
from portal import clock
from portal.jobs.models import JobState


def name_of_rule(*, about: UUID, workspace: UUID) -> UUID:
    """The GUID under which it is there: the same for its trial and its live form."""
    return our_id("automation rule", about, workspace)


@transaction.atomic
def set_desired_rule(
    *,
    workspace_id: int,
    name: UUID,
    about: UUID,
    label: str,
    body: dict[str, Any],
    now: datetime,
    kind: RuleKind = RuleKind.RULE,
    reason: str = "",
    urgency: RulePriority = RulePriority.RULE,
    insists: bool = False,
    again: bool = False,
) -> WantedRule:
    """Record that exactly this body is to be there. Wanting it again changes nothing, also where it
    was refused: the same words would be refused again, unless `again` is set. `insists` writes over
    what somebody changed by hand.
    """
    row = _locked(workspace_id, name, about=about, label=label, kind=kind, now=now)
    failed = row.outcome in (Landing.REFUSED, Landing.CHANGED_BY_HAND)
    if row.wanted == body and row.insists == insists and not (again and failed):
        return _raise_urgency(row, urgency)
    return _set_wanted(row, body, reason=reason, urgency=urgency, insists=insists, now=now)


@transaction.atomic
def clear_desired_rule(
    *,
    workspace_id: int,
    name: UUID,
    now: datetime,
    reason: str = "",
    urgency: RulePriority = RulePriority.AWAY,
) -> WantedRule | None:
    """Record that nothing is to be there under this name; None where nothing ever was."""
    rows = WantedRule.objects.select_for_update(of=("self",))
    row = rows.filter(workspace_id=workspace_id, name=name).first()
    if row is None:
        return None
    if row.wanted is None:
        return row
    return _set_wanted(row, None, reason=reason, urgency=urgency, insists=True, now=now)


@transaction.atomic
def set_rule_absent(
    *, workspace_id: int, name: UUID, about: UUID, label: str, reason: str, now: datetime
) -> bool:
    """Record that no rule is to be there, on a row with the reason; return whether that is new."""
    row = _locked(workspace_id, name, about=about, label=label, kind=RuleKind.RULE, now=now)
    if row.wanted is not None:
        _set_wanted(row, None, reason=reason, urgency=RulePriority.AWAY, insists=True, now=now)
        return True
    if row.reason == reason:
        return False
    is_new = not row.reason
    row.reason = reason
    row.save(update_fields=["reason"])
    return is_new


def _locked(
    workspace_id: int, name: UUID, *, about: UUID, label: str, kind: RuleKind, now: datetime
) -> WantedRule:
    row = WantedRule(
        workspace_id=workspace_id,
        name=name,
        about=about,
        label=label[:80],
        kind=kind,
        wanted_at=now,
        wanted_version=0,
        due_at=clock.unshifted(),
        outcome=Landing.LANDED,
        state=JobState.DONE,
    )
    WantedRule.objects.bulk_create([row], ignore_conflicts=True)
    rows = WantedRule.objects.select_for_update(of=("self",))
    return rows.get(workspace_id=workspace_id, name=name)


def _set_wanted(
    row: WantedRule,
    body: dict[str, Any] | None,
    *,
    reason: str,
    urgency: RulePriority,
    insists: bool,
    now: datetime,
) -> WantedRule:
    row.wanted, row.wanted_version, row.wanted_at = body, row.wanted_version + 1, now
    row.reason, row.urgency, row.insists = reason, urgency, insists
    row.outcome, row.attempts, row.misses = Landing.PENDING, 0, 0
    row.due_at, row.settled_at = clock.unshifted(), None
    # What a worker has in hand it finishes first, and then finds that more is wanted. A stop does
    # not wait for a worker that may be dead.
    if row.state != JobState.RUNNING or urgency == RulePriority.STOP:
        row.state, row.lease_until = JobState.WAITING, None
    row.save()
    return row


def _raise_urgency(row: WantedRule, urgency: RulePriority) -> WantedRule:
    """Still owed, but now it is urgent."""
    if row.outcome == Landing.PENDING and urgency < row.urgency:
        row.urgency, row.due_at = urgency, clock.unshifted()
        row.save(update_fields=["urgency", "due_at"])
    return row
