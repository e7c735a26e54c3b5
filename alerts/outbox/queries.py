"""Reads of what is owed: the overlay for pages, the backlog for the status page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from alerts.outbox.models import Change, ChangeOutcome, Landing, RuleKind, RulePriority, WantedRule
from portal.jobs.models import JobState

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class Backlog:
    """One workspace's writes: waiting ones, since when the oldest is due, given-up ones."""

    workspace_id: int
    waiting: int
    oldest_due_at: datetime | None
    given_up: int

    def age(self, *, now: datetime) -> float:
        """For how many seconds the oldest has been due; `now` is the unshifted clock."""
        if self.oldest_due_at is None:
            return 0.0
        return max(0.0, (now - self.oldest_due_at).total_seconds())


def changes_of(workspace_id: int, incident_name: str) -> QuerySet[Change]:
    """Everything that was ever owed to one incident, newest first."""
    return Change.objects.filter(
        workspace_id=workspace_id, incident_name=incident_name.lower()
    ).order_by("-pk")


def changes_of_act(act: UUID, *, names: Collection[str]) -> list[Change]:
    """What one act of a person owes or owed to incidents of these names, oldest first."""
    low = [name.lower() for name in names]
    return list(Change.objects.filter(act=act, incident_name__in=low).order_by("pk"))


def incidents_by_acts(acts: Collection[UUID]) -> dict[UUID, int]:
    """Return to how many incidents each of these acts wrote or writes, where to any."""
    rows = Change.objects.filter(act__in=acts).order_by().values_list("act")
    return dict(rows.annotate(n=Count("incident_name", distinct=True)))


def can_be_undone(act: UUID) -> bool:
    """Whether an undo would still take all of an act back."""
    return not Change.objects.filter(act=act).exclude(**never_claimed()).exists()


def never_claimed() -> dict[str, Any]:
    """The filter for changes that no worker has touched, so that nothing can have been sent."""
    return {"outcome": ChangeOutcome.OPEN, "state": JobState.WAITING, "fence": 0}


def backlog_by_workspace() -> list[Backlog]:
    """How much is owed and given up, per workspace that has any."""
    given_up = Q(state=JobState.DEAD)
    rows = (
        Change.objects.filter(Q(outcome=ChangeOutcome.OPEN) | given_up)
        .values_list("workspace_id")
        .annotate(
            waiting=Count("pk", filter=Q(outcome=ChangeOutcome.OPEN)),
            oldest=Min("due_at", filter=Q(outcome=ChangeOutcome.OPEN)),
            dead=Count("pk", filter=given_up),
        )
        .order_by("workspace_id")
    )
    return [Backlog(*row) for row in rows]


def failed_changes() -> QuerySet[Change]:
    """Refused changes that wait for a person to retry or discard them, newest first."""
    return Change.objects.filter(state=JobState.DEAD).select_related("workspace").order_by("-pk")


def count_waiting_changes(workspace_id: int | None = None) -> int:
    """How many changes are still owed, in one workspace or in all."""
    rows = Change.objects.filter(outcome=ChangeOutcome.OPEN)
    return (rows.filter(workspace_id=workspace_id) if workspace_id else rows).count()


def wanted_rules(workspace_id: int | None = None) -> QuerySet[WantedRule]:
    """What should be in Sentinel as automation rules, in one workspace or in all."""
    rows = WantedRule.objects.select_related("workspace").order_by("workspace__name", "kind", "pk")
    return rows.filter(workspace_id=workspace_id) if workspace_id else rows


def withdrawn_rules(workspace_id: int) -> set[UUID]:
    """What rules of ours are about that were taken away in a workspace and are seen to be gone."""
    rows = WantedRule.objects.filter(
        workspace=workspace_id, kind=RuleKind.RULE, wanted__isnull=True, landed__isnull=True
    )
    return set(rows.filter(outcome=Landing.LANDED).values_list("about", flat=True))


def workspaces_to_stop() -> list[int]:
    """Where a gate is owed: those come before everything and do not wait for each other."""
    rows = WantedRule.objects.filter(outcome=Landing.PENDING, urgency=RulePriority.STOP)
    return sorted(set(rows.values_list("workspace_id", flat=True)))


def count_waiting_rules(workspace_id: int | None = None) -> int:
    """How many automation rules are not yet as they are wanted."""
    return wanted_rules(workspace_id).filter(outcome=Landing.PENDING).count()


def written_by_us(name: str) -> str:
    """SQL for whether we wrote the comment whose id is the text in this column."""
    return f"""
        CASE WHEN {name} ~ '^{_UUID}$'
             THEN EXISTS (SELECT FROM outbox_change WHERE key = {name}::uuid) ELSE false END
    """
