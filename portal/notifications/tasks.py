"""Wake-ups of the queue `notify`."""

import time
from typing import Any

from celery import shared_task

from portal import clock
from portal.notifications.services import send_one_mail

SLICE = 25.0  # seconds in which a mail may begin; a slow server has time to end before Celery does


@shared_task(acks_late=True)
def send_due_mail(**_later: Any) -> None:
    """Send what is due. Stops after a while so that the worker can be replaced; the next tick
    goes on.
    """
    ends = time.monotonic() + SLICE
    while time.monotonic() < ends and send_one_mail(now=clock.unshifted()):
        pass
