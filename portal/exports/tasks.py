"""Wake-ups of the queue `bulk` for exports."""

from typing import Any

from celery import shared_task

from portal.exports.services import make_due_exports


@shared_task(acks_late=True)
def make_exports(**_later: Any) -> None:
    """Make the files that somebody asked for."""
    make_due_exports()
