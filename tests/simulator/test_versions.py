"""The pretend Sentinel declares by api-version what the published schemas declare, and no more."""

import pytest

from simulator.plant.catalogue import alert_types
from simulator.schemas import PREVIEW, schema_of
from simulator.solution import ADDRESS_RULE, solution_rules
from tests.simulator.conftest import GA, a_rule, modify
from tests.simulator.test_automation_rules import by_label, by_title

NAME = "5d1f6f2e-3c7e-4d1f-9a5e-0000000000aa"


def watched_title():
    """The title of an alert type that one of the fourteen rules makes incidents of."""
    types = alert_types().values()
    return next(kind.title for kind in types if kind.rule and kind.rule.name != ADDRESS_RULE)


def solution_rule(arm, version=PREVIEW):
    name = next(rule.id for rule in solution_rules().values() if rule.name != ADDRESS_RULE)
    return arm("GET", f"/alertRules/{name}", version=version).json()


def refusal(answer):
    return answer.status_code, answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/incidents", "/alertRules", "/automationRules", "/dataConnectors"]
)
@pytest.mark.parametrize("version", ["2021-10-01", "2025-10-01", "2099-01-01-preview"])
def test_a_version_that_does_not_exist_is_refused(shared_arm, path, version):
    answer = shared_arm("GET", path, version=version)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "NoRegisteredProviderFound"


def test_fourteen_of_the_fifteen_rules_pass_on_the_entities_of_the_alert(shared_arm):
    rules = shared_arm("GET", "/alertRules").json()["value"]
    properties = [rule["properties"] for rule in rules if rule["kind"] == "Scheduled"]
    passing_on = [rule for rule in properties if rule["sentinelEntitiesMappings"]]
    assert (len(properties), len(passing_on)) == (15, 14)
    (other,) = [rule for rule in properties if rule not in passing_on]
    assert [mapping["entityType"] for mapping in other["entityMappings"]] == ["IP", "IP"]
    assert all("Sensor" in rule["customDetails"] for rule in properties)


def test_the_stable_version_does_not_show_how_rules_map_their_entities(shared_arm):
    assert "sentinelEntitiesMappings" in solution_rule(shared_arm)["properties"]
    stable = solution_rule(shared_arm, GA)["properties"]
    assert "sentinelEntitiesMappings" not in stable
    assert stable["customDetails"]["Sensor"] == "DeviceId"


def test_a_rule_that_is_written_by_the_stable_version_loses_its_entities(arm, control, pretend):
    kind, options = control.plant()["kinds"][0], {"title": watched_title()}
    for place in pretend.workspaces:  # where incidents come from rules alone
        control.onboard(place.key)
    made = control.inject(kind=kind, options=options | {"nonce": 1})
    arm.workspace = pretend.simulator.azure.workspace(made["workspace"])
    arm.token = arm.sign_in().json()["access_token"]
    for rule in solution_rules():
        body = arm("GET", f"/alertRules/{rule}", version=GA).json()
        assert arm("PUT", f"/alertRules/{rule}", version=GA, json=body).status_code == 200
    later = control.inject(kind=kind, options=options | {"nonce": 2})
    kinds = []
    for summary in (made, later):
        answer = arm("POST", f"/incidents/{summary['name']}/entities").json()
        kinds.append({entity["kind"] for entity in answer["entities"]})
    assert "IoTDevice" in kinds[0]
    assert kinds[1] == set()


@pytest.mark.parametrize("member", ["techniques", "mergedIncidentNumber", "mergedIncidentUrl"])
def test_the_stable_version_has_no_techniques_and_no_merges(arm, control, member):
    survivor, loser = control.inject(), control.inject()
    control.merge(loser=loser["name"], survivor=survivor["name"])
    path = f"/incidents/{loser['name']}"
    assert member in arm("GET", path).json()["properties"]["additionalData"]
    for answer in (
        arm("GET", path, version=GA).json(),
        *arm("GET", "/incidents", version=GA).json()["value"],
    ):
        assert member not in answer["properties"]["additionalData"]


