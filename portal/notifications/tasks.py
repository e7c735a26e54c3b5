"""Wake-ups of the queue `notify`."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.jobs.services import run_while_due
from portal.notifications.services import send_one_mail


@shared_task(acks_late=True)
def send_due_mail(**_later: Any) -> None:
    """Send what is due. A slow mail server has time to answer before Celery's limit."""
    run_while_due(lambda: send_one_mail(now=clock.unshifted()))
