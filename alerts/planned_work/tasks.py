"""Wake-ups of the queue `bulk`. What is due is stored in PostgreSQL."""

from typing import Any

from celery import shared_task

from alerts.planned_work.services.occurrences import work_out_ahead
from alerts.planned_work.services.work import ask_about_overruns
from portal import clock


@shared_task(acks_late=True)
def maintain_planned_work(**_later: Any) -> None:
    """Ask about work that has run over, and work out recurring work further ahead."""
    now = clock.now()
    ask_about_overruns(now=now)
    work_out_ahead(now=now)
