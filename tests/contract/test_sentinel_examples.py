"""Every published and composed example of Sentinel is read whole by whoever asks for its kind."""

import json

import pytest

from alerts.intake.push.hints import incident_in_hint
from alerts.readiness.engine.answers import (
    IS_LIST,
    read_answer,
    read_page,
    resource_facts,
    single_fact,
)
from alerts.sentinel.client.answers import error_for
from alerts.sentinel.client.errors import (
    SentinelConflict,
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.automation import (
    differing_places,
    read_automation_rule,
    read_automation_rules,
)
from alerts.sentinel.wire.entities import read_comment, read_comments, read_entities
from alerts.sentinel.wire.incidents import incident_put_body, read_incident, read_incident_page
from alerts.sentinel.wire.log_rows import parse_dynamic, read_log_answer
from alerts.sentinel.wire.tasks import read_tasks
from simulator.automation.check import check_rule
from tests.contract.examples import ARE_HERE, NOT_HERE, SENTINEL, as_bytes

pytestmark = [pytest.mark.contract, pytest.mark.skipif(not ARE_HERE, reason=NOT_HERE)]
COMPOSED = "constructed/"


def answers(name):
    """The bodies of a published example by status; the one body of a composed one."""
    example = json.loads((SENTINEL / name).read_text())
    if name.startswith(COMPOSED):
        return [as_bytes(example)]
    return [as_bytes(answer["body"]) for answer in example["responses"].values() if answer]


def answer(name):
    return answers(name)[0]


def incidents_of(body):
    return [read_incident(body)]


def entities_of(body):
    found = read_entities(body)
    assert not found.cut_short
    return list(found.entities)


READ = {
    "GetIncidents.json": lambda body: read_incident_page(body).items,
    "GetIncidentById.json": incidents_of,
    "CreateIncident.json": incidents_of,
    f"{COMPOSED}Incident_DefenderPortal.response.json": incidents_of,
    f"{COMPOSED}Incident_Merged.response.json": incidents_of,
    "GetAllIncidentAlerts.json": read_alerts,
    "GetAllIncidentEntities.json": entities_of,
    "GetAllIncidentComments.json": lambda body: read_comments(body).items,
    "CreateIncidentComment.json": lambda body: [read_comment(body)],
}
RULES = {
    "AutomationRules_CreateOrUpdate.json": lambda body: [read_automation_rule(body)],
    "AutomationRules_List.json": lambda body: read_automation_rules(body)[0],
}
TASKS = {"IncidentTasks_List.json"}
RULES_TO_SEND = {
    f"{COMPOSED}AutomationRule_AllConditionKinds.request.json",
    f"{COMPOSED}AutomationRule_SuppressClose.request.json",
}
# What stands around a workspace, by the part that readiness reads it for.
AROUND = {
    "CheckRequirementsIoT.json": Prerequisite.REQUIREMENTS,
    "CreateMicrosoftSecurityIncidentCreationAlertRule.json": Prerequisite.ANALYTICS_RULES,
    "CreateScheduledAlertRule.json": Prerequisite.ANALYTICS_RULES,
    "DefenderSettings_List.json": Prerequisite.PLAN,
    "GetAllAlertRules.json": Prerequisite.ANALYTICS_RULES,
    "GetAllSentinelOnboardingStates.json": Prerequisite.ONBOARDING,
    "GetIoTById.json": Prerequisite.CONNECTORS,
    "GetPackages.json": Prerequisite.PACKAGES,
    "InstallPackage.json": Prerequisite.PACKAGES,
}
OTHERS = {
    f"{COMPOSED}ArmErrors.json",
    f"{COMPOSED}IncidentEntities_IoTDevice.response.json",
    f"{COMPOSED}PlaybookIncidentTrigger.body.json",
    f"{COMPOSED}SentinelHealth_AutomationRuleRun.query-response.json",
    "Incidents_RunPlaybook.json",
}
# Tagout has no word for these: it asks neither for watchlists and relations, nor Defender
# for IoT itself, whose inventory people export and import.
NOT_ASKED = {
    "CreateIncidentRelation.json",
    "CreateWatchlist.json",
    "DeviceGroups_List.json",
    "Devices_List.json",
    "GetAlertList.json",
    "GetAllIncidentRelations.json",
    "GetWatchlistItems.json",
    "PatchAlert.json",
    "Sensors_List.json",
    "Sites_List.json",
}


def test_every_example_is_looked_at():
    names = {str(file.relative_to(SENTINEL)) for file in SENTINEL.rglob("*.json")}
    assert names == {*READ, *RULES, *TASKS, *RULES_TO_SEND, *AROUND, *OTHERS, *NOT_ASKED}


@pytest.mark.parametrize("name", READ)
def test_what_sentinel_answers_is_read_without_a_flag(name):
    for body in answers(name):
        items = READ[name](body)
        assert items
        assert [item.flags for item in items] == [()] * len(items)


def test_the_published_incident_list_has_what_the_queue_shows():
    for item in read_incident_page(answer("GetIncidents.json")).items:
        assert item.number and item.title and item.modified_at and item.owner


def test_the_published_incident_goes_back_as_it_came():
    raw = json.loads(answer("GetIncidentById.json"))
    example = json.loads((SENTINEL / "CreateIncident.json").read_text())
    body = incident_put_body(raw, {})
    assert body["etag"] == raw["etag"]
    allowed = set(example["parameters"]["incident"]["properties"]) | {"labels", "severity"}
    assert set(body["properties"]) <= allowed | set(raw["properties"])
    assert "incidentNumber" not in body["properties"]


def test_what_the_published_alert_and_comment_say_arrives():
    (alert,) = read_alerts(answer("GetAllIncidentAlerts.json"))
    assert (alert.title, alert.severity) == ("myAlert", "Low")
    (comment,) = read_comments(answer("GetAllIncidentComments.json")).items
    assert comment.message and comment.author_name


def test_the_composed_incidents_tell_where_they_come_from_and_went():
    moved = read_incident(answer(f"{COMPOSED}Incident_DefenderPortal.response.json"))
    assert moved.raw["properties"]["providerName"] == "Microsoft XDR"
    merged = read_incident(answer(f"{COMPOSED}Incident_Merged.response.json"))
    assert merged.is_merged_away and merged.merged_into_number == 3178


def test_the_composed_iot_device_has_its_place_in_the_plant():
    body = answer(f"{COMPOSED}IncidentEntities_IoTDevice.response.json")
    device = next(entity.device for entity in read_entities(body).entities if entity.device)
    assert (device.site, device.zone, device.sensor) == ("Plant-North", "Cell-3", "sensor-a")
    assert device.purdue_layer == "ProcessControl"
    assert device.ip_addresses == ("10.20.4.7",)


def test_tasks_are_read_whole():
    (name,) = TASKS
    page = read_tasks(answer(name))
    assert page.items
    for task in page.items:
        assert task.name and task.etag and task.title and task.status == "New"
        assert task.author and task.created_at and task.modified_at


@pytest.mark.parametrize("name", RULES)
def test_automation_rules_are_read_and_compared(name):
    for body in answers(name):
        for rule in RULES[name](body):
            assert rule.name and rule.etag
            assert differing_places(rule.properties, rule.properties) == []
            changed = rule.properties | {"order": rule.properties["order"] + 1}
            assert differing_places(rule.properties, changed) == ["order"]


@pytest.mark.parametrize("name", sorted(RULES_TO_SEND))
def test_composed_rules_are_taken_by_the_pretend_sentinel(name):
    properties = json.loads(answer(name))["properties"]
    assert check_rule(properties) == properties


@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_a_workspace_is_read_whole(name):
    part = AROUND[name]
    for body in answers(name):
        if part not in IS_LIST:
            found = [single_fact(part, read_answer(body))]
        else:
            is_page = isinstance(read_answer(body).get("value"), list)
            found = resource_facts(part, read_page(body)[0] if is_page else [read_answer(body)])
        assert found
        # a format with another column in it ("Alert from {{Computer}}") may give any title: None
        optional = {"template", "product", "description", "quota", "details", "title", "titles"}
        for fact in found:
            missing = {member for member, value in fact.items() if value in ("", None, [])}
            assert missing <= optional | {"product_id"}, fact


def test_readiness_reads_of_the_examples_what_they_say():
    def fact(name):
        part, body = AROUND[name], answer(name)
        rows = read_answer(body).get("value")
        return resource_facts(part, rows if isinstance(rows, list) else [read_answer(body)])[0]

    assert fact("GetIoTById.json")["is_on"] and fact("GetIoTById.json")["kind"] == "IOT"
    rule = fact("CreateMicrosoftSecurityIncidentCreationAlertRule.json")
    assert rule["kind"] == "MicrosoftSecurityIncidentCreation" and rule["product"]
    kinds = {
        row["kind"]
        for row in resource_facts(
            Prerequisite.ANALYTICS_RULES, read_page(answer("GetAllAlertRules.json"))[0]
        )
    }
    assert kinds == {"Scheduled", "MicrosoftSecurityIncidentCreation", "Fusion"}
    (plan,) = resource_facts(Prerequisite.PLAN, read_page(answer("DefenderSettings_List.json"))[0])
    assert plan["quota"] == 2000 and plan["workspaces"]


def test_a_playbook_is_started_without_an_answer():
    example = json.loads((SENTINEL / "Incidents_RunPlaybook.json").read_text())
    assert list(example["responses"]) == ["204"]
    assert set(example["parameters"]["manualTriggerRequestBody"]) >= {"logicAppsResourceId"}


def test_the_body_of_a_playbook_names_its_incident():
    body = answer(f"{COMPOSED}PlaybookIncidentTrigger.body.json")
    assert incident_in_hint(body) == json.loads(body)["object"]
    assert incident_in_hint(body)["name"]


def test_the_answer_of_a_log_query_is_read_by_columns():
    name = f"{COMPOSED}SentinelHealth_AutomationRuleRun.query-response.json"
    (row,) = read_log_answer(answer(name)).rows
    assert row["OperationName"] == "Automation rule run"
    assert parse_dynamic(row["ExtendedProperties"])["ActionsTriggeredSuccessfully"] == 2


def test_refusals_of_azure_become_errors_of_ours():
    kinds = {
        "BadRequest": SentinelRefused,
        "ExpiredAuthenticationToken": SentinelDenied,
        "AuthorizationFailed": SentinelDenied,
        "NotFound": SentinelNotFound,
        "ResourceGroupNotFound": SentinelNotFound,
        "Conflict": SentinelConflict,
        "MissingSubscriptionRegistration": SentinelRefused,
        "SubscriptionRequestsThrottled": SentinelThrottled,
        "TooManyRequests": SentinelThrottled,
        "ServiceUnavailable": SentinelUnavailable,
    }
    for refusal in json.loads(answer(f"{COMPOSED}ArmErrors.json")):
        code, headers = refusal["body"]["error"]["code"], refusal["headers"]
        error = error_for(refusal["status"], headers, as_bytes(refusal["body"]))
        assert type(error) is kinds[code], refusal
        wait = headers.get("Retry-After")
        assert getattr(error, "retry_after", None) == (float(wait) if wait else None)
