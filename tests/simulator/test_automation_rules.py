"""Automation rules: what is refused, and what they do to incidents."""

import pytest

from simulator.client import ControlRefused
from tests.simulator.conftest import CLOSING, Arm, a_rule, modify


def by_title(*values, operator="Equals"):
    return {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentTitle",
            "operator": operator,
            "propertyValues": list(values),
        },
    }


def by_label(label):
    return array_of("IncidentLabels", equal("IncidentLabel", label))


def equal(name, value):
    return {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": name,
            "operator": "Equals",
            "propertyValues": [value],
        },
    }


def array_of(kind, *inner):
    return {
        "conditionType": "PropertyArray",
        "conditionProperties": {
            "arrayType": kind,
            "arrayConditionType": "AnyItem",
            "itemConditions": list(inner),
        },
    }


def by_change(name="IncidentStatus"):
    return {"conditionType": "PropertyChanged", "conditionProperties": {"propertyName": name}}


def incident(arm, summary):
    return arm("GET", f"/incidents/{summary['name']}").json()


def test_a_rule_closes_what_it_matches_and_nothing_else(arm, control):
    assert (
        arm.rule("r1", conditions=[by_title("Poll")], actions=modify(**CLOSING)).status_code == 201
    )
    hit = control.inject(properties={"title": "Poll"})
    miss = control.inject(properties={"title": "Download"})
    closed = incident(arm, hit)["properties"]
    assert (closed["status"], closed["classification"]) == ("Closed", "BenignPositive")
    assert incident(arm, miss)["properties"]["status"] == "New"
    (run,) = [entry for entry in control.runs()["rule"] if entry["name"] == "r1"]
    assert (run["incident"], run["status"]) == (hit["name"], "Success")


def test_rules_see_what_earlier_ones_left(arm, control, labels):
    add = lambda name: modify(labels=[{"labelName": name}])  # noqa: E731 -- a word for two lines
    arm.rule("late", order=20, conditions=[by_label("first")], actions=add("second"))
    arm.rule("early", order=10, actions=add("first"))
    assert labels(incident(arm, control.inject())) == ["first", "second"]


def test_a_rule_that_comes_before_what_it_needs_does_nothing(arm, control, labels):
    arm.rule("early", order=10, conditions=[by_label("first")])
    arm.rule("late", order=20, actions=modify(labels=[{"labelName": "first"}]))
    assert labels(incident(arm, control.inject())) == ["first"]


def test_rules_for_updates_run_after_those_for_new_incidents(arm, control, labels):
    arm.rule("on-update", when="Updated", order=1, conditions=[by_change()])
    arm.rule("on-create", order=900, actions=modify(status="Active"))
    summary = incident(arm, control.inject())
    assert summary["properties"]["status"] == "Active"
    assert labels(summary) == ["seen"]


def test_an_edit_by_a_person_wakes_rules_for_updates(arm, control, labels):
    arm.rule("on-update", when="Updated", conditions=[by_change("IncidentSeverity")])
    summary = control.inject()
    control.edit(summary["name"], add_labels=["other"])
    assert labels(incident(arm, summary)) == ["other"]
    control.edit(summary["name"], properties={"severity": "High"})
    assert labels(incident(arm, summary)) == ["other", "seen"]


def test_alerts_that_join_wake_rules_for_added_alerts(arm, control, labels):
    grown = {
        "conditionType": "PropertyArrayChanged",
        "conditionProperties": {"arrayType": "Alerts", "changeType": "Added"},
    }
    arm.rule("on-alert", when="Updated", conditions=[grown])
    summary = control.inject()
    alert = {"id": "/x/a1", "name": "a1", "kind": "SecurityAlert", "properties": {}}
    control.edit(summary["name"], alerts=[alert])
    now = incident(arm, summary)
    assert labels(now) == ["seen"]
    assert now["properties"]["additionalData"]["alertsCount"] == 1


def test_a_disabled_rule_rests(arm, control, labels):
    arm.rule("r1", enabled=False)
    assert labels(incident(arm, control.inject())) == []


def test_a_rule_without_conditions_fires_on_everything(arm, control, labels):
    arm.rule("r1")
    assert labels(incident(arm, control.inject(properties={"title": "anything"}))) == ["seen"]


