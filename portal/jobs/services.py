"""Claim work, settle it, put it back; move the demo's clock."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet

from portal.jobs.models import ClockOffset, Job, Leased, State
from portal.jobs.queries import due, kinds_of_work

LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 4  # reliability G10
BACK_OFF = (timedelta(seconds=10), timedelta(seconds=60), timedelta(minutes=5))


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
        found = rows.filter(due(now)).order_by(*order)
        row = found.select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return None
        if max_attempts is not None and row.attempts >= max_attempts:
            row.state, row.lease_until, row.settled_at = State.DEAD, None, now
            row.latest_error = row.latest_error or "The worker died each time it tried."
            row.save(update_fields=["state", "lease_until", "settled_at", "latest_error"])
            continue
        row.state, row.lease_until = State.RUNNING, now + lease
        row.attempts, row.fence = row.attempts + 1, row.fence + 1
        row.save(update_fields=["state", "lease_until", "attempts", "fence"])
        return row


def settle(
    row: Leased, *, now: datetime, state: State = State.DONE, error: str = "", **fields: object
) -> bool:
    """Finish a claimed row. False when the lease was lost to another worker meanwhile; then
    nothing is written and the caller must roll back what it did in this transaction.
    """
    return _write(row, state=state, settled_at=now, latest_error=error[:2000], **fields)


def put_back(row: Leased, *, due_at: datetime, error: str = "", free: bool = False) -> bool:
    """Give a claimed row back until `due_at`. `free` does not count the attempt (the far end was
    away or slow, the work is not to blame).
    """
    attempts = max(row.attempts - 1, 0) if free else row.attempts
    return _write(
        row, state=State.WAITING, due_at=due_at, attempts=attempts, latest_error=error[:2000]
    )


def back_off(attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt."""
    return BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1]


def _write(row: Leased, **fields: object) -> bool:
    mine = type(row)._default_manager.filter(pk=row.pk, fence=row.fence, state=State.RUNNING)
    return bool(mine.update(lease_until=None, **fields))


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
        Job.objects.filter(pk=job.pk, state__in=[State.DONE, State.DEAD]).update(
            state=State.WAITING, due_at=due_at or now, attempts=0, payload=payload or {}
        )
    return job


def move_clock(*, by: timedelta) -> float:
    """Move business time ahead and return the whole offset in seconds. Only the demo's command
    calls it, after it has made sure that every endpoint is loopback.
    """
    ClockOffset.objects.get_or_create(id=1)
    ClockOffset.objects.filter(id=1).update(seconds=F("seconds") + by.total_seconds())
    return ClockOffset.objects.get(id=1).seconds


def let_work_age(*, by: timedelta) -> int:
    """After the demo's clock moved: what waits is due that much earlier, as if the time had really
    passed. Returns how many rows that were.
    """
    return sum(
        model._default_manager.filter(state=State.WAITING).update(due_at=F("due_at") - by)
        for model in kinds_of_work()
    )


def take_from_workers() -> dict[str, int]:
    """After a restore: give all open work back, under a new fence. What a worker of before still
    holds it cannot settle; and who looks at the fence takes none of it for never touched, because
    it may have been done after the backup. Returns how many rows, by kind.
    """
    there = set(connection.introspection.table_names())  # an older backup has fewer
    taken = {
        model._meta.label_lower: model._default_manager.filter(
            state__in=[State.WAITING, State.RUNNING]
        ).update(state=State.WAITING, lease_until=None, fence=F("fence") + 1)
        for model in kinds_of_work()
        if model._meta.db_table in there
    }
    return {kind: number for kind, number in taken.items() if number}


def keep_note(
    *, kind: str, key: str, now: datetime, payload: dict[str, object] | None = None
) -> None:
    """Note in one row for ever what a run without work of its own found, or that it ran."""
    Job.objects.update_or_create(
        kind=kind,
        key=key,
        defaults={"state": State.DONE, "settled_at": now, "payload": payload or {}},
        create_defaults={
            "state": State.DONE,
            "settled_at": now,
            "payload": payload or {},
            "made_at": now,
            "due_at": now,
        },
    )
