"""The facts about a workspace before its move to the Defender portal, from rows of workers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.automation.engine.rule_facts import read_rule_facts
from alerts.automation.models import FoundRule, Inventory, Playbook
from alerts.automation.queries import names_of_made_rules
from alerts.incidents.models import Incident, IncidentTask
from alerts.readiness.engine.move import findings_before_move
from alerts.readiness.engine.move_findings import (
    MoveFacts,
    MoveFinding,
    MovePlaybook,
    MoveRule,
)
from alerts.readiness.engine.readings import PartReading
from alerts.readiness.queries.readings import load_findings
from alerts.sentinel.models import IncidentSource, Workspace
from alerts.sentinel.queries import is_in_defender_portal

LOOK_BACK = timedelta(days=90)
_OF_THIS_VERSION = {"reopens", "reads_incident_texts"}  # members that older readings lack


def move_findings_of(workspace: Workspace, *, now: datetime) -> list[MoveFinding]:
    """Return what the move breaks in a workspace, as it was last read."""
    return findings_before_move(load_move_facts(workspace, now=now), now=now)


def load_move_facts(workspace: Workspace, *, now: datetime) -> MoveFacts:
    """Return what the findings are judged from."""
    findings = load_findings(workspace)
    rules, connectors = findings.get("analytics rules"), findings.get("connectors")
    inventory = Inventory.objects.filter(workspace=workspace).first() or Inventory()
    unread = {
        part: reason
        for part, reason in (
            ("analytics rules", rules.error if rules else ""),
            ("connectors", connectors.error if connectors else ""),
            ("automation rules", inventory.rules_error),
            ("playbooks", inventory.playbooks_error),
        )
        if reason
    }
    open_tasks = IncidentTask.objects.filter(incident__workspace=workspace, incident__gone_at=None)
    return MoveFacts(
        analytics_rules=_of_this_version(rules),
        connectors=connectors.facts if connectors else None,
        automation_rules=_automation_rules(workspace) if inventory.rules_read_at else None,
        playbooks=_playbooks(workspace) if inventory.playbooks_read_at else None,
        open_tasks=open_tasks.exclude(status=IncidentTask.COMPLETED).count(),
        incidents_by_api=Incident.objects.filter(
            workspace=workspace, created_at__gte=now - LOOK_BACK, alerts_count=0, gone_at=None
        ).count(),
        reads_by_graph=workspace.source == IncidentSource.GRAPH,
        is_in_portal=bool(is_in_defender_portal(workspace.pk)),
        unread=unread,
    )


def move_read_at(workspace: Workspace) -> datetime | None:
    """Return when the oldest of the readings was made; None where one is missing."""
    findings = load_findings(workspace)
    inventory = Inventory.objects.filter(workspace=workspace).first() or Inventory()
    times = [
        findings[part].read_at for part in ("analytics rules", "connectors") if part in findings
    ]
    times += [inventory.rules_read_at, inventory.playbooks_read_at]
    found = [at for at in times if at is not None]
    return min(found) if len(found) == 4 else None


def _of_this_version(finding: PartReading | None) -> Sequence[Mapping[str, Any]] | None:
    """The analytics rules; None where they were read before this version asked for all it needs."""
    rows = finding.facts if finding else None
    if rows is None or any(row.keys() < _OF_THIS_VERSION | row.keys() for row in rows):
        return None
    found: Sequence[Mapping[str, Any]] = rows
    return found


def _automation_rules(workspace: Workspace) -> list[MoveRule]:
    ours = {name for _, name in names_of_made_rules([workspace.pk])}
    return [
        MoveRule(read_rule_facts(row.body), row.name in ours, _assigns_group(row.body))
        for row in FoundRule.objects.filter(workspace=workspace).order_by("pk")
    ]


def _assigns_group(body: Any) -> bool:
    """Whether an action gives the incident to a group, of which the portal keeps a text alone."""
    actions = body.get("actions") if isinstance(body, dict) else None
    for action in actions if isinstance(actions, list) else ():
        values = action.get("actionConfiguration") if isinstance(action, dict) else None
        owner = values.get("owner") if isinstance(values, dict) else None
        if isinstance(owner, dict) and str(owner.get("ownerType")).casefold() == "group":
            return True
    return False


def _playbooks(workspace: Workspace) -> list[MovePlaybook]:
    rows = Playbook.objects.filter(workspace=workspace, gone_at=None, is_enabled=True)
    return [MovePlaybook(row.name, row.steps) for row in rows.order_by("name")]
