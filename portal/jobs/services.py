"""Claim work, do it, settle it or put it back; move the demo's clock.

Every worker goes the same way: `run_while_due` repeats a step until nothing is due. A step claims
one row, does its work and settles it (`do_next`), or makes one round of a job that never ends
(`put_back_after`). Work in pieces asks `lock_claim` first, in the transaction of the piece.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from portal import clock
from portal.jobs.models import ClockOffset, Job, JobState, Leased

log = logging.getLogger(__name__)

# Seconds in which a step may begin. One that begins last may wait out a hung Azure and still end
# before Celery's soft limit, which would blame the row.
SLICE = 25.0
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 4  # reliability G10
WORKER_DIED = "The worker died each time it tried."
BACK_OFF = (timedelta(seconds=10), timedelta(seconds=60), timedelta(minutes=5))


class WorkerDied(Exception):
    """Work that has brought down its worker each time; it is not tried again."""


def due_jobs(now: datetime) -> Q:
    """Rows that a worker may take: waiting and due, or abandoned by a worker whose lease ended."""
    return Q(state=JobState.WAITING, due_at__lte=now) | Q(
        state=JobState.RUNNING, lease_until__lt=now
    )


def kinds_of_work() -> list[type[Leased]]:
    """Every model whose rows are work."""
    return [model for model in apps.get_models() if issubclass(model, Leased)]


def count_work_at_hand(*, now: datetime) -> int:
    """Rows that a worker holds, and owed acts that it would take if it looked. What never ends
    counts only while it is held: it is due again at once. `now` is `clock.unshifted()`.
    """
    leased = Q(state=JobState.RUNNING, lease_until__gte=now)
    return sum(
        model._default_manager.filter(
            leased if model.never_ends else due_jobs(now) | leased
        ).count()
        for model in kinds_of_work()
    )


@transaction.atomic
def claim_due[L: Leased](
    rows: QuerySet[L],
    *,
    now: datetime,
    order: tuple[str, ...] = ("due_at", "pk"),
    lease: timedelta = LEASE,
    max_attempts: int | None = MAX_ATTEMPTS,
) -> L | None:
    """Take one due row, or None. Any number of workers may ask at once: they never wait for each
    other and never get the same row. `now` is `clock.unshifted()`. A row tried `max_attempts`
    times becomes dead instead; None never gives up.
    """
    while True:
        found = rows.filter(due_jobs(now)).order_by(*order)
        row = found.select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return None
        if max_attempts is not None and row.attempts >= max_attempts:
            row.state, row.lease_until, row.settled_at = JobState.DEAD, None, now
            row.latest_error = row.latest_error or WORKER_DIED
            row.save(update_fields=["state", "lease_until", "settled_at", "latest_error"])
            continue
        row.state, row.lease_until = JobState.RUNNING, now + lease
        row.attempts, row.fence = row.attempts + 1, row.fence + 1
        row.save(update_fields=["state", "lease_until", "attempts", "fence"])
        return row


def settle(
    row: Leased,
    *,
    now: datetime,
    state: JobState = JobState.DONE,
    error: str = "",
    **fields: object,
) -> bool:
    """Finish a claimed row. False when the lease was lost to another worker meanwhile; then
    nothing is written and the caller must roll back what it did in this transaction.
    """
    return _write(row, state=state, settled_at=now, latest_error=error[:2000], **fields)


def put_back(
    row: Leased, *, due_at: datetime, error: str = "", free: bool = False, **fields: object
) -> bool:
    """Give a claimed row back until `due_at`. `free` does not count the attempt (the far end was
    away or slow, the work is not to blame). False when the lease was lost meanwhile.
    """
    attempts = max(row.attempts - 1, 0) if free else row.attempts
    changes = {"attempts": attempts, "latest_error": error[:2000], **fields}
    return _write(row, state=JobState.WAITING, due_at=due_at, **changes)


def back_off(attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt."""
    return BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1]


def _write(row: Leased, **fields: object) -> bool:
    return bool(claimed(row).update(lease_until=None, **fields))


def claimed[L: Leased](row: L) -> QuerySet[L]:
    """The row, as long as the claim holds: nobody has taken it over, settled or restarted it."""
    rows: QuerySet[L] = type(row)._default_manager.all()
    return rows.filter(pk=row.pk, fence=row.fence, state=JobState.RUNNING)


def lock_claim(row: Leased) -> bool:
    """Lock a claimed row until the transaction ends. False where the claim was lost meanwhile; then
    the caller must do nothing.
    """
    return claimed(row).select_for_update(of=("self",)).exists()


def save_payload(job: Job, *, payload: Mapping[str, Any]) -> None:
    """Note for pages or for the next round how far a claimed job has come, unless another worker
    has claimed it since.
    """
    Job.objects.filter(pk=job.pk, fence=job.fence).update(payload=payload)


def run_while_due(step: Callable[[], object], *, seconds: float = SLICE) -> None:
    """Call `step` until it returns something falsy (nothing is due), or no time is left to begin
    another. What is left goes on at the next tick, so that the worker can be replaced.
    """
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and step():
        pass


def retry_later(row: Leased, *, error: Exception, now: datetime) -> None:
    """Log why work on a row failed, and put the row back to wait its turn. Never gives up, unless
    the work brings down its worker each time.
    """
    log.error("%s %s failed", row._meta.label, row.pk, exc_info=error)
    if isinstance(error, WorkerDied):
        settle(row, now=now, state=JobState.DEAD, error=str(error))
        return
    put_back(row, due_at=now + back_off(row.attempts), error=str(error))


