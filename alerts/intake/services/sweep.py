"""Once a day everything is listed and compared: what was missed is stored, what is gone is found.

One miss proves nothing, as answers lag. Gone is what is missing again after 15 minutes and then
asked for by name without being there.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from alerts.incidents.ingest.store import mark_gone
from alerts.incidents.queries import listed_between
from alerts.intake.models import Cursor, Missing, Run
from alerts.intake.services.counterparts import own_list
from alerts.intake.services.outside import begin_counting, keep_counted
from alerts.intake.services.oversized import retry_oversized
from alerts.intake.services.pace import Budget
from alerts.intake.services.pages import (
    RunCounts,
    StorePage,
    read_page_answer,
    store_page,
    store_single_incident,
)
from alerts.intake.services.runs import cursor_of, delete_old_runs, finish_run
from alerts.intake.services.windows import Position, ReadWindow, oldest_creation, read_windows
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.models import Workspace
from alerts.sentinel.wire.incidents import read_incident

BETWEEN_MISSES = timedelta(minutes=15)
BROKE_OFF: Final = gettext_noop("A fault in Tagout broke it off. The worker's log has it.")
_MAX_ASKED_AGAIN = 100


def sweep_workspace(
    *, workspace: Workspace, client: SentinelClient, now: datetime, budget: Budget | None = None
) -> RunCounts:
    """Go on with a full sweep until it is done or the slice is over."""
    counts, error = RunCounts(), ""
    try:
        _sweep(workspace, client, now, budget or Budget(), counts)
        counts.deleted += reread_gone(workspace=workspace, client=client, now=now)
    except SentinelError as problem:
        error = problem.message
        raise
    except Exception:
        error = BROKE_OFF
        raise
    finally:
        finish_run(
            workspace_id=workspace.pk,
            kind=Run.Kind.SWEEP,
            counts=counts,
            started_at=now,
            now=now,
            error=error,
        )
    return counts


def is_sweep_under_way(cursor: Cursor) -> bool:
    """Whether a sweep has begun and not ended."""
    return bool(cursor.resume.get("sweep"))


def sweep_began_at(cursor: Cursor) -> datetime | None:
    """When the sweep that is under way began; None where none is."""
    return _moment_of((cursor.resume.get("sweep") or {}).get("began_at"))


def latest_sweep_began_at(cursor: Cursor) -> datetime | None:
    """When the latest sweep that came to its end began; None where that was not kept."""
    return _moment_of(cursor.resume.get("swept_since"))


def _moment_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def schedule_comparison(*, workspace_id: int) -> None:
    """Have everything listed and compared at once: what is in scope has changed."""
    resume = cursor_of(workspace_id=workspace_id).resume | {"sweep": None}
    Cursor.objects.filter(pk=workspace_id).update(swept_at=None, resume=resume)


def count_gone(*, workspace_id: int, gone: int) -> None:
    """Count what turned out to be gone after a sweep had missed it to that sweep's latest run."""
    sweeps = Run.objects.filter(workspace_id=workspace_id, kind=Run.Kind.SWEEP)
    newest = sweeps.order_by("-started_at", "-pk").values("pk")[:1]
    Run.objects.filter(pk__in=newest).update(deleted=F("deleted") + gone)


def reread_gone(*, workspace: Workspace, client: SentinelClient, now: datetime) -> int:
    """Ask for what is missing, and for what was too large an hour ago; return how many are gone."""
    own, store_own = own_list(client)
    lists: list[tuple[SentinelClient, StorePage]] = [(own, store_own)]
    if own is not client:
        lists.append((client, store_page))
    for lister, store_listed in lists:

        def store(body: bytes, store_listed: StorePage = store_listed) -> None:
            page = read_page_answer(body)
            store_listed(workspace_id=workspace.pk, page=page, now=now, scope=workspace.scope)

        retry_oversized(workspace_id=workspace.pk, client=lister, store=store, now=now)
    return reread_missing(workspace=workspace, client=client, now=now)


def reread_missing(*, workspace: Workspace, client: SentinelClient, now: datetime) -> int:
    """Ask by name for what is missing long enough; returns how many are gone for good."""
    due = Missing.objects.filter(
        workspace=workspace, first_missed_at__lte=now - BETWEEN_MISSES
    ).order_by("first_missed_at", "pk")
    gone = 0
    for missing in due.select_related("incident")[:_MAX_ASKED_AGAIN]:
        try:
            item = read_incident(client.get_incident(missing.incident.name))
        except SentinelNotFound as problem:
            if problem.is_of_the_workspace:
                raise
            with transaction.atomic():
                gone += mark_gone(incident_ids=[missing.incident_id], now=now)
                missing.delete()
            continue
        except (SentinelRefused, ValueError):  # no answer about this one; the others get theirs
            Missing.objects.filter(pk=missing.pk).update(first_missed_at=now)
            continue
        with transaction.atomic():
            store_single_incident(
                workspace_id=workspace.pk, item=item, now=now, scope=workspace.scope
            )
            missing.delete()
    return gone


def note_missing(*, workspace_id: int, incident_ids: Iterable[int], now: datetime) -> None:
    """Remember that these were not there; an earlier miss keeps its time."""
    Missing.objects.bulk_create(
        [
            Missing(incident_id=pk, workspace_id=workspace_id, first_missed_at=now)
            for pk in incident_ids
        ],
        ignore_conflicts=True,
    )


def _sweep(
    workspace: Workspace, client: SentinelClient, now: datetime, budget: Budget, counts: RunCounts
) -> None:
    cursor = cursor_of(workspace_id=workspace.pk)
    cursors = Cursor.objects.filter(pk=workspace.pk)
    own, store = own_list(client)
    began_at = now.isoformat()
    if resume_at := cursor.resume.get("sweep"):
        position, began_at = Position.from_json(resume_at), resume_at.get("began_at")
    else:
        position = Position(oldest_creation(client=own, now=now) or now)
        begin_counting(workspace_id=workspace.pk)

    def save(where: Position) -> None:
        if where.is_done:
            resume = cursor.resume | {"sweep": None, "swept_since": began_at}
        else:
            resume = cursor.resume | {"sweep": where.as_json() | {"began_at": began_at}}
        cursors.update(resume=resume, **({"swept_at": now} if where.is_done else {}))
        if where.is_done:
            keep_counted(workspace_id=workspace.pk, tally=where.outside)

    def finished(window: ReadWindow) -> None:
        if window.names is not None:
            _compare(workspace.pk, window, now)

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
    if position.is_done:
        delete_old_runs(now=now)


def _compare(workspace_id: int, window: ReadWindow, now: datetime) -> None:
    """What we have of this window and was not listed is missing; what was listed is not."""
    names = window.names or set()
    stored = listed_between(
        workspace_id, since=window.since, before=window.before, stored_before=now
    )
    missing = [pk for pk, name in stored if name not in names]
    listed = [pk for pk, name in stored if name in names]
    Missing.objects.filter(incident__in=listed).delete()
    note_missing(workspace_id=workspace_id, incident_ids=missing, now=now)
