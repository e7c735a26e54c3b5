"""Wake-ups of this room. What is due stands in PostgreSQL; any number may run at once."""

from typing import Any

from celery import shared_task
from django.conf import settings

from alerts.reviews.services import run_second_opinions as run
from portal import clock


@shared_task(acks_late=True)
def run_second_opinions(**_later: Any) -> None:
    """Ask for second opinions, remind, and ask both leads where nobody decided."""
    run(seed=settings.SECRET_KEY.encode(), now=clock.now())
