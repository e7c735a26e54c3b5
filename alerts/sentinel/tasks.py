"""Wake-ups of the queue `bulk`."""

from typing import Any

from celery import shared_task

from alerts.sentinel.services.credential_alarms import warn_about_credentials
from portal import clock


@shared_task(acks_late=True)
def watch_credentials(**_later: Any) -> None:
    """Notify administrators of certificates that end soon, and of sign-ins that Azure refuses."""
    warn_about_credentials(now=clock.now(), unshifted=clock.unshifted())
