"""An automation rule in words says all that the rule does, or that something is not understood."""

import json

import pytest

from alerts.automation.engine.rule_facts import read_rule_facts
from alerts.automation.web.rule_wording import describe_rule
from tests.alerts.automation.engine.test_rule_facts import modify, rule
from tests.contract.examples import ARE_HERE, NOT_HERE, SENTINEL

PLAYBOOK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Logic/workflows/notify-ot"


def condition(kind, **properties):
    return {"conditionType": kind, "conditionProperties": properties}


def on(name, operator, *values):
    return condition("Property", propertyName=name, operator=operator, propertyValues=list(values))


def array(name, joined, *inner):
    return condition(
        "PropertyArray", arrayType=name, arrayConditionType=joined, itemConditions=list(inner)
    )


def changed(**properties):
    return condition("PropertyChanged", propertyName="IncidentSeverity", **properties)


def action(kind, **configuration):
    return {"order": 1, "actionType": kind, "actionConfiguration": configuration}


RULES = "/subscriptions/1/providers/Microsoft.SecurityInsights/alertRules"


def words(**parts):
    return describe_rule(
        read_rule_facts(rule(**parts)),
        playbooks={PLAYBOOK.lower(): "Tell OT"},
        analytics_rules={"rule-17": "PLC Stop Command"},
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (on("IncidentTitle", "Equals", "a", "b"), "title is “a” or “b”"),
        (on("HostOSVersion", "NotEquals", "a"), "operating system of a host is not “a”"),
        (on("IncidentAlertTitle", "Contains", "a"), "title of an alert contains “a”"),
        (on("Url", "NotContains", "a"), "web address does not contain “a”"),
        (on("IoTDeviceName", "StartsWith", "a"), "name of a device begins with “a”"),
        (on("FileName", "NotStartsWith", "a"), "name of a file does not begin with “a”"),
        (on("IPAddress", "EndsWith", "a"), "IP address ends with “a”"),
        (on("IncidentLabel", "NotEndsWith", "a"), "label does not end with “a”"),
        (on("IncidentTitle", "Equals", *"abcdefgh"), "“f” or 2 more"),
        (
            on("IncidentRelatedAnalyticRuleIds", "Contains", f"{RULES}/Rule-17"),
            "analytics rule contains “PLC Stop Command”",
        ),
        (
            on("AlertAnalyticRuleIds", "Contains", f"{RULES}/other", "bare"),
            "analytics rule contains “other” or “bare”",
        ),
        (changed(), "severity changed"),
        (changed(changeType="ChangedTo", propertyValues=["High"]), "severity changed to “High”"),
        (
            changed(changeType="ChangedFrom", operator="Equals", propertyValues=["Low"]),
            "severity changed from “Low”",
        ),
        (
            changed(changeType="ChangedTo", operator="NotEquals", propertyValues=["Low"]),
            "severity changed, and now severity is not “Low”",
        ),
        (
            changed(changeType="ChangedFrom", operator="NotEquals", propertyValues=["Low"]),
            "severity changed, and before that severity is not “Low”",
        ),
        (
            condition("PropertyArrayChanged", arrayType="Comments", changeType="Added"),
            "comments were added",
        ),
        (
            array("IncidentLabels", "AnyItem", on("IncidentLabel", "Equals", "a")),
            "for one of its labels: label is “a”",
        ),
        (
            array("IncidentLabels", "AllItems", on("IncidentLabel", "NotEquals", "a")),
            "for all of its labels: label is not “a”",
        ),
        (
            array(
                "CustomDetails",
                "AnyItem",
                on("IncidentCustomDetailsKey", "Equals", "Site"),
                array(
                    "CustomDetailValues", "AnyItem", on("IncidentCustomDetailsValue", "Equals", "a")
                ),
            ),
            "for one of its custom details: name of a custom detail is “Site” and for one of its"
            " values of this custom detail: value of a custom detail is “a”",
        ),
        (
            condition(
                "Boolean",
                operator="Or",
                innerConditions=[
                    on("IncidentTitle", "Contains", "a"),
                    condition(
                        "Boolean",
                        operator="And",
                        innerConditions=[on("Url", "Equals", "b"), on("HostName", "Equals", "c")],
                    ),
                ],
            ),
            "(title contains “a” or (web address is “b” and name of a host is “c”))",
        ),
    ],
)
def test_each_kind_of_condition_is_told(found, said):
    (told,) = words(conditions=[found]).conditions
    assert said in told and read_rule_facts(rule(conditions=[found])).is_understood


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            modify(
                status="Closed",
                classification="BenignPositive",
                classificationReason="SuspiciousButExpected",
                classificationComment="Known.",
            ),
            "close it as Benign positive: suspicious but expected, with the comment “Known.”",
        ),
        (modify(status="Closed"), "close it"),
        (modify(classification="TruePositive"), "classify it as True positive"),
        (modify(classificationReason="InaccurateData"), "give the reason inaccurate data"),
        (modify(status="Active", severity="Low"), "set the status Active, set the severity Low"),
        (modify(owner={"objectId": "7", "ownerType": "Group"}), "assign it to 7"),
        (modify(owner={"objectId": None, "assignedTo": None}), "assign it to nobody"),
        (modify(labels=[{"labelName": "a"}, {"labelName": "b"}]), "add the label a, b"),
        (modify(), "change nothing"),
        (
            action("RunPlaybook", logicAppResourceId=PLAYBOOK, tenantId="t"),
            "run the playbook Tell OT",
        ),
        (
            action("AddIncidentTask", title="Call", description="The shift."),
            "add the task “Call”: The shift.",
        ),
    ],
)
def test_each_kind_of_act_is_told(found, said):
    assert words(actions=[found]).acts == [said]
    assert read_rule_facts(rule(actions=[found])).is_understood


