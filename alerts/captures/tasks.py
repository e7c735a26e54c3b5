"""Wake-ups of the queue `captures`. What waits is stored in PostgreSQL."""

from typing import Any

from celery import shared_task

from alerts.captures.registry import MAX_READING_SECONDS
from alerts.captures.services import read_next_capture, remove_old_captures
from portal import clock
from portal.jobs.periods import HOUR, begin_period
from portal.jobs.services import run_while_due

SLICE = 10  # seconds in which a reading may begin


@shared_task(
    acks_late=True,
    soft_time_limit=SLICE + MAX_READING_SECONDS + 15,
    time_limit=SLICE + MAX_READING_SECONDS + 30,
)
def read_waiting_captures(**_later: Any) -> None:
    """Read captures in quarantine. Any number may run at once."""
    run_while_due(
        lambda: read_next_capture(unshifted=clock.unshifted(), now=clock.now()), seconds=SLICE
    )


@shared_task(acks_late=True)
def remove_expired_captures(**_later: Any) -> None:
    """Remove captures whose days are over, once an hour."""
    if begin_period("captures.expired", every=HOUR, now=clock.unshifted()):
        remove_old_captures(now=clock.now())
