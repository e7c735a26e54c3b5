"""The gate (S8): one rule before all of ours that labels new incidents `tagout-off` while it is
enabled. It stands there disabled, so that one PUT stops everything that Sentinel would close.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alerts.outbox.models import RuleKind, RulePriority, WantedRule
from alerts.outbox.services import name_of_rule, set_desired_rule
from alerts.sentinel.models import Workspace
from alerts.suppression.engine.sentinel_forms import gate_form
from alerts.suppression.queries import is_off

GATE: Final = UUID("6a7e0ff0-5b7e-5d49-9c60-7a90f0ff0001")  # what gates are about

TRY_AGAIN: Final = timedelta(hours=1)  # without a gate no rule of ours acts there


def gate_name(workspace: Workspace) -> UUID:
    """The gate's GUID in a workspace."""
    return name_of_rule(about=GATE, workspace=workspace.uuid)


def place_gate(*, workspace: Workspace, now: datetime) -> WantedRule:
    """Have the gate there as the kill switch says: enabled while suppression is off. Enabling goes
    before everything else, over whatever a hand did, and again where it was refused.
    """
    off = is_off(workspace.pk)
    held = WantedRule.objects.filter(workspace=workspace, kind=RuleKind.GATE).first()
    waited = held is None or held.error_at is None or now - held.error_at >= TRY_AGAIN
    return set_desired_rule(
        workspace_id=workspace.pk,
        name=gate_name(workspace),
        about=GATE,
        label="gate",
        kind=RuleKind.GATE,
        body=gate_form(is_enabled=off),
        now=now,
        insists=off,
        again=off or waited,
        urgency=RulePriority.STOP if off else RulePriority.AWAY,
        reason="Suppression is switched off." if off else "",
    )


def is_gate_in_place(workspace_id: int) -> bool:
    """Whether Sentinel was seen to hold the gate, enabled or not."""
    gates = WantedRule.objects.filter(workspace_id=workspace_id, kind=RuleKind.GATE)
    return gates.filter(landed__isnull=False).exists()


def reason_to_wait(rule: WantedRule) -> str:
    """Asked at delivery: no rule of ours acts where it could not be stopped, or is stopped."""
    if rule.kind != RuleKind.RULE:
        return ""
    if is_off(rule.workspace_id):
        return "Suppression is switched off."
    if not is_gate_in_place(rule.workspace_id):
        return "The gate that could stop it is not in place yet."
    return ""
