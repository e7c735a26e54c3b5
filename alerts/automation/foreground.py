"""The door for `workspace validate`: check the way from an alert to a playbook, without workers."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from alerts.automation.engine.workflow_check import STAGES
from alerts.automation.models import Playbook, WorkflowCheck
from alerts.automation.services.workflow_check import (
    CannotCheckWorkflow,
    advance_due_check,
    begin_check,
)
from alerts.outbox.foreground import push_rules_now
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from portal import clock

PAUSE: Final = 1.0  # seconds between two looks
_STATES: Final = {"ok": "ok", "failed": "failed"}
_FIXES: Final = {
    "rule": "Give the identity for rules the role Microsoft Sentinel Contributor, then try again.",
    "alert": "Give the identity for rules the role Microsoft Sentinel Contributor, then try again.",
    "incident": "See in Sentinel whether analytics rules run and create incidents.",
    "fired": "See in Sentinel whether automation rules run; they may run ten minutes late.",
    "playbook": "See the run in Azure, and whether Sentinel may start playbooks in that group.",
    "cleanup": "Delete the rules and close the incidents of the test by hand, in Sentinel.",
}


def validate_workspace(
    workspace: Workspace, now: datetime, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Check the workflow of a workspace to its end, whether workers are alive or not, and return
    its stages as the command prints them. Raises CannotCheckWorkflow.
    """
    row = begin_check(
        workspace=workspace,
        playbook=_playbook_named(options.get("playbook", ""), workspace),
        by=None,
        by_label="command line",
        now=now,
    )
    while not row.is_over:
        push_rules_now(workspace_ids=[workspace.pk], now=clock.now(), seconds=20)
        if not advance_due_check(now=clock.now(), connect=client_for, check_id=row.pk):
            time.sleep(PAUSE)
        row.refresh_from_db()
    return {"workspace": workspace.name, "checks": stages_for_programs(row)}


def _playbook_named(name: str, workspace: Workspace) -> Playbook | None:
    if not name:
        return None
    found = Playbook.objects.filter(workspace=workspace, name=name, gone_at=None)
    if len(found) != 1:
        n = len(found) or "no"
        raise CannotCheckWorkflow(f"The workspace has {n} playbooks named {name}, as last read.")
    return found[0]


def stages_for_programs(row: WorkflowCheck) -> list[dict[str, Any]]:
    """All stages with the members that `workspace check --json` has, too; those that were not
    reached or left out are unknown.
    """
    found = {stage["name"]: stage for stage in row.stages}
    return [_for_programs(name, found.get(name)) for name in STAGES]


def _for_programs(name: str, stage: Mapping[str, Any] | None) -> dict[str, Any]:
    state = _STATES.get(stage["state"], "unknown") if stage else "unknown"
    if stage and stage["state"] == "skipped":
        fix = "Name a playbook with --playbook."
    elif state == "unknown":
        fix = "Put right what failed, then try again."
    else:
        fix = _FIXES[name] if state == "failed" else ""
    return {
        "name": name,
        "state": state,
        "evidence": stage["evidence"] if stage else "Not reached.",
        "fix": fix,
        "checked_at": datetime.fromisoformat(stage["at"]) if stage else None,
    }
