"""Wake-ups of `intake`, `outbox` and `deployments`: each looks with the identity that it holds."""

from typing import Any

from celery import shared_task

from alerts.readiness.services.check_workspace import check_due_workspace
from alerts.readiness.services.setup import carry_out_due_step
from alerts.sentinel.client import client_for
from portal import clock
from portal.jobs.services import run_while_due


@shared_task(acks_late=True)
def read_prerequisites(**_later: Any) -> None:
    """Read what surrounds each workspace that is due."""
    _look("read")


@shared_task(acks_late=True)
def read_incident_rights(**_later: Any) -> None:
    """Read what the identity for incidents may do."""
    _look("incidents")


@shared_task(acks_late=True)
def read_rule_rights(**_later: Any) -> None:
    """Read what the identity for rules may do."""
    _look("rules")


@shared_task(acks_late=True)
def carry_out_setup_steps(**_later: Any) -> None:
    """Put right in Sentinel what administrators asked for."""
    run_while_due(lambda: carry_out_due_step(now=clock.now(), connect=client_for))


def _look(purpose: str) -> None:
    run_while_due(lambda: check_due_workspace(purpose=purpose, now=clock.now(), connect=client_for))
