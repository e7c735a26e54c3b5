"""Signs of life, one row a queue."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.jobs.auditor import audit
from portal.jobs.heartbeat import send_heartbeat
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note


@shared_task(acks_late=True)
def say_alive(*, name: str, **_later: Any) -> None:
    """Note that beat, the broker and a worker of this queue work together."""
    keep_note(kind=HEARTBEAT, key=name, now=clock.unshifted())


@shared_task(acks_late=True)
def audit_installation(**_later: Any) -> None:
    """Look whether everything is at work."""
    audit(now=clock.now(), unshifted=clock.unshifted())


@shared_task(acks_late=True)
def tell_that_all_is_at_work(**_later: Any) -> None:
    """Send the heartbeat, if the auditor found no fault."""
    send_heartbeat(now=clock.unshifted())
