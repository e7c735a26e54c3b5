"""Every body that Tagout sends to Sentinel, built once more by the models of Microsoft's library.

The models have what `2025-10-01-preview` declares: a member, kind or value that they lack is lost
on the way, and the comparison fails. For the stable version, of which it has no models, the
published schema stands in; both agree on what they have in common.
"""

import json
import re
from datetime import timedelta

import isodate
import pytest
from azure.mgmt.securityinsight import models

from alerts.automation.engine.rule_body import (
    Effects,
    Likeness,
    actions_for,
    body_of_rule,
    conditions_for,
)
from alerts.automation.engine.workflow_check import alert_rule_body, automation_rule_body
from alerts.readiness.engine.answers import resource_facts
from alerts.readiness.engine.content import (
    changed_rule,
    connector_body,
    coverage_body,
    package_body,
    rule_from_template,
    tagged,
)
from alerts.rules.sentinel_conditions import detail_condition, no_gate
from alerts.rules.sentinel_forms import gate_form, probe_form
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.client.versions import PREVIEW, STABLE, ApiEndpoint, versions_of
from alerts.sentinel.wire.incidents import comment_body, incident_put_body
from alerts.sentinel.wire.tasks import task_body
from simulator.replies import ArmRefusal
from simulator.running import running_simulator
from simulator.schemas import schema_of
from simulator.solution import ADDRESS_RULE, solution_rules
from tests.alerts.rules.test_what_is_sent import LIVE, TRIAL
from tests.conftest import NOON
from tests.contract.sdk_models import fields_of, through_models
from tests.factories.azure import connection_to, secret_of

GUID = "33333333-3333-4333-8333-333333333333"
RULE = f"/subscriptions/{GUID}/providers/Microsoft.SecurityInsights/alertRules/{GUID}"
PLAYBOOK = f"/subscriptions/{GUID}/resourceGroups/rg/providers/Microsoft.Logic/workflows/tell"
DURATION = re.compile(r"P(\d+D)?(T(\d+[HMS])+)?")
ENDS = NOON + timedelta(days=30)
LIKENESS = Likeness(
    "Illegal DNP3 Operation",
    devices=("PLC-1",),
    addresses=("10.0.0.1",),
    severities=("Medium", "High"),
)


def made_rule(effect, *, in_portal=False, **effects):
    actions = actions_for(Effects(effect, **effects))
    types = [detail_condition("AlertName", [LIKENESS.alert_type])] if in_portal else []
    return body_of_rule(
        number=7,
        title="Tell the plant",
        order=601,
        ends_at=ENDS,
        conditions=conditions_for(LIKENESS, types=types),
        actions=actions,
    )


PLAYING = {"playbook": PLAYBOOK, "tenant_id": GUID}
AUTOMATION = {
    "trial of a rule": TRIAL,
    "rule that closes": LIVE,
    "gate": gate_form(is_enabled=True),
    "gate that is open": gate_form(is_enabled=False),
    "probe": probe_form(["IncidentTitle", "IoTDeviceName", "IncidentLabel"], until=ENDS),
    "check of a workflow": automation_rule_body(
        "m", alert_rule=RULE, playbook=PLAYBOOK, tenant_id=GUID, ends_at=ENDS
    ),
    "rule that runs a playbook": made_rule("playbook", **PLAYING),
    "rule that runs a playbook in the portal": made_rule("playbook", in_portal=True, **PLAYING),
    "rule that assigns": made_rule("assign", team_id=GUID, team_name="OT"),
    "rule that sets the severity": made_rule("severity", severity="Low"),
    "rule that enriches": made_rule("enrich", label="ot", task="Look at the sensor"),
}
ANALYTICS = {
    "coverage rule": coverage_body(),
    "check of a workflow": alert_rule_body("m"),
}
OTHERS = {
    "comment": (ApiEndpoint.COMMENTS, models.IncidentComment, comment_body("Routine.")),
    "task": (
        ApiEndpoint.TASKS,
        models.IncidentTask,
        task_body(title="Look", description="At the sensor", status="New", etag='"1"'),
    ),
    "connector": (ApiEndpoint.CONNECTORS, models.DataConnector, connector_body(GUID, etag='"1"')),
    "package": (
        ApiEndpoint.PACKAGES,
        models.PackageModel,
        package_body(
            {
                "content_id": "c",
                "product_id": "p",
                "kind": "Solution",
                "version": "3.0.2",
                "display_name": "Defender",
            }
        ),
    ),
}
# What the stable version cannot hold, by the first thing that it refuses.
PREVIEW_ALONE = {
    "trial of a rule": "IncidentLabels",
    "rule that closes": "IncidentLabels",
    "probe": "IncidentLabels",
}


