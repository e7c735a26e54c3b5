"""Wake-ups of the queue `notify`."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.notifications.services import send_one_mail


@shared_task(queue="notify", acks_late=True)
def send_due_mail(**_later: Any) -> None:
    """Send what is due. Stops after a while so that the worker can be replaced; the next tick
    goes on.
    """
    for _ in range(200):
        if not send_one_mail(now=clock.unshifted()):
            return
