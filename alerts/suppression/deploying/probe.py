"""Find out, once a workspace, which of our conditions Sentinel takes there.

A disabled rule that ends by itself is put there, read back, and taken away again. It shows what is
accepted and kept; that it also works is what the trial of each rule shows, in which a condition
that never holds closes nothing. Where one is refused, each is tried alone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from alerts.outbox.models import Landing, RuleKind, RulePriority, WantedRule
from alerts.outbox.registry import RuleSettlement
from alerts.outbox.services.set_desired import clear_desired_rule, name_of_rule, set_desired_rule
from alerts.rules.sentinel_conditions import PROBED, probing
from alerts.rules.sentinel_forms import probe_form
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.workspaces import keep_capability

PROBE: Final = UUID("6a7e0ff0-5b7e-5d49-9c60-7a90f0ff0002")  # what probes are about
CAPABILITY: Final = "rules"
BY: Final = "probe"
AGAIN: Final = timedelta(days=7)
LASTS: Final = timedelta(hours=1)  # a probe that is left behind ends by itself


def probe_when_needed(workspace: Workspace, *, now: datetime) -> bool:
    """Begin a probe where there was none for a week, or none of all that is asked for by now. True
    when one was begun.
    """
    capability = workspace.capabilities.get(CAPABILITY) or {}
    if is_probing(workspace.pk):
        return False
    at = capability.get("probed_at")
    tried = {*capability.get("accepts", ()), *capability.get("refused", ())}
    if at and tried >= PROBED and now - datetime.fromisoformat(at) < AGAIN:
        return False
    _place_probe(workspace, sorted(PROBED), now=now)
    return True


def is_probing(workspace_id: int) -> bool:
    """Whether a probe is on its way."""
    rows = WantedRule.objects.filter(workspace_id=workspace_id, kind=RuleKind.PROBE)
    return rows.filter(outcome=Landing.PENDING).exists()


def on_probe_outcome(settlement: RuleSettlement) -> bool:
    """What Sentinel said to a probe. True when it is now known what the workspace takes."""
    row = settlement.rule
    if row.kind != RuleKind.PROBE or row.wanted is None:
        return False
    names = _names_in(row)
    if settlement.outcome == Landing.REFUSED and len(names) > 1:
        for name in names:
            _place_probe(row.workspace, [name], now=settlement.now)
        _remove_probe(row, now=settlement.now)
        return False
    _remove_probe(row, now=settlement.now)
    accepted = settlement.outcome == Landing.LANDED
    _note_capability(row.workspace, names, accepted, words=row.latest_error, now=settlement.now)
    return True


def _note_capability(
    workspace: Workspace, names: Iterable[str], accepted: bool, *, words: str, now: datetime
) -> None:
    workspace.refresh_from_db(fields=["capabilities"])
    capability = workspace.capabilities.get(CAPABILITY) or {}
    accepts, refused = set(capability.get("accepts", ())), dict(capability.get("refused", {}))
    for name in names:
        if accepted:
            accepts.add(name)
            refused.pop(name, None)
        else:
            accepts.discard(name)
            refused[name] = words
    found = {
        "accepts": sorted(accepts),
        "refused": refused,
        "probed_at": now.isoformat(),
    }
    _keep(workspace.pk, found, now=now)


def _keep(workspace_id: int, found: dict[str, Any], *, now: datetime) -> None:
    keep_capability(workspace_id=workspace_id, name=CAPABILITY, capability=found, by=BY, now=now)


def _place_probe(workspace: Workspace, names: list[str], *, now: datetime) -> None:
    alone = names[0] if len(names) == 1 else "all"
    about = uuid5(PROBE, alone)
    set_desired_rule(
        workspace_id=workspace.pk,
        name=name_of_rule(about=about, workspace=workspace.uuid),
        about=about,
        label=f"probe: {alone}",
        kind=RuleKind.PROBE,
        insists=True,
        now=now,
        body=probe_form(names, until=now + LASTS),
        urgency=RulePriority.RULE,
    )


def _remove_probe(row: WantedRule, *, now: datetime) -> None:
    clear_desired_rule(
        workspace_id=row.workspace_id, name=row.name, now=now, urgency=RulePriority.RULE
    )


def _names_in(row: WantedRule) -> list[str]:
    conditions = (row.wanted or {})["triggeringLogic"]["conditions"]
    return [name for name in sorted(PROBED) if probing(name) in conditions]
