"""Which incidents of a workspace are taken in, and which of its analytics rules are known to read
alerts of Defender for IoT.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction

from alerts.sentinel.models import Workspace, WorkspaceScope
from alerts.sentinel.services.workspaces import CannotChangeWorkspace
from portal.audit.services import Actor, record

MAX_CHECKS: Final = 500  # workflow checks of a workspace whose incidents are told from others


@transaction.atomic
def set_scope(*, name: str, kind: str, by: Actor, now: datetime) -> Workspace:
    """Decide which incidents of a workspace are taken in. What is stored is left to intake."""
    workspace = Workspace.objects.select_for_update(of=("self",), no_key=True).get(name=name)
    reasons = []
    if kind not in WorkspaceScope.values:
        reasons.append(f"'{kind}' is not a scope. Use d4iot, rules or all.")
    if workspace.is_removed:
        reasons.append(f"{name} was removed.")
    if reasons:
        raise CannotChangeWorkspace(*reasons)
    was, workspace.ot_scope = workspace.ot_scope, kind
    if was != kind:
        workspace.save(update_fields=["ot_scope"])
        record("sentinel.workspace.scope_set", on=workspace, by=by, at=now, was=was, became=kind)
    return workspace


def keep_check(*, workspace: Workspace, rule: str, now: datetime) -> None:
    """Keep the name of the analytics rule that a workflow check is going to make, so that what it
    makes is not taken for alerts of the plant. The caller holds the lock of the workspace.
    """
    newest = sorted(workspace.checks.items(), key=lambda check: check[1])[1 - MAX_CHECKS :]
    workspace.checks = {**dict(newest), rule.lower(): now.isoformat()}
    workspace.save(update_fields=["checks"])


@transaction.atomic
def keep_rules(
    *, workspace_id: int, iot: Collection[str], other: Collection[str], by: Actor, now: datetime
) -> bool:
    """Keep which analytics rules of a workspace read alerts of Defender for IoT, by name. One that
    did so once stays among them, also where it is gone: its incidents are there. Returns whether
    there are new ones.
    """
    rows = Workspace.objects.select_for_update(of=("self",), no_key=True)
    workspace = rows.get(pk=workspace_id)
    before = set(workspace.iot_rules)
    rules = before | {name.lower() for name in iot}
    others = {*workspace.other_rules, *(name.lower() for name in other)} - rules
    if rules == before and others == set(workspace.other_rules):
        return False
    workspace.iot_rules, workspace.other_rules = sorted(rules), sorted(others)
    workspace.save(update_fields=["iot_rules", "other_rules"])
    if added := sorted(rules - before):
        record("sentinel.workspace.rules_found", on=workspace, by=by, at=now, added=added)
    return bool(added)
