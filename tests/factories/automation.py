"""Playbooks, their runs, requests for consent and automation rules as rows."""

from datetime import timedelta
from typing import Any

from alerts.automation.models import (
    FoundRule,
    Inventory,
    MadeRule,
    PlantConsent,
    Playbook,
    PlaybookRun,
)
from alerts.incidents.models import Incident
from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from tests.factories.incidents import NOON

EVIDENCE = {"place": "step", "name": "Shut_port", "call": "Http"}
GROUP = "/subscriptions/s/resourcegroups/rg/providers/microsoft.logic/workflows"


def make_playbook(workspace: Workspace, name: str = "isolate-device", **columns: Any) -> Playbook:
    """A playbook that may act on the plant, by what it calls."""
    evidence = [] if columns.get("is_harmless") else [EVIDENCE]
    values = {"resource_id": f"{GROUP}/{name}", "evidence": evidence, "steps": ["Shut_port"]}
    values |= {"is_enabled": True, "has_incident_trigger": True}
    return Playbook.objects.create(workspace=workspace, name=name, **values | columns)


def make_run(playbook: Playbook, incident: Incident | None, **columns: Any) -> PlaybookRun:
    """A run that was seen in Azure."""
    number = PlaybookRun.objects.count() + 1
    values = {"name": f"{number:020d}", "status": "Succeeded", "started_at": NOON}
    return PlaybookRun.objects.create(playbook=playbook, incident=incident, **values | columns)


def make_found_rule(workspace: Workspace, name: str = "rule", **columns: Any) -> FoundRule:
    """A rule of somebody else that labels every incident."""
    logic = {"isEnabled": True, "triggersOn": "Incidents", "triggersWhen": "Created"}
    labels = {"labels": [{"labelName": "seen"}]}
    action = {"order": 1, "actionType": "ModifyProperties", "actionConfiguration": labels}
    body = {"displayName": name, "order": 9, "triggeringLogic": logic, "actions": [action]}
    values: dict[str, Any] = {"body": body, "found_at": NOON}
    return FoundRule.objects.create(workspace=workspace, name=name, **values | columns)


def make_made_rule(workspace: Workspace, incident: Incident, *, by: User) -> MadeRule:
    """A rule that labels incidents like this one for ninety days."""
    values: dict[str, Any] = {"effect": "enrich", "alert_type": incident.alert_type, "previewed": 3}
    values |= {"made_by": by, "made_at": NOON, "ends_at": NOON + timedelta(days=90)}
    body = {"triggeringLogic": {"triggersOn": "Incidents"}, "actions": []}
    return MadeRule.objects.create(workspace=workspace, incident=incident, body=body, **values)


def make_automation(workspace: Workspace, incident: Incident, *, by: User) -> dict[str, Any]:
    """One of everything, with a request that waits; returns the ids as the API names the kinds."""
    read: dict[str, Any] = dict.fromkeys(
        ("rules_read_at", "playbooks_read_at", "runs_read_at"), NOON
    )
    Inventory.objects.create(workspace=workspace, due_at=NOON, **read)
    playbook = make_playbook(workspace)
    harmless = make_playbook(workspace, "enrich", is_harmless=True)
    run = make_run(playbook, incident)
    rule = make_found_rule(workspace)
    asked: dict[str, Any] = {"asked_by": by, "reason": "It scans.", "asked_at": NOON}
    consent = PlantConsent.objects.create(
        playbook=playbook,
        incident=incident,
        steps=playbook.steps,
        definition_digest=playbook.definition_digest,
        **asked,
    )
    return {
        "playbooks": playbook.uuid,
        "harmless-playbook": harmless.uuid,
        "playbook-runs": run.uuid,
        "automation-rules": rule.pk,
        "consents": consent.uuid,
        "made-rules": make_made_rule(workspace, incident, by=by).uuid,
    }
