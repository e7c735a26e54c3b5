"""The door for `workspace validate`: check the way from an alert to a playbook, without workers."""

import time
from datetime import datetime
from typing import Any, Final

from alerts.automation.models import WorkflowCheck
from alerts.automation.services.workflow_check import advance_due_check, begin_check
from alerts.outbox.foreground import push_rules_now
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from portal import clock

PAUSE: Final = 1.0  # seconds between two looks


def validate_workspace(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Check the workflow of a workspace to its end, whether workers are alive or not, and return
    its stages as the command prints them.
    """
    row = begin_check(workspace=workspace, playbook=None, by=None, by_label="command line", now=now)
    while not row.is_over:
        push_rules_now(workspace_ids=[workspace.pk], now=clock.now(), seconds=20)
        if not advance_due_check(now=clock.now(), connect=client_for, check_id=row.pk):
            time.sleep(PAUSE)
        row.refresh_from_db()
    return {"workspace": workspace.name, "checks": stages_for_programs(row)}


def stages_for_programs(row: WorkflowCheck) -> list[dict[str, Any]]:
    """The stages with the members that `workspace check --json` has, too."""
    states = {"skipped": "unknown", "running": "unknown"}
    return [
        {
            "name": stage["name"],
            "state": states.get(stage["state"], stage["state"]),
            "evidence": stage["evidence"],
            "fix": "",
            "checked_at": stage["at"],
        }
        for stage in row.stages
    ]