def do_next[L: Leased](
    rows: QuerySet[L],
    *,
    work: Callable[[L], object],
    now: datetime,
    on_error: Callable[[L, Exception], object] | None = None,
) -> bool:
    """Claim one due row and call `work` on it, which settles the row or puts it back; False when
    none is due. What `work` raises goes to `on_error` (else `retry_later`), so that other rows go
    on; that is also where work that fails too often is given up. Work of which four workers have
    died, without one error noted, goes there as `WorkerDied`.
    """
    row = claim_due(rows, now=now, max_attempts=None)
    if row is None:
        return False
    try:
        if row.attempts > MAX_ATTEMPTS and not row.latest_error:
            raise WorkerDied(WORKER_DIED)
        work(row)
    except Exception as error:
        if on_error is None:
            retry_later(row, error=error, now=now)
        else:
            on_error(row, error)
    return True


@dataclass(slots=True)
class JobRound:
    """How one round of a job that never ends turned out: when the next is due, what went wrong."""

    wait: timedelta
    error: str = ""


@contextmanager
def put_back_after(job: Job, *, wait: timedelta) -> Iterator[JobRound]:
    """Put a claimed job back after the block: due again after `wait`, which the block may change.
    An exception is noted on the row and raised again; it costs no attempt. Where the worker itself
    is ended, the row stays leased, and another takes it over when the lease ends.
    """
    turn = JobRound(wait)
    try:
        yield turn
    except Exception as error:
        turn.error = f"{type(error).__name__}: {error}"
        put_back(job, due_at=clock.unshifted() + turn.wait, error=turn.error, free=True)
        raise
    put_back(job, due_at=clock.unshifted() + turn.wait, error=turn.error, free=True)


def ensure_job(
    *,
    kind: str,
    key: str,
    now: datetime,
    due_at: datetime | None = None,
    payload: dict[str, object] | None = None,
) -> Job:
    """Make the job if it is not there; where it is settled, make it due again."""
    job, made = Job.objects.get_or_create(
        kind=kind,
        key=key,
        defaults={"made_at": now, "due_at": due_at or now, "payload": payload or {}},
    )
    if not made:
        Job.objects.filter(pk=job.pk, state__in=[JobState.DONE, JobState.DEAD]).update(
            state=JobState.WAITING, due_at=due_at or now, attempts=0, payload=payload or {}
        )
    return job


def bring_forward(*, kind: str, key: str, now: datetime) -> bool:
    """Make a waiting job due now. False where it is due already, runs, or is not there: asked a
    thousand times, one row is due.
    """
    rows = Job.objects.filter(kind=kind, key=key, state=JobState.WAITING, due_at__gt=now)
    return bool(rows.update(due_at=now))


def restart_job(
    *,
    kind: str,
    key: str,
    now: datetime,
    payload: Callable[[dict[str, Any]], dict[str, Any]],
    due_at: datetime | None = None,
) -> None:
    """Make a job due from its start, now or at `due_at`. `payload` gets what is still to be done
    ({} where nothing is) and returns what is to be done now. Who works on it holds an older fence
    and writes nothing.
    """
    job, is_new = Job.objects.select_for_update().get_or_create(
        kind=kind,
        key=key,
        defaults={"made_at": now, "due_at": due_at or now, "payload": payload({})},
    )
    if is_new:
        return
    pending = {} if job.state == JobState.DONE else job.payload
    Job.objects.filter(pk=job.pk).update(
        state=JobState.WAITING,
        due_at=due_at or now,
        attempts=0,
        fence=job.fence + 1,
        lease_until=None,
        settled_at=None,
        latest_error="",
        payload=payload(pending),
    )


def move_clock(*, by: timedelta) -> float:
    """Move business time ahead and return the whole offset in seconds. Only the demo's command
    calls it, after it has made sure that every endpoint is loopback.
    """
    ClockOffset.objects.get_or_create(id=1)
    ClockOffset.objects.filter(id=1).update(seconds=F("seconds") + by.total_seconds())
    return ClockOffset.objects.get(id=1).seconds


def age_waiting_work(*, by: timedelta) -> int:
    """After the demo's clock moved: what waits is due that much earlier, as if the time had really
    passed. Returns how many rows that were.
    """
    return sum(
        model._default_manager.filter(state=JobState.WAITING).update(due_at=F("due_at") - by)
        for model in kinds_of_work()
    )


def take_from_workers() -> dict[str, int]:
    """After a restore: give all open work back, under a new fence. What a worker of before still
    holds it cannot settle; and who looks at the fence takes none of it for never touched, because
    it may have been done after the backup. Returns how many rows, by kind.
    """
    there = set(connection.introspection.table_names())  # an older backup has fewer
    rows = {
        model._meta.label_lower: model._default_manager.filter(
            state__in=[JobState.WAITING, JobState.RUNNING]
        ).update(state=JobState.WAITING, lease_until=None, fence=F("fence") + 1)
        for model in kinds_of_work()
        if model._meta.db_table in there
    }
    return {kind: number for kind, number in rows.items() if number}


def keep_note(
    *, kind: str, key: str, now: datetime, payload: dict[str, object] | None = None
) -> None:
    """Note in one row for ever what a run without work of its own found, or that it ran."""
    Job.objects.update_or_create(
        kind=kind,
        key=key,
        defaults={"state": JobState.DONE, "settled_at": now, "payload": payload or {}},
        create_defaults={
            "state": JobState.DONE,
            "settled_at": now,
            "payload": payload or {},
            "made_at": now,
            "due_at": now,
        },
    )
