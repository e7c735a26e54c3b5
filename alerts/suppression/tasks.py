"""Wake-ups of this room. What is due is stored in PostgreSQL; any number may run at once."""

from typing import Any

from celery import shared_task

from alerts.suppression.deploying.leases import renew_due_leases
from alerts.suppression.deploying.left_out_alerts import count_left_out_alerts
from alerts.suppression.enforcing.decide import decide_new_incidents as decide
from alerts.suppression.watching.brakes import stop_at_brakes
from alerts.suppression.watching.closed_incidents import watch_closed_incidents as watch_closed
from alerts.suppression.watching.ledger_comparison import compare_ledger_if_due
from alerts.suppression.watching.watch import watch_rules as watch
from portal import clock


@shared_task(acks_late=True)
def compare_ledger(**_later: Any) -> None:
    """Once a day: is our ledger what is in Sentinel?"""
    compare_ledger_if_due(now=clock.now())


@shared_task(acks_late=True)
def count_left_out(**_later: Any) -> None:
    """Write down what analytics rules left out before it was an incident."""
    count_left_out_alerts(now=clock.now())


@shared_task(acks_late=True)
def decide_new_incidents(**_later: Any) -> None:
    """Close what live rules cover, tag what trials would close, stop what has reached a cap."""
    decide(now=clock.now())
    stop_at_brakes(now=clock.now())


@shared_task(acks_late=True)
def watch_closed_incidents(**_later: Any) -> None:
    """Take in what Sentinel closed by itself; stop rules whose closes did not stand."""
    watch_closed(now=clock.now())


@shared_task(acks_late=True)
def watch_rules(**_later: Any) -> None:
    """End what has ended, stop what is no longer allowed, let ripe trials live, warn of ends."""
    watch(now=clock.now())


@shared_task(acks_late=True)
def renew_leases(**_later: Any) -> None:
    """Let leases in Sentinel grow where all is well, and bring what is there in line."""
    renew_due_leases(now=clock.now())
