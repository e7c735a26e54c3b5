"""Wake-ups of this room. What is due is stored in PostgreSQL; any number may run at once."""

from typing import Any

from celery import shared_task
from django.conf import settings

from alerts.incidents.ingest.survivors import find_survivors
from alerts.reviews.services.merged_questions import move_merged_question
from alerts.reviews.services.merged_verdicts import move_merged_verdict
from alerts.reviews.services.second_opinions import run_second_opinions as run
from portal import clock
from portal.jobs.services import run_while_due


@shared_task(acks_late=True)
def run_second_opinions(**_later: Any) -> None:
    """Ask for second opinions, remind, and ask both leads where nobody decided."""
    run(seed=settings.SECRET_KEY.encode(), now=clock.now())


@shared_task(acks_late=True)
def move_merged_verdicts(**_later: Any) -> None:
    """Have verdicts and open questions follow incidents that were merged into others."""
    find_survivors(now=clock.now())
    run_while_due(lambda: move_merged_verdict(now=clock.now()))
    run_while_due(lambda: move_merged_question(now=clock.now()))