@pytest.mark.parametrize(
    "found",
    [
        on("IncidentMood", "Equals", "a"),
        on("IncidentTitle", "Matches", "a.*"),
        on("IncidentTitle", "Equals"),
        on("IncidentTitle", "Equals", "a", 7),
        condition("Property", propertyName="Url", operator="Equals", propertyValues=["a"], soon=1),
        on("Url", "Equals", "a") | {"negated": True},
        changed(changeType="ChangedAway", propertyValues=["Low"]),
        changed(changeType="ChangedTo"),
        changed(propertyValues=["Low"]),
        condition("PropertyArrayChanged", arrayType="Alerts", changeType="Removed"),
        condition("PropertyArrayChanged", arrayType="Owners", changeType="Added"),
        array("IncidentLabels", "NoItem", on("IncidentLabel", "Equals", "a")),
        array("IncidentLabels", "AnyItem"),
        condition("Boolean", operator="Xor", innerConditions=[on("Url", "Equals", "a")]),
        condition("Watchlist", propertyName="Url"),
        {},
        None,
        "text",
    ],
)
def test_a_condition_that_is_not_understood_says_so_as_it_stands_there(found):
    inside = condition("Boolean", operator="And", innerConditions=[found])
    for conditions in ([found], [inside]):
        (told,) = words(conditions=conditions).conditions
        assert f"not understood: {json.dumps(found)}" in told
        assert not read_rule_facts(rule(conditions=conditions)).is_understood


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (action("DeleteIncident", hard=True), '"actionType": "DeleteIncident"'),
        (
            modify(severity="Low", priority="P4"),
            'severity Low, not understood: {"priority"',
        ),
        (modify(severity={"is": "Low"}), 'not understood: {"severity"'),
        (modify(owner={"team": "x"}), 'not understood: {"owner"'),
        (modify(labels=["a"]), 'not understood: {"labels"'),
        (modify(labels={"a": 1}), 'not understood: {"labels"'),
        (modify(severity="Low") | {"after": "PT5M"}, '"after": "PT5M"'),
        (action("RunPlaybook", tenantId="t"), '"actionType": "RunPlaybook"'),
        (action("AddIncidentTask", description="x"), '"actionType": "AddIncidentTask"'),
        (modify() | {"actionConfiguration": [{"severity": "Low"}]}, '[{"severity": "Low"}]'),
        (None, "not understood: null"),
    ],
)
def test_an_act_that_is_not_understood_says_so_as_it_stands_there(found, said):
    (told,) = words(actions=[found]).acts
    assert said in told and "not understood" in told
    assert not read_rule_facts(rule(actions=[found])).is_understood


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"triggersOn": "Entities"}, 'triggersOn "Entities"'),
        ({"triggersOn": "Alerts", "triggersWhen": "Updated"}, 'triggersWhen "Updated"'),
        ({"expirationTimeUtc": "soon"}, 'expirationTimeUtc "soon"'),
        ({"isEnabled": "true"}, 'isEnabled "true"'),
        ({"startTimeUtc": "2026-11-24T12:00:00Z"}, "startTimeUtc"),
    ],
)
def test_what_stands_beside_them_and_is_not_understood_is_told(changes, said):
    body = rule()
    body["triggeringLogic"] |= changes
    assert any(
        said in text
        for text in describe_rule(read_rule_facts(body), playbooks={}, analytics_rules={}).others
    )


def test_an_order_out_of_range_and_a_member_of_the_rule_are_told():
    body = rule(order=0) | {"scope": "one subscription"}
    assert [text.partition(" ")[0] for text in read_rule_facts(body).not_understood] == [
        "scope",
        "order",
    ]


def test_conditions_that_are_no_list_are_not_taken_for_none():
    body = rule()
    body["triggeringLogic"]["conditions"] = {"a": 1}
    assert describe_rule(read_rule_facts(body), playbooks={}, analytics_rules={}).conditions == [
        'not understood: {"a": 1}'
    ]
    assert words().conditions == ["on every one, without a condition"]


@pytest.mark.parametrize(
    ("on_", "when", "said"),
    [
        ("Incidents", "Created", "When an incident is created"),
        ("Incidents", "Updated", "When an incident changes"),
        ("Alerts", "Created", "When an alert is created"),
        ("Alerts", "Updated", "At a time that is not understood"),
    ],
)
def test_the_trigger_is_told(on_, when, said):
    body = rule()
    body["triggeringLogic"] |= {"triggersOn": on_, "triggersWhen": when}
    assert describe_rule(read_rule_facts(body), playbooks={}, analytics_rules={}).when == said


def test_acts_are_told_in_the_order_in_which_they_run():
    first, second = modify(severity="Low"), modify(severity="High") | {"order": 2}
    assert words(actions=[second, first]).acts == ["set the severity Low", "set the severity High"]


def test_a_long_value_is_cut_where_one_sees_it():
    (told,) = words(conditions=[on("Url", "Equals", "x" * 600)]).conditions
    assert told.endswith("x…”")


@pytest.mark.skipif(not ARE_HERE, reason=NOT_HERE)
@pytest.mark.parametrize(
    "name",
    [
        "AutomationRules_List.json",
        "constructed/AutomationRule_AllConditionKinds.request.json",
        "constructed/AutomationRule_SuppressClose.request.json",
    ],
)
def test_every_example_is_understood_in_full(name):
    whole = json.loads((SENTINEL / name).read_text())
    bodies = whole["responses"]["200"]["body"]["value"] if "responses" in whole else [whole]
    assert bodies
    for body in bodies:
        facts = read_rule_facts(body["properties"])
        assert (
            facts.is_understood
            and describe_rule(facts, playbooks={}, analytics_rules={}).others == []
        )
