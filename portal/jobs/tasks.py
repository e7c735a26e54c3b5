"""Signs of life, one row a queue."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note


@shared_task(acks_late=True)
def say_alive(*, name: str, **_later: Any) -> None:
    """Note that beat, the broker and a worker of this queue work together."""
    keep_note(kind=HEARTBEAT, key=name, now=clock.unshifted())