def test_an_expired_rule_is_disabled_and_stays(arm, control, labels):
    arm.rule("r1", ends="2026-11-24T07:00:00Z")
    before = arm("GET", "/automationRules/r1").json()
    control.advance(3600)
    after = arm("GET", "/automationRules/r1").json()
    assert before["properties"]["triggeringLogic"]["isEnabled"] is True
    assert after["properties"]["triggeringLogic"]["isEnabled"] is False
    assert after["etag"] != before["etag"]
    assert labels(incident(arm, control.inject())) == []


def test_a_rule_adds_tasks_and_starts_playbooks(arm, control):
    actions = [
        {"order": 1, "actionType": "AddIncidentTask", "actionConfiguration": {"title": "Call OT"}},
        {
            "order": 2,
            "actionType": "RunPlaybook",
            "actionConfiguration": {"logicAppResourceId": "/x/workflows/notify-ot-owner"},
        },
        {
            "order": 3,
            "actionType": "RunPlaybook",
            "actionConfiguration": {"logicAppResourceId": "/x/workflows/gone"},
        },
    ]
    arm.rule("r1", actions=actions)
    summary = control.inject()
    (task,) = arm("GET", f"/incidents/{summary['name']}/tasks").json()["value"]
    assert task["properties"]["title"] == "Call OT"
    runs = control.runs()
    assert [run["name"] for run in runs["playbook"]] == ["notify-ot-owner"]
    assert runs["rule"][0]["status"] == "Partial success"


def test_custom_details_are_those_that_the_analytics_rule_declares(arm, control, labels):
    def detail(name, value):
        values = array_of("CustomDetailValues", equal("IncidentCustomDetailsValue", value))
        return array_of("CustomDetails", equal("IncidentCustomDetailsKey", name), values)

    control.workspace(arm.workspace.key, defender_portal=True)  # rules alone make incidents there
    wish = {"site": "gdansk", "title": "Excessive Login Attempts"}
    (rule,) = [
        row
        for row in arm("GET", "/alertRules").json()["value"]
        if row["properties"]["displayName"] == "Excessive Login Attempts"
    ]
    arm.rule("r1", conditions=[detail("AlertName", "Excessive Login Attempts")])
    before = control.inject(kind="misconfigured-service", options=wish | {"nonce": 1})
    assert labels(incident(arm, before["incidents"][0])) == []
    rule["properties"]["customDetails"]["AlertName"] = "AlertName"
    arm("PUT", f"/alertRules/{rule['name']}", json=rule)
    after = control.inject(kind="misconfigured-service", options=wish | {"nonce": 2})
    assert labels(incident(arm, after["incidents"][0])) == ["seen"]


def test_titles_are_what_the_analytics_rule_said_when_the_alert_came(arm, control, labels):
    def titles(made):
        name = made["name"]
        (alert,) = arm("POST", f"/incidents/{name}/alerts").json()["value"]
        title = arm("GET", f"/incidents/{name}").json()["properties"]["title"]
        return title.partition(" involving")[0], alert["properties"]["alertDisplayName"]

    def happens(nonce):
        wish = {"site": "gdansk", "title": "Excessive Login Attempts", "nonce": nonce}
        return control.inject(kind="misconfigured-service", options=wish)

    def save(override):
        rule["properties"]["alertDetailsOverride"] = override
        answer = arm("PUT", f"/alertRules/{rule['name']}", json=rule)
        assert answer.status_code == 200
        rule["etag"] = answer.json()["etag"]

    control.workspace(arm.workspace.key, defender_portal=True)
    (rule,) = [
        row
        for row in arm("GET", "/alertRules").json()["value"]
        if row["properties"]["displayName"] == "Excessive Login Attempts"
    ]
    rule["properties"]["customDetails"]["AlertName"] = "AlertName"
    detail = array_of(
        "CustomDetailValues", equal("IncidentCustomDetailsValue", "Excessive Login Attempts")
    )
    name = equal("IncidentCustomDetailsKey", "AlertName")
    arm.rule("r1", conditions=[array_of("CustomDetails", name, detail)])
    usual = rule["properties"]["alertDetailsOverride"]
    before = happens(1)
    save(usual | {"alertDisplayNameFormat": "(MDIoT) Quiet on {{Sensor}}"})
    after = happens(2)
    save(None)
    bare = happens(3)
    ours = ("(MDIoT) Excessive Login Attempts",) * 2
    assert titles(before) == ours
    incident_title, alert_title = titles(after)
    assert incident_title == alert_title and alert_title.startswith("(MDIoT) Quiet on sensor")
    assert titles(bare) == ("Excessive Login Attempts",) * 2, "the name of the rule"
    assert labels(incident(arm, after["incidents"][0])) == ["seen"], "details show the type"


