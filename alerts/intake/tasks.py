"""Wake-ups of the queue `intake`. What is due is in PostgreSQL; any number may run at once."""

from typing import Any

from celery import shared_task

from alerts.intake.quarantine_alarm import warn_about_unreadable
from alerts.intake.services.incident_tasks import read_due_tasks
from alerts.intake.services.log_backfill import run_due_log_backfills
from alerts.intake.services.signing_keys import fetch_due_signing_keys
from alerts.intake.services.slices import (
    COUNTERPARTS,
    DETAILS,
    HISTORY,
    POLL,
    SWEEP,
    run_due_slices,
)
from alerts.sentinel.client import client_for
from alerts.sentinel.client.log_analytics import logs_client_for
from alerts.sentinel.client.signing_keys import fetch_signing_keys
from alerts.sentinel.models import ClientPurpose
from portal import clock


@shared_task(acks_late=True)
def poll_due_workspaces(**_later: Any) -> None:
    """Read what changed in every workspace that is due; by Graph, find out first what is new."""
    run_due_slices(kinds=(COUNTERPARTS, POLL), connect=client_for)


@shared_task(acks_late=True)
def fetch_due_details(**_later: Any) -> None:
    """Fetch alerts, entities and comments that are owed."""
    run_due_slices(kinds=(DETAILS,), connect=client_for)


@shared_task(acks_late=True)
def sweep_due_workspaces(**_later: Any) -> None:
    """Go on reading history, sweep once a day, and ask for what is missing."""
    run_due_slices(kinds=(HISTORY, SWEEP), connect=client_for)


@shared_task(acks_late=True)
def fetch_signing_keys_of_tenants(**_later: Any) -> None:
    """Fetch the keys that push hints with a token of Entra are checked with."""
    fetch_due_signing_keys(
        fetch=lambda workspace: fetch_signing_keys(workspace.connection_for(ClientPurpose.READ))
    )


@shared_task(acks_late=True)
def read_due_logs(**_later: Any) -> None:
    """Go on reading the past from Log Analytics, where a person asked for it."""
    run_due_log_backfills(connect=logs_client_for)


@shared_task(acks_late=True)
def read_tasks_of_incidents(**_later: Any) -> None:
    """Read the tasks of incidents that people look at."""
    read_due_tasks(connect=client_for)


@shared_task(acks_late=True)
def watch_unreadable(**_later: Any) -> None:
    """Notify administrators where more than one in a hundred incidents cannot be read."""
    warn_about_unreadable(now=clock.now())
