"""Housekeeping of sign-in."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.accounts.services.attempts import record_failures
from portal.accounts.sessions import SessionStore
from portal.jobs.periods import HOUR, begin_period


@shared_task(acks_late=True)
def delete_old_sessions(**_later: Any) -> None:
    """Remove sessions that have ended; nobody can use them any more. Once an hour."""
    if begin_period("accounts.sessions", every=HOUR, now=clock.unshifted()):
        SessionStore.clear_expired()


@shared_task(acks_late=True)
def record_failed_sign_ins(**_later: Any) -> None:
    """Put wrong passwords on record: an entry for an account, an address and an hour."""
    record_failures(now=clock.unshifted())
