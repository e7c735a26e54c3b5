"""Wake-ups of the queue `bulk` for reports."""

from typing import Any

from celery import shared_task

from alerts.dashboards.services.history_reports import make_due_reports


@shared_task(acks_late=True)
def make_history_reports(**_later: Any) -> None:
    """Make the analyses of history that somebody asked for."""
    make_due_reports()
