"""Read older alerts of workspaces from their logs, window by window, newest first: asked for by a
person, carried on by workers or by the command `backfill`, paused and resumed at any window.

Whoever starts it takes the job over, so that a command that was killed goes on at once.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from alerts.intake.models import LogBackfill
from alerts.intake.services.backfill_requests import COUNTED, LOGS
from alerts.intake.services.log_gaps import (
    MAX_GAPS,
    Gap,
    bounds_of,
    due_gap,
    with_gap,
    without_gap,
)
from alerts.intake.services.log_windows import (
    WindowCounts,
    WindowTooLarge,
    WindowTooSlow,
    note_closers,
    query_logs,
    read_log_window,
    store_lone_alerts,
)
from alerts.sentinel import kql
from alerts.sentinel.client.log_analytics import LogsClient
from alerts.sentinel.client.port import SentinelError, SentinelUnavailable
from alerts.sentinel.models import Workspace
from portal import clock
from portal.audit.services import record
from portal.formats.moments import read_moment
from portal.jobs.models import Job, JobState
from portal.jobs.services import (
    LEASE,
    claim_due,
    claimed,
    lock_claim,
    put_back_after,
    run_while_due,
    save_payload,
)

logger = logging.getLogger(__name__)

_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(days=30)
_ROOMY, _FULL = 2_000, 6_000  # rows of an answer: with fewer the next window grows, with more not
_SHORT = timedelta(minutes=1)  # where even such a window is slow, Log Analytics is, as a whole
_QUICK, _SLOW = 4.0, 10.0  # seconds for a window: the next one grows, shrinks
_TURN = 5.0  # seconds in which a worker begins windows; the longest may take 45
_FOLLOW_EVERY = timedelta(minutes=15)
_OVERLAP = timedelta(hours=1)  # rows come late, and are asked for once more
_WAITS = (30, 60, 120, 300, 900)  # seconds, after failures in a row

State = LogBackfill.State
type Connect = Callable[[Workspace], LogsClient]


class BackfillTakenOver(Exception):
    """Somebody else reads on meanwhile."""


def run_due_log_backfills(*, connect: Connect) -> None:
    """Read windows of whichever workspaces are due, and what came since where all is read."""
    run_while_due(lambda: _run_due_backfill(connect), seconds=_TURN)


def _run_due_backfill(connect: Connect) -> bool:
    now, jobs = clock.unshifted(), Job.objects.filter(kind=LOGS)
    # The past is never urgent: it holds one worker at a time, whichever workspaces are slow.
    if jobs.filter(state=JobState.RUNNING, lease_until__gte=now).exists():
        return False
    job = claim_due(jobs, now=now, max_attempts=None)
    if job is None:
        return False
    with put_back_after(job, wait=_FOLLOW_EVERY) as turn:
        backfill = (
            LogBackfill.objects.select_related("workspace").filter(workspace__uuid=job.key).first()
        )
        if backfill is None or backfill.workspace.state != Workspace.State.ACTIVE:
            return True
        try:
            client = connect(backfill.workspace)
            if backfill.state == State.RUNNING:
                is_left = read_next_window(job=job, client=client, now=clock.now())
                turn.wait = timedelta() if is_left else _FOLLOW_EVERY
            elif backfill.state == State.DONE:
                _read_newest(job, backfill, client, clock.now())
                if gap := due_gap(backfill.gaps, now=clock.now()):
                    _retry(job, backfill, gap, client=client, now=clock.now())
            _note_failures(job, 0)
        except SentinelError as problem:
            turn.error, turn.wait = problem.message, wait_after(problem, job=job)
            note_backfill_error(workspace_id=backfill.pk, message=problem.message)
            logger.warning("%s of %s: %s", LOGS, backfill.workspace, problem.message)
        except BackfillTakenOver:
            pass
    return True


def wait_after(problem: SentinelError, *, job: Job) -> timedelta:
    """How long to leave Log Analytics alone: as it asks, else longer with each failure."""
    failures = int(job.payload.get("failures", 0)) + 1
    _note_failures(job, failures)
    asked = getattr(problem, "retry_after", None)
    return timedelta(seconds=asked or _WAITS[min(failures, len(_WAITS)) - 1])


def _note_failures(job: Job, failures: int) -> None:
    if job.payload.get("failures", 0) != failures:
        job.payload = {**job.payload, "failures": failures}
        save_payload(job, payload=job.payload)


def note_backfill_error(*, workspace_id: int, message: str) -> None:
    """Show why it does not go on at the moment."""
    LogBackfill.objects.filter(pk=workspace_id).update(latest_error=message[:1000])


def read_next_window(*, job: Job, client: LogsClient, now: datetime) -> bool:
    """Read the next window of a backfill that runs. False where nothing is left to be read, or it
    was paused. Raises what the client raises, and TakenOver where another worker goes on.
    """
    backfill = LogBackfill.objects.select_related("workspace").get(workspace__uuid=job.key)
    if backfill.state != State.RUNNING:
        return False
    if backfill.since is None:
        backfill.since = min(_oldest(client) or backfill.until, backfill.until)
        backfill.reaches_oldest = True
    if gap := due_gap(backfill.gaps, now=now):
        _retry(job, backfill, gap, client=client, now=now)
        return True
    upper, length = backfill.read_since, timedelta(seconds=backfill.window_seconds)
    lower = max(upper - length, backfill.since)
    if lower >= upper:
        _advance(job, backfill, upper=upper, lower=upper, counts=WindowCounts(), now=now)
        return False
    try:
        counts = read_log_window(
            client=client,
            workspace_id=backfill.pk,
            scope=backfill.workspace.scope,
            since=lower,
            until=upper,
            now=now,
        )
    except WindowTooLarge as problem:
        if isinstance(problem, WindowTooSlow) and upper - lower <= _SHORT:
            raise SentinelUnavailable(str(problem), code="TooSlow") from problem
        if upper - lower > _SHORTEST:
            _shorten(job, backfill, length=upper - lower)
            return True
        return _leave_out(job, backfill, upper=upper, lower=lower, problem=problem, now=now)
    _advance(job, backfill, upper=upper, lower=lower, counts=counts, now=now)
    return lower > backfill.since


def _oldest(client: LogsClient) -> datetime | None:
    try:
        rows = query_logs(kql.oldest(), client=client)
    except WindowTooLarge as problem:  # a single row: the service itself is in trouble
        raise SentinelUnavailable(str(problem), code="PartialAnswer") from problem
    value = rows[0].get("Oldest") if rows else None
    try:
        return read_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _advance(
    job: Job,
    backfill: LogBackfill,
    *,
    upper: datetime,
    lower: datetime,
    counts: WindowCounts,
    now: datetime,
) -> None:
    """Note a window that is read whole, as long as the claim holds."""
    is_done = backfill.since is not None and lower <= backfill.since
    changes: dict[str, Any] = {
        "since": backfill.since,
        "reaches_oldest": backfill.reaches_oldest,
        "read_since": lower,
        "window_seconds": _next_length(upper - lower, backfill, counts).total_seconds(),
        "progress_at": now,
        "latest_error": "",
        "windows": F("windows") + 1,
    }
    changes |= _added(counts)
    with transaction.atomic():
        _keep_claim(job)
        rows = LogBackfill.objects.filter(pk=backfill.pk, read_since=upper)
        if not rows.update(**changes):
            raise BackfillTakenOver
        if is_done and LogBackfill.objects.filter(pk=backfill.pk, state=State.RUNNING).update(
            state=State.DONE, finished_at=now
        ):
            done = LogBackfill.objects.get(pk=backfill.pk)
            totals = {name: getattr(done, name) for name in ("incidents", "alerts", "lone_alerts")}
            record("intake.log_backfill.finished", on=done, by="intake", at=now, counts=totals)


def _added(counts: WindowCounts) -> dict[str, Any]:
    return {name: F(name) + getattr(counts, name) for name in COUNTED}


def _next_length(read: timedelta, backfill: LogBackfill, counts: WindowCounts) -> timedelta:
    length = timedelta(seconds=backfill.window_seconds)
    if counts.rows > _FULL or counts.seconds > _SLOW:
        return max(read / 2, _SHORTEST)
    is_roomy = counts.rows < _ROOMY and counts.seconds < _QUICK
    return min(length * 2, _LONGEST) if is_roomy else length


def _shorten(job: Job, backfill: LogBackfill, *, length: timedelta) -> None:
    """Have half of a window tried that did not come whole."""
    _change(
        job,
        backfill,
        since=backfill.since,
        reaches_oldest=backfill.reaches_oldest,
        window_seconds=length.total_seconds() / 2,
    )


def _leave_out(
    job: Job,
    backfill: LogBackfill,
    *,
    upper: datetime,
    lower: datetime,
    problem: WindowTooLarge,
    now: datetime,
) -> bool:
    """Go on below a second that does not come whole, as one record may be too large for an answer;
    give up, and return False, where that happens too often.
    """
    if len(backfill.gaps) >= MAX_GAPS:
        error = f"Log Analytics does not tell all of even one second: {problem}"[:1000]
        _change(job, backfill, state=State.FAILED, finished_at=now, latest_error=error)
        return False
    gaps = with_gap(backfill.gaps, since=lower, until=upper, now=now)
    _change(job, backfill, gaps=gaps)
    _advance(job, backfill, upper=upper, lower=lower, counts=WindowCounts(), now=now)
    return backfill.since is None or lower > backfill.since


def _retry(job: Job, backfill: LogBackfill, gap: Gap, *, client: LogsClient, now: datetime) -> None:
    """Ask once more for what did not come whole."""
    since, until = bounds_of(gap)
    try:
        counts = read_log_window(
            client=client,
            workspace_id=backfill.pk,
            scope=backfill.workspace.scope,
            since=since,
            until=until,
            now=now,
        )
    except WindowTooLarge:
        gaps = with_gap(backfill.gaps, since=since, until=until, now=now)
        _change(job, backfill, gaps=gaps)
        return
    _change(job, backfill, gaps=without_gap(backfill.gaps, gap=gap), **_added(counts))


def _change(job: Job, backfill: LogBackfill, **changes: Any) -> None:
    """Write this to the row, as long as the claim holds."""
    with transaction.atomic():
        _keep_claim(job)
        LogBackfill.objects.filter(pk=backfill.pk, state=backfill.state).update(**changes)


def _keep_claim(job: Job) -> None:
    if not lock_claim(job):
        raise BackfillTakenOver
    claimed(job).update(lease_until=clock.unshifted() + LEASE)


def _read_newest(job: Job, backfill: LogBackfill, client: LogsClient, now: datetime) -> None:
    """Store what no list has since: alerts without incident, and who closed incidents."""
    lower, upper = backfill.until - _OVERLAP, now
    ends = time.monotonic() + _TURN
    while lower < now and time.monotonic() < ends:  # what is left goes on in the next round
        try:
            rows = query_logs(kql.alerts_without_incident_between(lower, upper), client=client)
            note_closers(
                kql.closers_since(lower, upper, backfill.workspace.scope),
                client=client,
                workspace_id=backfill.pk,
            )
        except WindowTooLarge as problem:
            if upper - lower <= _SHORTEST:
                note_backfill_error(workspace_id=backfill.pk, message=str(problem))
                return
            upper = lower + (upper - lower) / 2
            continue
        store_lone_alerts(workspace_id=backfill.pk, rows=rows, counts=WindowCounts(), now=now)
        with transaction.atomic():
            _keep_claim(job)
            LogBackfill.objects.filter(pk=backfill.pk).update(
                until=upper, progress_at=now, latest_error=""
            )
        lower, upper = upper, now
