"""Wake-ups of the queue `bulk`. What is due is stored in PostgreSQL."""

from typing import Any

from celery import shared_task

from alerts.patterns.services.mine_patterns import run_due_mining
from portal import clock


@shared_task(acks_late=True)
def mine_due_patterns(**_later: Any) -> None:
    """Look at history if it is due."""
    run_due_mining(unshifted=clock.unshifted(), now=clock.now())
