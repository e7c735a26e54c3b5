"""Wake-ups of the queue `captures`. What waits stands in PostgreSQL."""

import time
from typing import Any

from celery import shared_task

from alerts.captures.registry import MAX_READING_SECONDS
from alerts.captures.services import read_a_capture, remove_old_captures
from portal import clock

SLICE = 10  # seconds in which a reading may begin


@shared_task(
    acks_late=True,
    soft_time_limit=SLICE + MAX_READING_SECONDS + 15,
    time_limit=SLICE + MAX_READING_SECONDS + 30,
)
def read_waiting_captures(**_later: Any) -> None:
    """Read captures in quarantine. Any number may run at once."""
    ends = time.monotonic() + SLICE
    while time.monotonic() < ends and read_a_capture(unshifted=clock.unshifted(), now=clock.now()):
        pass


@shared_task(acks_late=True)
def remove_expired_captures(**_later: Any) -> None:
    """Remove captures whose days are over."""
    remove_old_captures(now=clock.now())
