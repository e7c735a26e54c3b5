"""Wake-ups of the queue `deployments`."""

from typing import Any

from celery import shared_task

from alerts.automation.services.inventory import read_due_inventory
from alerts.automation.services.made_rules import end_rules
from alerts.automation.services.workflow_check import advance_due_check
from alerts.sentinel.client import client_for
from portal import clock
from portal.jobs.services import run_while_due


@shared_task(acks_late=True)
def read_inventories(**_later: Any) -> None:
    """Read which automation rules, playbooks and runs the workspaces hold that are due, and end the
    rules made here whose time is over.
    """
    end_rules(now=clock.now())
    run_while_due(lambda: read_due_inventory(now=clock.now(), connect=client_for))


@shared_task(acks_late=True)
def advance_workflow_checks(**_later: Any) -> None:
    """Go on with the checks of workflows that are due."""
    run_while_due(lambda: advance_due_check(now=clock.now(), connect=client_for))
