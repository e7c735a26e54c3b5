"""Wake-ups of the queues `outbox` and `deployments`."""

import time
from typing import Any

from celery import shared_task

from alerts.outbox.queries import workspaces_to_stop
from alerts.outbox.services import deliver_one, deliver_one_rule
from alerts.outbox.services.push import push_rules
from alerts.sentinel.client import client_for
from portal import clock

# Seconds in which a delivery may begin; the rest goes on at the next tick. One that begins last may
# wait out a hung Azure and still end before Celery's soft limit, which would blame the change.
SLICE = 25.0


@shared_task(acks_late=True)
def deliver_due_changes(**_later: Any) -> None:
    """Send what is due. Any number may run at once: they share the work and never wait."""
    ends = time.monotonic() + SLICE
    while time.monotonic() < ends and deliver_one(now=clock.now(), connect=client_for):
        pass


@shared_task(acks_late=True)
def deliver_due_rules(**_later: Any) -> None:
    """Bring automation rules to what is wanted. Any number may run at once."""
    ends = time.monotonic() + SLICE
    if len(stops := workspaces_to_stop()) > 1:  # one that hangs must not hold up the others
        push_rules(
            workspace_ids=stops, connect=client_for, now=clock.now(), seconds=SLICE, stops_only=True
        )
    while time.monotonic() < ends and deliver_one_rule(now=clock.now(), connect=client_for):
        pass
