"""Housekeeping of the API."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.api.commands import delete_answers_of_commands
from portal.jobs.periods import HOUR, begin_period


@shared_task(acks_late=True)
def delete_old_answers(**_later: Any) -> None:
    """Remove answers to commands that nobody may repeat any more, once an hour."""
    now = clock.unshifted()
    if begin_period("api.answers", every=HOUR, now=now):
        delete_answers_of_commands(now=now)
