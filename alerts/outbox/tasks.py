"""Wake-ups of the queues `outbox` and `deployments`."""

import time
from typing import Any

from celery import shared_task

from alerts.outbox.queries import workspaces_to_stop
from alerts.outbox.services.deliver import deliver_one
from alerts.outbox.services.deliver_rules import deliver_one_rule, push_rules
from alerts.outbox.services.rule_drift import check_one_workspace
from alerts.sentinel.client import client_for
from portal import clock
from portal.jobs.services import SLICE, run_while_due


@shared_task(acks_late=True)
def deliver_due_changes(**_later: Any) -> None:
    """Send what is due. Any number may run at once: they share the work and never wait."""
    run_while_due(lambda: deliver_one(now=clock.now(), connect=client_for))


@shared_task(acks_late=True)
def deliver_due_rules(**_later: Any) -> None:
    """Bring automation rules to what is wanted. Any number may run at once."""
    ends = time.monotonic() + SLICE
    if len(stops := workspaces_to_stop()) > 1:  # one that hangs must not hold up the others
        push_rules(
            workspace_ids=stops, connect=client_for, now=clock.now(), seconds=SLICE, stops_only=True
        )
    seconds = ends - time.monotonic()
    run_while_due(lambda: deliver_one_rule(now=clock.now(), connect=client_for), seconds=seconds)


@shared_task(acks_late=True)
def find_changed_rules(**_later: Any) -> None:
    """Find automation rules of ours that somebody changed in Sentinel."""
    run_while_due(lambda: check_one_workspace(now=clock.now(), connect=client_for))