def alike(value):
    """A body with what two writers may write in two ways: nulls left out, times and durations."""
    if isinstance(value, dict):
        return {name: alike(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [alike(item) for item in value]
    if isinstance(value, str) and DURATION.fullmatch(value):
        return isodate.parse_duration(value)
    if isinstance(value, str) and value.endswith("Z") and "T" in value:
        return value.rstrip("Z")[:26]
    return value


@pytest.mark.parametrize("name", AUTOMATION)
def test_automation_rules_are_what_the_library_would_send(name):
    body = {"properties": AUTOMATION[name], "etag": '"1"'}
    assert through_models(models.AutomationRule, body) == body
    schema_of(PREVIEW).check("automationRules", body)
    assert schema_of(PREVIEW).project("automationRules", body) == body


@pytest.mark.parametrize("name", AUTOMATION)
def test_which_automation_rules_the_stable_version_takes(name):
    body = {"properties": AUTOMATION[name]}
    if value := PREVIEW_ALONE.get(name):
        with pytest.raises(ArmRefusal, match=value):
            schema_of(STABLE).check("automationRules", body)
    else:
        schema_of(STABLE).check("automationRules", body)
        assert schema_of(STABLE).project("automationRules", body) == body


@pytest.mark.parametrize("name", ANALYTICS)
def test_analytics_rules_are_what_the_library_would_send(name):
    assert alike(through_models(models.AlertRule, ANALYTICS[name])) == alike(ANALYTICS[name])
    lost = ANALYTICS[name]["properties"].keys() - projected(ANALYTICS[name], STABLE).keys()
    assert lost == {"sentinelEntitiesMappings"}


def projected(rule, version):
    return schema_of(version).project("alertRules", rule)["properties"]


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_is_written_is_what_the_library_would_send(name):
    endpoint, model, body = OTHERS[name]
    assert through_models(model, body) == body
    for version in versions_of(endpoint):
        schema_of(version).check(endpoint, body)
        assert schema_of(version).project(endpoint, body) == body


@pytest.fixture(scope="module")
def client():
    with running_simulator(now=NOON, incidents=60) as running, secret_of(running):
        azure = AzureSentinelClient(connection_to(running))
        yield azure
        azure.close()


def listed(client, part):
    return json.loads(client.read_prerequisite(part))["value"]


def test_an_incident_is_written_as_the_library_would(client):
    for incident in json.loads(client.list_incidents(top=20))["value"]:
        changes = {"status": "Closed", "classification": "Undetermined"}
        body = incident_put_body(incident, changes, add_labels=["tagout:routine"])
        sent = through_models(models.Incident, body)
        assert alike(sent) == alike(body)
        for version in versions_of(ApiEndpoint.INCIDENTS):
            schema_of(version).check("incidents", body)
            assert schema_of(version).project("incidents", body) == body


def test_each_of_the_fifteen_rules_goes_back_as_the_library_would_send_it(client):
    rules = [row for row in listed(client, Prerequisite.ANALYTICS_RULES) if row["kind"] != "Fusion"]
    for row in rules:
        described = tagged(row["properties"].get("description"))
        for changes in ({"enabled": False}, {"description": described}):
            body = changed_rule(row, **changes)
            assert alike(through_models(models.AlertRule, body)) == alike(body)
    scheduled = [row for row in rules if row["kind"] == "Scheduled"]
    stable = [projected(row, STABLE) for row in scheduled]
    assert len(scheduled) == len(solution_rules()) == 15
    assert not any("sentinelEntitiesMappings" in properties for properties in stable)


def test_each_template_becomes_a_rule_that_the_library_would_send(client):
    found = listed(client, Prerequisite.TEMPLATES)
    for facts in resource_facts(Prerequisite.TEMPLATES, found):
        answer = json.loads(client.read_prerequisite(Prerequisite.TEMPLATE, of=facts["name"]))
        body = rule_from_template(
            answer, template=facts["content_id"], version=facts["version"], with_tag=True
        )
        assert alike(through_models(models.AlertRule, body)) == alike(body)
        schema_of(PREVIEW).check("alertRules", body)
    assert len(found) == 15
    assert ADDRESS_RULE in {rule.name for rule in solution_rules().values()}


def test_a_playbook_is_started_as_the_library_would(client, monkeypatch):
    sent = []
    monkeypatch.setattr(client, "_start", lambda url, body: sent.append(body))
    client.run_playbook(GUID, playbook=PLAYBOOK)
    assert through_models(models.ManualTriggerRequestBody, sent[0]) == sent[0]


def test_a_rule_is_run_by_hand_as_the_library_would(client, monkeypatch):
    sent = []
    monkeypatch.setattr(client, "_start", lambda url, body: sent.append(body))
    client.run_analytics_rule(GUID, at=NOON)
    model = models.AnalyticsRuleRunTrigger
    assert alike(through_models(model, sent[0])) == alike(sent[0])


@pytest.mark.parametrize(
    ("resource", "type_name", "model"),
    [
        ("alertRules", "ScheduledAlertRuleProperties", models.ScheduledAlertRuleProperties),
        ("alertRules", "NrtAlertRuleProperties", models.NrtAlertRuleProperties),
        ("incidents", "IncidentProperties", models.IncidentProperties),
        ("incidents", "IncidentAdditionalData", models.IncidentAdditionalData),
        ("automationRules", "AutomationRuleProperties", models.AutomationRuleProperties),
        (
            "automationRules",
            "AutomationRuleTriggeringLogic",
            models.AutomationRuleTriggeringLogic,
        ),
    ],
)
def test_the_published_schema_and_the_library_declare_the_same(resource, type_name, model):
    declared = schema_of(PREVIEW).members_of(type_name)
    assert declared == set(fields_of(model)), resource


def test_the_library_finds_what_a_version_lacks():
    gate = {"properties": {**LIVE, "note": "mine"}}
    assert through_models(models.AutomationRule, gate) != gate
    wrong = json.loads(json.dumps({"properties": LIVE}).replace("IncidentLabels", "Labels"))
    with pytest.raises(ValueError, match="'Labels' is no value"):
        through_models(models.AutomationRule, wrong)
    assert "IncidentLabels" in json.dumps(no_gate())
