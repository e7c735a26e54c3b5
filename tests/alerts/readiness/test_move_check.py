"""`workspace move-check`: what the move to the Defender portal breaks is named before the day. Each
kind is planted in a pretend Azure by itself, and found by itself.
"""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.automation.models import Inventory
from alerts.incidents.models import IncidentTask
from alerts.readiness.models import Finding
from alerts.sentinel.models import Reachability, Workspace
from tests.conftest import NOON
from tests.factories.azure import SECRET, secret_of
from tests.factories.incidents import make_incident

pytestmark = pytest.mark.django_db
PLACE = "gdansk"
SCOPE = ("IncidentRelatedAnalyticRuleIds", "Contains", "/alertRules/of-the-plant")
OURS = "3d2a7c1e-0000-4000-8000-00000000b002"


def condition(name, operator, *values):
    properties = {"propertyName": name, "operator": operator, "propertyValues": list(values)}
    return {"conditionType": "Property", "conditionProperties": properties}


def changed(name, to):
    properties = {
        "propertyName": name,
        "changeType": "ChangedTo",
        "operator": "Equals",
        "propertyValues": [to],
    }
    return {"conditionType": "PropertyChanged", "conditionProperties": properties}


def action(kind="ModifyProperties", **configuration):
    configuration = configuration or {"labels": [{"labelName": "looked at"}]}
    return {"order": 1, "actionType": kind, "actionConfiguration": configuration}


def automation(*conditions, actions=None, on="Incidents", when="Created", enabled=True):
    """Plant an automation rule of the customer."""
    logic = {
        "isEnabled": enabled,
        "triggersOn": on,
        "triggersWhen": when,
        "conditions": list(conditions),
    }
    properties = {
        "displayName": "Planted rule",
        "order": 700,
        "triggeringLogic": logic,
        "actions": actions or [action()],
    }
    return lambda control: control.rule(PLACE, OURS, properties=properties)


def analytics(kind="Scheduled", **properties):
    """Plant an analytics rule of the customer."""
    values = {"displayName": "Planted rule", "enabled": True, "severity": "Medium"} | properties
    body = {"kind": kind, "properties": values}
    return lambda control: control.resource(PLACE, "alertRules", OURS, body=body)


def connector(kind):
    """Plant a data connector that is on."""
    body = {"kind": kind, "properties": {"dataTypes": {"alerts": {"state": "Enabled"}}}}
    return lambda control: control.resource(PLACE, "dataConnectors", OURS, body=body)


def playbook(step, path):
    """Plant a playbook with one step of the Sentinel connector."""
    connection = "@parameters('$connections')['azuresentinel']['connectionId']"
    inputs = {"host": {"connection": {"name": connection}}, "method": "post", "path": path}
    definition = {"triggers": {}, "actions": {step: {"type": "ApiConnection", "inputs": inputs}}}
    body = {
        "location": "westeurope",
        "properties": {"state": "Enabled", "definition": definition},
    }
    return lambda control: control.resource(PLACE, "workflows", OURS, body=body)


SCHEDULED = {
    "query": "SecurityAlert",
    "queryFrequency": "PT5M",
    "queryPeriod": "PT5M",
    "triggerOperator": "GreaterThan",
    "triggerThreshold": 0,
    "suppressionDuration": "PT5H",
    "suppressionEnabled": False,
}
GROUPING = {
    "enabled": True,
    "reopenClosedIncident": True,
    "lookbackDuration": "PT5H",
    "matchingMethod": "AllEntities",
}
ALL_IOT = {"productFilter": "Azure Security Center for IoT"}
GROUP = {"ownerType": "Group", "assignedTo": "OT team", "objectId": OURS}
PLANTS = {
    "title-condition": automation(condition("IncidentTitle", "Contains", "PLC")),
    "description-condition": automation(
        condition("IncidentDescription", "Contains", "PLC"), condition(*SCOPE)
    ),
    "provider-condition": automation(
        condition("IncidentProviderName", "Equals", "Azure Sentinel"), condition(*SCOPE)
    ),
    "unscoped-rule": automation(condition("IncidentSeverity", "Equals", "Low")),
    "alert-trigger": automation(on="Alerts"),
    "updated-by-condition": automation(
        condition("IncidentUpdatedBySource", "Equals", "User"), when="Updated"
    ),
    "single-change": automation(changed("IncidentStatus", "Active"), when="Updated"),
    "task-action": automation(
        condition(*SCOPE), actions=[action("AddIncidentTask", title="Call the plant")]
    ),
    "lost-reason": automation(
        condition(*SCOPE),
        actions=[
            action(
                status="Closed",
                classification="FalsePositive",
                classificationReason="IncorrectAlertLogic",
            )
        ],
    ),
    "group-owner": automation(condition(*SCOPE), actions=[action(owner=GROUP)]),
    "creation-rule": analytics("MicrosoftSecurityIncidentCreation", **ALL_IOT),
    "other-creation-rule": analytics(
        "MicrosoftSecurityIncidentCreation", productFilter="Microsoft Cloud App Security"
    ),
    "reopening-rule": analytics(
        **SCHEDULED,
        incidentConfiguration={"createIncident": True, "groupingConfiguration": GROUPING},
    ),
    "incident-table-query": analytics(
        **SCHEDULED | {"query": "SecurityIncident | where Description has 'PLC'"}
    ),
    "connector-switched-off": connector("OfficeATP"),
    "playbook-moves-alerts": playbook("Add_alert_to_incident", "/Incidents/Alerts"),
    "playbook-creates-incidents": playbook("Create_incident", "/Incidents/subscriptions/x"),
}
ALONG = {"creation-rule": {"uncovered-types"}}  # the same rule alone covers these types
BEFORE = {"title-condition"}  # of the rule that the pretend customer has from the first day
NOTES = {"fusion", "correlation", "graph-consent"}


