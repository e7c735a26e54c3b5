"""Wake-ups of the queue `bulk`. What is due is stored in PostgreSQL; any number may run at once."""

from typing import Any

from celery import shared_task

from alerts.incidents.acts.bulk import process_piece
from alerts.incidents.ingest.alert_kinds import process_alert_kinds
from alerts.incidents.ingest.plant_hours import process_plant_hours
from alerts.incidents.ingest.recount import process_recount
from portal import clock
from portal.jobs.services import run_while_due


@shared_task(acks_late=True)
def process_bulk_acts(**_later: Any) -> None:
    """Do what people asked to be done to many incidents."""
    run_while_due(lambda: process_piece(unshifted=clock.unshifted(), now=clock.now()))


@shared_task(acks_late=True)
def follow_site_clocks(**_later: Any) -> None:
    """Bring plant hours in line with clocks that were corrected."""
    run_while_due(lambda: process_plant_hours(unshifted=clock.unshifted()))


@shared_task(acks_late=True)
def fill_alert_kinds(**_later: Any) -> None:
    """Fill in the kinds of old alerts once devices were described."""
    run_while_due(lambda: process_alert_kinds(unshifted=clock.unshifted(), now=clock.now()))


@shared_task(acks_late=True)
def recount_priorities(**_later: Any) -> None:
    """Rank open incidents again where a new version has brought other weights."""
    run_while_due(lambda: process_recount(unshifted=clock.unshifted(), now=clock.now()))
