"""Wake-ups of the queue `bulk`. What is due stands in PostgreSQL."""

import time
from typing import Any

from celery import shared_task

from alerts.incidents.services.bulk_pieces import work_off_a_piece
from portal import clock

SLICE = 25.0  # seconds in which a piece may begin; the rest goes on at the next tick


@shared_task(acks_late=True)
def work_off_bulk_acts(**_later: Any) -> None:
    """Do what people asked to be done to many incidents. Any number may run at once."""
    ends = time.monotonic() + SLICE
    while time.monotonic() < ends and work_off_a_piece(
        unshifted=clock.unshifted(), now=clock.now()
    ):
        pass