@pytest.fixture(autouse=True)
def as_before(azure):
    """Take out what a test planted."""
    yield
    for kind in ("alertRules", "dataConnectors", "workflows"):
        azure.control.resource(PLACE, kind, OURS, delete=True)
    if any(OURS in entry["path"] for entry in azure.control.journal(path="automationRules")):
        azure.control.rule(PLACE, OURS, delete=True, properties={})


@pytest.fixture
def move_check(add_azure_workspace, azure):
    """`move_check()` gives the findings by kind, and the exit code."""

    def run(application="portal"):
        if not Workspace.objects.exists():
            add_azure_workspace(PLACE, application=application, added_at=NOON)
        out, code = io.StringIO(), 0
        try:
            with secret_of(azure, application):
                call_command("workspace", "move-check", PLACE, "--json", stdout=out)
        except SystemExit as end:
            code = end.code
        document = json.loads(out.getvalue())
        assert document["day"] == "2027-03-31"
        return {row["kind"]: row for row in document["findings"]}, code

    return run


def open_kinds(findings):
    return {kind for kind, row in findings.items() if row["state"] != "note"}


@pytest.mark.parametrize("kind", PLANTS)
def test_what_breaks_is_named_and_nothing_else(move_check, azure, kind):
    PLANTS[kind](azure.control)
    findings, code = move_check()
    assert open_kinds(findings) == BEFORE | {kind} | ALONG.get(kind, set())
    assert any(name in findings[kind]["evidence"] for name in ("Planted rule", "OfficeATP", OURS))
    assert findings[kind]["fix"]
    assert code == 1


def test_what_people_left_in_incidents_is_named(move_check):
    findings, _ = move_check()
    assert open_kinds(findings) == BEFORE
    workspace = Workspace.objects.get()
    incident = make_incident(workspace, created_at=NOON, alerts_count=0)
    make_incident(workspace, created_at=NOON - timedelta(days=100), alerts_count=0)
    for number, status in enumerate(["New", "Completed"]):
        IncidentTask.objects.create(
            incident=incident, name=str(number), title="Call", status=status, created_at=NOON
        )
    findings, _ = move_check()
    assert open_kinds(findings) == BEFORE | {"open-tasks", "incidents-by-api"}
    assert findings["open-tasks"]["evidence"].startswith("1 open task")
    assert findings["incidents-by-api"]["evidence"].startswith("1 incident")


def test_with_nothing_to_put_right_it_ends_with_nought(move_check, azure):
    customers = azure.workspaces[0].uid("foreign rule")
    azure.control.rule(PLACE, customers, enabled=False)
    findings, code = move_check()
    azure.control.rule(PLACE, customers, enabled=True)
    assert findings.keys() == NOTES
    assert code == 0


def test_a_rule_that_is_switched_off_breaks_nothing(move_check, azure):
    automation(condition("IncidentSeverity", "Equals", "Low"), enabled=False)(azure.control)
    findings, _ = move_check()
    assert open_kinds(findings) == BEFORE


def test_without_the_secret_nothing_is_read_and_nothing_is_lost(move_check, monkeypatch, capsys):
    findings, _ = move_check()
    monkeypatch.delenv(SECRET)
    models = (Finding, Inventory, Reachability)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    with pytest.raises(CommandError, match="was not read, because this process cannot sign in"):
        call_command("workspace", "move-check", PLACE)
    with pytest.raises(SystemExit):
        call_command("workspace", "check", PLACE, "--json")
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["sign-in (read)"]["state"] == "failed"
    assert f"neither {SECRET} nor {SECRET}_FILE" in checks["sign-in (read)"]["evidence"]
    assert [list(model.objects.order_by("pk").values()) for model in models] == before
    assert move_check()[0] == findings


def test_what_could_not_be_read_is_no_clean_answer(move_check, azure):
    azure.control.fault(path="/automationRules", method="GET", status=403, count=9)
    azure.control.fault(path="/alertRules", method="GET", status=403, count=9)
    findings, code = move_check()
    assert findings["not-read"]["state"] == "unknown"
    assert code == 1
