"""What worked in a workspace before it moved to the Defender portal works no more there: what
`workspace move-check` names breaks in the pretend Azure, too.
"""

import pytest

from tests.simulator.conftest import a_rule, modify

DOWNLOAD = "tuesday-download"
OURS = "3d2a7c1e-0000-4000-8000-00000000b003"
CLOSING = {
    "status": "Closed",
    "classification": "FalsePositive",
    "classificationReason": "IncorrectAlertLogic",
}


def condition(name, operator, value):
    properties = {"propertyName": name, "operator": operator, "propertyValues": [value]}
    return {"conditionType": "Property", "conditionProperties": properties}


@pytest.fixture
def treated(arm, control):
    """`treated(conditions, actions)` gives what an automation rule made of a new incident, before
    the move and after it.
    """

    def treat(conditions, actions):
        place, found = arm.workspace.key, []
        control.rule(place, "planted", properties=a_rule(conditions=conditions, actions=actions))
        for nonce in range(2):
            made = control.inject(workspace=place, kind=DOWNLOAD, options={"nonce": nonce})
            name = made["incidents"][0]["name"] if "incidents" in made else made["name"]
            found.append(arm("GET", f"/incidents/{name}").json()["properties"])
            control.onboard(place)
        return found

    return treat


@pytest.mark.parametrize(
    ("conditions", "before", "after"),
    [
        ([condition("IncidentTitle", "Contains", "PLC Programming")], True, False),
        ([condition("IncidentDescription", "Contains", "program")], True, False),
        ([condition("IncidentProviderName", "Equals", "Somebody else")], False, True),
    ],
    ids=["title-condition", "description-condition", "provider-condition"],
)
def test_a_condition_that_the_portal_does_not_keep_decides_otherwise(
    treated, conditions, before, after
):
    ran = [
        incident["severity"] == "Low" for incident in treated(conditions, modify(severity="Low"))
    ]
    assert ran == [before, after]


def test_the_reason_of_a_close_that_the_portal_does_not_know_is_lost(treated):
    before, after = treated([], modify(**CLOSING))
    assert before["classificationReason"] == "IncorrectAlertLogic"
    assert after["classificationReason"] == "InaccurateData"


def test_fusion_and_the_rules_that_create_incidents_of_alerts_are_switched_off(arm, control):
    body = {
        "kind": "MicrosoftSecurityIncidentCreation",
        "properties": {
            "displayName": "Cloud apps",
            "enabled": True,
            "productFilter": "Microsoft Cloud App Security",
        },
    }
    control.resource(arm.workspace.key, "alertRules", OURS, body=body)

    def enabled():
        rows = arm("GET", "/alertRules").json()["value"]
        on = {row["name"]: row["kind"] for row in rows if row["properties"]["enabled"]}
        return {kind for kind in on.values() if kind != "Scheduled"}, OURS in on

    assert enabled() == ({"Fusion", "MicrosoftSecurityIncidentCreation"}, True)
    control.onboard(arm.workspace.key)
    assert enabled() == (set(), False)
