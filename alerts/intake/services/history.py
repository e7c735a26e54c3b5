"""Read the history of a workspace once, newest first, beside the polls."""

from datetime import datetime

from alerts.intake.models import Cursor, Run
from alerts.intake.services.counterparts import own_list
from alerts.intake.services.outside import begin_counting, keep_counted
from alerts.intake.services.pace import Budget
from alerts.intake.services.pages import RunCounts
from alerts.intake.services.runs import advance_watermark, cursor_of, finish_run
from alerts.intake.services.windows import Position, ReadWindow, oldest_creation, read_windows
from alerts.sentinel.client.port import SentinelClient, SentinelError
from alerts.sentinel.models import Workspace


def is_history_read(cursor: Cursor) -> bool:
    """Whether all of it is there."""
    return cursor.backfilled_until is not None and cursor.backfill_ends_at is None


def read_history(
    *, workspace: Workspace, client: SentinelClient, now: datetime, budget: Budget | None = None
) -> RunCounts:
    """Go on reading history until it is there or the slice is over."""
    counts, error = RunCounts(), ""
    try:
        _read(workspace, client, now, budget or Budget(), counts)
    except SentinelError as problem:
        error = problem.message
        raise
    finally:
        finish_run(
            workspace_id=workspace.pk,
            kind=Run.Kind.BACKFILL,
            counts=counts,
            started_at=now,
            now=now,
            error=error,
            reached_the_end=is_history_read(cursor_of(workspace_id=workspace.pk)),
        )
    return counts


def _read(
    workspace: Workspace, client: SentinelClient, now: datetime, budget: Budget, counts: RunCounts
) -> None:
    cursor = cursor_of(workspace_id=workspace.pk)
    cursors = Cursor.objects.filter(pk=workspace.pk)
    if is_history_read(cursor):
        return
    own, store = own_list(client)
    if resume_at := cursor.resume.get("history"):
        position = Position.from_json(resume_at)
    else:
        oldest = oldest_creation(client=own, now=now)
        if oldest is None:
            cursors.update(backfilled_until=now, backfill_ends_at=None)
            return
        position = Position(oldest)
        begin_counting(workspace_id=workspace.pk)
    latest: list[datetime] = []

    def save(where: Position) -> None:
        resume = cursor.resume | {"history": None if where.is_done else where.as_json()}
        cursors.update(
            resume=resume,
            backfilled_until=where.before or now,
            backfill_ends_at=None if where.is_done else where.ends_at,
        )
        if where.is_done:
            keep_counted(workspace_id=workspace.pk, tally=where.outside)

    def finished(window: ReadWindow) -> None:
        latest.extend([window.latest_modified] if window.latest_modified else [])

    read_windows(
        client=own,
        store=store,
        workspace_id=workspace.pk,
        position=position,
        counts=counts,
        budget=budget,
        now=now,
        save=save,
        finished=finished,
        scope=workspace.scope,
    )
    if position.is_done and cursor.watermark is None and latest:
        advance_watermark(workspace_id=workspace.pk, latest_modified=max(latest), now=now)