def test_labels_as_an_array_are_refused_by_the_stable_version(arm):
    body = {"properties": a_rule(conditions=[by_label("noise")])}
    answer = arm("PUT", "/automationRules/r1", version=GA, json=body)
    assert refusal(answer) == (400, "Invalid value for property 'arrayType': 'IncidentLabels'.")
    assert arm("PUT", "/automationRules/r1", json=body).status_code == 201


def test_titles_of_alerts_are_refused_by_the_stable_version(arm):
    condition = by_title("Poll")
    condition["conditionProperties"]["propertyName"] = "IncidentAlertTitle"
    body = {"properties": a_rule(conditions=[condition])}
    answer = arm("PUT", "/automationRules/r1", version=GA, json=body)
    assert refusal(answer) == (
        400,
        "Invalid value for property 'propertyName': 'IncidentAlertTitle'.",
    )


def test_a_kind_of_rule_that_a_version_lacks_is_refused_and_not_listed(arm):
    body = {
        "kind": "NRT",
        "properties": {
            "displayName": "At once",
            "enabled": True,
            "query": "SecurityAlert",
            "severity": "Low",
            "suppressionDuration": "PT5H",
            "suppressionEnabled": False,
        },
    }
    assert refusal(arm("PUT", f"/alertRules/{NAME}", version=GA, json=body)) == (
        400,
        "Unknown kind 'NRT'.",
    )
    assert arm("PUT", f"/alertRules/{NAME}", json=body).status_code == 201
    assert arm("GET", f"/alertRules/{NAME}", version=GA).status_code == 404
    stable = arm("GET", "/alertRules", version=GA).json()["value"]
    assert NAME not in [rule["name"] for rule in stable]


def boolean(*inner):
    properties = {"operator": "Or", "innerConditions": list(inner)}
    return {"conditionType": "Boolean", "conditionProperties": properties}


def items(count):
    condition = by_label("noise")
    condition["conditionProperties"]["itemConditions"] *= count
    return condition


@pytest.mark.parametrize(
    ("rule", "member"),
    [
        (a_rule(conditions=[boolean(by_title("a"))]), "innerConditions"),
        (a_rule(conditions=[boolean(*[by_title("a")] * 11)]), "innerConditions"),
        (a_rule(conditions=[items(11)]), "itemConditions"),
        (a_rule(conditions=[by_title("a")] * 51), "conditions"),
        (a_rule(actions=modify(severity="Low") * 21), "actions"),
        (a_rule(order=1001), "order"),
        (a_rule(order=0), "order"),
        (a_rule() | {"displayName": "x" * 501}, "displayName"),
    ],
)
def test_what_exceeds_a_bound_is_refused(shared_arm, rule, member):
    answer = shared_arm("PUT", "/automationRules/r2", json={"properties": rule})
    status, message = refusal(answer)
    assert status == 400
    assert f"'{member}' must have" in message


def test_what_is_at_its_bound_is_taken(arm):
    conditions = [boolean(*[by_title("a")] * 2), boolean(*[by_title("b")] * 10), items(10)]
    assert arm.rule("r3", conditions=conditions).status_code == 201


def test_members_that_no_version_declares_are_not_stored(arm):
    arm.rule("r4")
    body = {"properties": a_rule() | {"note": "mine"}}
    assert arm("PUT", "/automationRules/r4", json=body).status_code == 200
    assert "note" not in arm("GET", "/automationRules/r4").json()["properties"]


def test_what_is_stored_of_a_plant_is_declared(pretend):
    """The bytes of an incident go out as they are stored, to who asks by the preview."""
    pretend.simulator.plant_clock.load_history(200)
    incidents, schema = pretend.simulator.azure.store.incidents, schema_of(PREVIEW)
    for place in pretend.workspaces:
        for number in range(1, incidents.latest_number(place.key) + 1):
            resource = {"properties": incidents.by_number(place.key, number).properties}
            assert schema.project("incidents", resource) == resource


def test_a_workspace_without_the_preview_says_so(arm, control):
    control.workspace(arm.workspace.key, preview_api=False)
    answer = arm("GET", "/incidents")
    assert answer.json()["error"]["code"] == "NoRegisteredProviderFound"
    assert arm("GET", "/incidents", version=GA).status_code == 200
