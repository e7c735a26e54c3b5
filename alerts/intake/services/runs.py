"""Runs and cursors: what a pass over a workspace did, and how far the workspace was read."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.intake.models import Cursor, Run
from alerts.intake.services.pages import RunCounts
from alerts.sentinel.services.reach import note_fresh
from portal.audit.services import record

_RUN_RETENTION = timedelta(days=30)


def cursor_of(*, workspace_id: int) -> Cursor:
    """The cursor of a workspace, made at first use."""
    return Cursor.objects.get_or_create(workspace_id=workspace_id)[0]


def advance_watermark(
    *, workspace_id: int, latest_modified: datetime | None, now: datetime
) -> None:
    """Move the watermark to the largest server time that was stored: never back, nor beyond now."""
    if latest_modified is None:
        return
    latest_modified = min(latest_modified, now)
    behind = Q(watermark=None) | Q(watermark__lt=latest_modified)
    Cursor.objects.filter(behind, workspace_id=workspace_id).update(watermark=latest_modified)


def finish_run(
    *,
    workspace_id: int,
    kind: Run.Kind,
    counts: RunCounts,
    started_at: datetime,
    now: datetime,
    error: str = "",
    reached_the_end: bool = False,
) -> Run:
    """Write down what a pass has done. Quiet passes in a row share one line, nothing is lost."""
    with transaction.atomic():
        if kind == Run.Kind.POLL and reached_the_end:
            note_fresh(workspace_id=workspace_id, now=started_at)
        state: dict[str, Any] = {"latest_error": error[:1000]}
        if reached_the_end:
            state["fresh_at"] = now
        Cursor.objects.filter(workspace_id=workspace_id).update(**state)
        quiet = counts.is_quiet and not error
        before = Run.objects.filter(workspace_id=workspace_id).order_by("-started_at", "-pk")
        latest = before.first() if quiet else None
        columns = {"finished_at": now, "error": error[:1000], **counts.as_columns()}
        if latest and _is_quiet(latest, counts) and latest.kind == kind:
            Run.objects.filter(pk=latest.pk).update(**columns)
            return latest
        run = Run.objects.create(
            workspace_id=workspace_id, kind=kind, started_at=started_at, **columns
        )
        if not counts.is_quiet:
            record("intake.run.finished", on=run, by="intake", at=now, counts=counts.as_columns())
        return run


def delete_old_runs(*, now: datetime) -> int:
    """Remove the runs that are no longer kept; what they did is in the audit record."""
    return Run.objects.filter(started_at__lt=now - _RUN_RETENTION).delete()[0]


def _is_quiet(run: Run, counts: RunCounts) -> bool:
    """Whether this quiet run and a quiet pass after it are summed up alike."""
    news = run.new or run.changed or run.deleted or run.error
    return not news and run.quarantined == counts.quarantined