def test_in_the_defender_portal_no_title_can_be_relied_on(arm, control, labels):
    control.workspace(arm.workspace.key, defender_portal=True)
    arm.rule("r1", conditions=[by_title("x", operator="NotEquals")])
    summary = incident(arm, control.inject(workspace=arm.workspace.key))
    assert labels(summary) == []


def test_in_the_defender_portal_the_provider_name_is_passed_over(arm, control, labels):
    condition = {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentProviderName",
            "operator": "Equals",
            "propertyValues": ["Azure Sentinel"],
        },
    }
    control.workspace(arm.workspace.key, defender_portal=True)
    arm.rule("r1", conditions=[condition])
    summary = incident(arm, control.inject(workspace=arm.workspace.key))
    assert summary["properties"]["providerName"] == "Microsoft XDR"
    assert labels(summary) == ["seen"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"displayName": "x" * 501},
        {"order": 0},
        {"order": 1001},
        {"actions": []},
        {"actions": modify(labels=[{"labelName": "x"}]) * 21},
        {"actions": modify(status="Closed")},
        {"actions": [{"order": 1, "actionType": "Sing", "actionConfiguration": {}}]},
        {"triggeringLogic": None},
        {"triggeringLogic": {**a_rule()["triggeringLogic"], "triggersWhen": "Never"}},
        {"triggeringLogic": a_rule(conditions=[by_title("x")] * 51)["triggeringLogic"]},
        {"triggeringLogic": a_rule(conditions=[by_title()])["triggeringLogic"]},
        {"triggeringLogic": a_rule(conditions=[by_title("x", operator="Like")])["triggeringLogic"]},
        {"triggeringLogic": a_rule(conditions=[by_change()])["triggeringLogic"]},
        {"triggeringLogic": a_rule(ends="soon")["triggeringLogic"]},
    ],
)
def test_azure_refuses_a_malformed_rule(shared_arm, wrong):
    body = {"properties": {**a_rule(), **wrong}}
    answer = shared_arm("PUT", "/automationRules/r1", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_a_rule_is_replaced_with_its_version_only(arm):
    first = arm.rule("r1").json()["etag"]
    arm.rule("r1", order=11)
    body = {"properties": a_rule(), "etag": first}
    assert arm("PUT", "/automationRules/r1", json=body).status_code == 409
    assert arm("DELETE", "/automationRules/r1").content == b""
    assert arm("GET", "/automationRules/r1").status_code == 404


def test_a_rule_edited_by_hand_shows_another_version(arm, control):
    etag = arm.rule("r1").json()["etag"]
    control.rule(arm.workspace.key, "r1", enabled=False, by="Somebody")
    now = arm("GET", "/automationRules/r1").json()
    assert now["etag"] != etag
    assert now["properties"]["lastModifiedBy"]["name"] == "Somebody"
    assert now["properties"]["triggeringLogic"]["isEnabled"] is False
    assert control.journal(path="automationRules/r1")[-1]["principal"] == "Somebody"
    control.rule(arm.workspace.key, "r1", delete=True)
    assert arm("GET", "/automationRules/r1").status_code == 404
    with pytest.raises(ControlRefused, match="not found"):
        control.rule(arm.workspace.key, "r1", enabled=True)


def test_a_workspace_holds_five_hundred_and_twelve_rules(arm, pretend, control):
    for number in range(511):
        pretend.simulator.carry_out(
            "rule", {"workspace": arm.workspace.key, "rule": f"x{number}", "properties": a_rule()}
        )
    assert arm.rule("one-more").status_code == 400


def test_a_responder_may_write_rules_and_a_reader_not(pretend):
    responder, reader = Arm(pretend, "responder"), Arm(pretend, "reader")
    assert responder.rule("r1").status_code == 201
    assert reader.rule("r2").status_code == 403
    responder.link.close(), reader.link.close()
