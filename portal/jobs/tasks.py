"""Signs of life, a row for each queue and for each instance of a worker."""

from pathlib import Path
from typing import Any

from celery import shared_task
from django.conf import settings

from portal import clock
from portal.jobs.auditor import audit
from portal.jobs.heartbeat import send_heartbeat
from portal.jobs.instances import note_instance
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.runtime.worker_identity import identity


@shared_task(acks_late=True)
def note_heartbeat(*, name: str, **_later: Any) -> None:
    """Note that beat, the broker and a worker of this queue work together."""
    keep_note(kind=HEARTBEAT, key=name, now=clock.unshifted())


@shared_task(acks_late=True)
def show_instance_at_work(**_later: Any) -> None:
    """Note that the instance whose child this is takes messages and does work."""
    if (instance := identity()) is not None:
        if settings.WORKER_ALIVE_PATH:
            Path(settings.WORKER_ALIVE_PATH).touch()
        note_instance(instance, now=clock.unshifted())


@shared_task(acks_late=True)
def audit_installation(**_later: Any) -> None:
    """Look whether everything is at work."""
    audit(now=clock.now(), unshifted=clock.unshifted())


@shared_task(acks_late=True)
def send_heartbeat_if_well(**_later: Any) -> None:
    """Send the heartbeat, if the auditor found no fault."""
    send_heartbeat(now=clock.unshifted())
