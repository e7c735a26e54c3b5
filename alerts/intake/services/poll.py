"""Read what changed since the watermark: ascending, with overlap, each page with its progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.intake.models import Run
from alerts.intake.services.outside import note_new_outside
from alerts.intake.services.pace import Budget
from alerts.intake.services.pages import IncidentQuery, RunCounts, follow_pages
from alerts.intake.services.runs import advance_watermark, cursor_of, finish_run
from alerts.sentinel.client.port import ListBy, SentinelClient, SentinelError
from alerts.sentinel.models import Workspace
from alerts.sentinel.wire.values import OtScope, Outside

OVERLAP = timedelta(minutes=15)
FIRST_PERIOD = timedelta(hours=1)  # before history: enough that clocks may differ


@dataclass(slots=True)
class ReadingPosition:
    """Where a reading goes on that a slice did not finish. Without it the next slice would begin
    before the overlap again, and never get beyond what fills a slice.
    """

    at: datetime | None = None

    @classmethod
    def from_json(cls, payload: dict[str, object]) -> "ReadingPosition":
        """From the job's row."""
        at = payload.get("goes_on_at")
        return cls(datetime.fromisoformat(at) if isinstance(at, str) else None)

    def as_json(self) -> dict[str, object]:
        """For the job's row."""
        return {"goes_on_at": self.at.isoformat()} if self.at else {}


def pull_changes(
    *,
    workspace: Workspace,
    client: SentinelClient,
    now: datetime,
    since: datetime | None = None,
    budget: Budget | None = None,
    place: ReadingPosition | None = None,
) -> RunCounts:
    """Store what changed since the watermark (or since then) and move the watermark along. `place`
    states where the slice before stopped, and afterwards where this one did.
    """
    counts, cursor, error, complete = RunCounts(), cursor_of(workspace_id=workspace.pk), "", False
    place = place or ReadingPosition()
    overlapping = cursor.watermark - OVERLAP if cursor.watermark else now - FIRST_PERIOD
    start = since or place.at or overlapping
    try:
        place.at = _pull(
            workspace=workspace,
            client=client,
            now=now,
            start=start,
            watermark=cursor.watermark,
            scope=workspace.scope,
            budget=budget or Budget(),
            counts=counts,
        )
        complete = place.at is None
    except SentinelError as problem:
        error = problem.message
        raise
    finally:
        finish_run(
            workspace_id=workspace.pk,
            kind=Run.Kind.POLL,
            counts=counts,
            started_at=now,
            now=now,
            error=error,
            reached_the_end=complete,
        )
    return counts


def _pull(
    *,
    workspace: Workspace,
    client: SentinelClient,
    now: datetime,
    start: datetime,
    watermark: datetime | None,
    scope: OtScope,
    budget: Budget,
    counts: RunCounts,
) -> datetime | None:
    """Read on from `start`; returns where to go on, or None where the end was reached."""
    new_since = watermark

    def progress(latest: datetime | None, _link: str | None, outside: Sequence[Outside]) -> None:
        nonlocal watermark
        note_new_outside(workspace_id=workspace.pk, outside=outside, since=new_since)
        if latest and (watermark is None or latest > watermark):  # else there is nothing to move
            advance_watermark(workspace_id=workspace.pk, latest_modified=latest, now=now)
            watermark = latest

    while True:
        pagination = follow_pages(
            client=client,
            workspace_id=workspace.pk,
            question=IncidentQuery(ListBy.MODIFIED, since=start),
            counts=counts,
            budget=budget,
            now=now,
            progress=progress,
            scope=scope,
        )
        # A full page without a next link may have been cut: ask on from where it ends.
        if (
            not pagination.is_full
            or pagination.latest_modified is None
            or pagination.latest_modified <= start
        ):
            return (
                None if pagination.is_complete else max(start, pagination.latest_modified or start)
            )
        start = pagination.latest_modified
        if budget.is_used_up:
            return start
