"""Housekeeping of sign-in."""

from typing import Any

from celery import shared_task
from django.contrib.sessions.models import Session

from portal import clock


@shared_task(acks_late=True)
def forget_old_sessions(**_later: Any) -> None:
    """Remove sessions that have ended; nobody can use them any more."""
    Session.objects.filter(expire_date__lt=clock.unshifted()).delete()
