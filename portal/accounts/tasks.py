"""Housekeeping of sign-in."""

from typing import Any

from celery import shared_task

from portal.accounts.sessions import SessionStore


@shared_task(acks_late=True)
def forget_old_sessions(**_later: Any) -> None:
    """Remove sessions that have ended; nobody can use them any more."""
    SessionStore.clear_expired()
