"""The gate of a watchlist: one row with the lease, without which the whole list has no effect.

One PUT shuts it, before all else that is owed; and a Tagout that is stopped or cut off lets the
lease end within a day (S3, S8).
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from alerts.outbox.models import RuleKind, RulePriority, WantedRule
from alerts.outbox.services.set_desired import name_of_rule, set_desired_rule
from alerts.rules.watchlist import gate_row, lease_of_gate
from alerts.sentinel.models import Workspace

LIST_GATE: Final = UUID("6a7e0ff0-5b7e-5d49-9c60-7a90f0ff0002")  # what gates of lists are about


def list_gate_of(workspace_id: int) -> WantedRule | None:
    """Return the row of the gate; None where there never was a list."""
    return WantedRule.objects.filter(workspace=workspace_id, kind=RuleKind.LIST_GATE).first()


def open_list_gate(*, workspace: Workspace, until: datetime, now: datetime) -> WantedRule:
    """Have the list count until this moment."""
    return _set_gate(workspace, until=until, reason="", urgency=RulePriority.LEASE, now=now)


def shut_list_gate(*, workspace: Workspace, reason: str, now: datetime) -> WantedRule | None:
    """Have the list say nothing from now on, over whatever a hand did; None where none ever was."""
    gate = list_gate_of(workspace.pk)
    if gate is None or lease_of_gate(gate.wanted) is None:
        return gate
    return _set_gate(workspace, until=None, reason=reason, urgency=RulePriority.STOP, now=now)


def _set_gate(
    workspace: Workspace,
    *,
    until: datetime | None,
    reason: str,
    urgency: RulePriority,
    now: datetime,
) -> WantedRule:
    return set_desired_rule(
        workspace_id=workspace.pk,
        name=name_of_rule(about=LIST_GATE, workspace=workspace.uuid),
        about=LIST_GATE,
        label="watchlist gate",
        kind=RuleKind.LIST_GATE,
        body=gate_row(until=until),
        now=now,
        insists=until is None,
        again=True,
        urgency=urgency,
        reason=reason,
    )
