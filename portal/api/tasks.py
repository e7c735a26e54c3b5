"""Housekeeping of the API."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.api.commands import forget_old_answers
from portal.jobs.periods import HOUR, begin_period


@shared_task(acks_late=True)
def forget_answers(**_later: Any) -> None:
    """Remove answers to commands that nobody may repeat any more, once an hour."""
    now = clock.unshifted()
    if begin_period("api.answers", every=HOUR, now=now):
        forget_old_answers(now=now)
