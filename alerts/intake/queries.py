"""How fresh what we show is, how far history was read, what went wrong: for pages and the API."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Sum

from alerts.incidents.queries import details_by_state
from alerts.intake.models import Cursor, LogBackfill, Quarantined, Run
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import ConnectionHealth, Health, connection_health_by_workspace
from portal import clock

ALARMING_SHARE, ALARM_WINDOW = 0.01, timedelta(hours=1)  # reliability F19
AMBER_AFTER, RED_AFTER = timedelta(minutes=5), timedelta(minutes=15)  # reliability G9


class Age(StrEnum):
    """How old what we show is, as a colour."""

    FRESH = "fresh"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"  # never read to the end


@dataclass(frozen=True, slots=True)
class WorkspaceFreshness:
    """How fresh one workspace is. `cause` is a sentence where something keeps it from being so."""

    workspace_id: int
    name: str
    fresh_at: datetime | None
    data_age_seconds: int | None
    age: Age
    health: Health
    cause: str
    watermark: datetime | None
    history_since: datetime | None
    history_share: float  # of the backfill, 0 to 1
    swept_at: datetime | None
    quarantined: int
    details_pending: int
    details_failed: int


def freshness_of(workspaces: Iterable[Workspace], *, now: datetime) -> list[WorkspaceFreshness]:
    """Freshness of these workspaces, in their order, in a handful of queries."""
    listed = list(workspaces)
    cursors = {c.workspace_id: c for c in Cursor.objects.filter(workspace__in=listed)}
    standings = connection_health_by_workspace(now=clock.unshifted())
    aside = dict(
        Quarantined.objects.filter(workspace__in=listed)
        .values_list("workspace_id")
        .annotate(n=Count("pk"))
    )
    details = details_by_state()
    return [
        _freshness(
            workspace,
            cursors.get(workspace.pk),
            standings.get(workspace.pk),
            (aside.get(workspace.pk, 0), details.get(workspace.pk, {})),
            now,
        )
        for workspace in listed
    ]


def data_age_seconds(workspaces: Iterable[Workspace], *, now: datetime) -> int | None:
    """The age of the stalest of these workspaces; None where one was never read."""
    ages = [freshness.data_age_seconds for freshness in freshness_of(workspaces, now=now)]
    ages_read = [age for age in ages if age is not None]
    return max(ages_read) if ages_read and len(ages_read) == len(ages) else None


def backfill_of(workspace: Workspace) -> LogBackfill | None:
    """How far the past of a workspace was read from its logs; None where nobody asked for it."""
    return LogBackfill.objects.filter(pk=workspace.pk).first()


@dataclass(frozen=True, slots=True)
class UnreadableCount:
    """How many of the incidents that were listed lately could not be read."""

    aside: int
    listed: int

    @property
    def is_alarming(self) -> bool:
        """Whether so many that something changed, which a person should look at (F19)."""
        return self.aside > ALARMING_SHARE * self.listed


def unreadable_by_workspace(*, now: datetime) -> dict[int, UnreadableCount]:
    """What could not be read in the passes of the last hour, by workspace; those that were not
    read are left out.
    """
    runs = Run.objects.filter(finished_at__gt=now - ALARM_WINDOW, started_at__lte=now)
    rows = runs.order_by().values_list("workspace").annotate(Sum("quarantined"), Sum("seen"))
    return {pk: UnreadableCount(aside, listed) for pk, aside, listed in rows}


def age_level(seconds: int | None) -> Age:
    """How bad an age of the data is."""
    if seconds is None:
        return Age.UNKNOWN
    if seconds > RED_AFTER.total_seconds():
        return Age.RED
    return Age.AMBER if seconds > AMBER_AFTER.total_seconds() else Age.FRESH


def share_of_history(cursor: Cursor | None, *, now: datetime) -> float:
    """How much of the history was read, from 0 to 1."""
    if cursor is None or cursor.backfilled_until is None:
        return 0.0
    if cursor.backfill_ends_at is None:
        return 1.0
    whole = (now - cursor.backfill_ends_at).total_seconds()
    read = (now - cursor.backfilled_until).total_seconds()
    return min(max(read / whole, 0.0), 0.999) if whole > 0 else 0.0


def _freshness(
    workspace: Workspace,
    cursor: Cursor | None,
    standing: ConnectionHealth | None,
    counts: tuple[int, dict[str, int]],
    now: datetime,
) -> WorkspaceFreshness:
    fresh_at = cursor.fresh_at if cursor else None
    seconds = max(0, int((now - fresh_at).total_seconds())) if fresh_at else None
    return WorkspaceFreshness(
        workspace_id=workspace.pk,
        name=workspace.name,
        fresh_at=fresh_at,
        data_age_seconds=seconds,
        age=age_level(seconds),
        health=standing.health if standing else Health.UNKNOWN,
        cause=_cause(workspace, cursor, standing),
        watermark=cursor.watermark if cursor else None,
        history_since=cursor.backfilled_until if cursor else None,
        history_share=share_of_history(cursor, now=now),
        swept_at=cursor.swept_at if cursor else None,
        quarantined=counts[0],
        details_pending=counts[1].get("owed", 0),
        details_failed=counts[1].get("failed", 0),
    )


def _cause(workspace: Workspace, cursor: Cursor | None, standing: ConnectionHealth | None) -> str:
    if workspace.state != Workspace.State.ACTIVE:
        return f"The workspace is {workspace.get_state_display().lower()}."
    if standing and standing.error:
        return standing.error
    return cursor.latest_error if cursor else ""
