"""Everything a readiness check asks: it answers, and it can be made to fail."""

import pytest

KINDS = ["alertRules", "dataConnectors", "watchlists", "contentPackages", "automationRules"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_a_workspace_is_listed_and_read(shared_arm, kind):
    found = shared_arm("GET", f"/{kind}").json()["value"]
    one = shared_arm("GET", f"/{kind}/{found[0]['name']}").json()
    assert one == found[0]
    assert one["etag"]


def test_the_rules_of_the_solution_are_there(shared_arm):
    rules = shared_arm("GET", "/alertRules").json()["value"]
    kinds = [one["kind"] for one in rules]
    assert kinds.count("Scheduled") == 15
    assert {"MicrosoftSecurityIncidentCreation", "Fusion"} <= set(kinds)


def test_a_rule_named_by_an_incident_exists(pretend, words):
    arm = words.Arm(pretend)
    pretend.simulator.plant_clock.load_history(200)
    known, named = set(), set()
    for place in pretend.workspaces:
        arm.workspace = place
        arm.token = arm.sign_in().json()["access_token"]
        known |= {one["id"].lower() for one in arm("GET", "/alertRules").json()["value"]}
        for one in arm("GET", "/incidents", **{"$top": 1000}).json()["value"]:
            named |= {rule.lower() for rule in one["properties"]["relatedAnalyticRuleIds"]}
    arm.link.close()
    assert named
    assert named <= known


def test_the_workspace_and_sentinel_on_it(arm, control):
    place = arm.workspace.path
    told = arm("GET", "", at=place, version="2022-10-01").json()
    assert told["properties"]["customerId"]
    assert arm("GET", "/onboardingStates/default").status_code == 200
    control.workspace(arm.workspace.key, sentinel=False)
    assert arm("GET", "/onboardingStates/default").status_code == 404
    assert arm("GET", "/incidents").status_code == 400


def test_an_unregistered_provider_is_told_as_azure_does(arm, control):
    where = f"/subscriptions/{arm.workspace.subscription_id}/providers/Microsoft.SecurityInsights"
    assert arm("GET", "", at=where).json()["registrationState"] == "Registered"
    control.workspace(arm.workspace.key, provider_registered=False)
    assert arm("GET", "", at=where).json()["registrationState"] == "NotRegistered"
    answer = arm("GET", "/incidents")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        409,
        "MissingSubscriptionRegistration",
    )


@pytest.mark.parametrize("level", ["workspace", "group", "subscription"])
def test_permissions_at_every_level(shared_arm, level):
    place = shared_arm.workspace
    subscription = f"/subscriptions/{place.subscription_id}"
    where = {
        "workspace": place.path,
        "group": f"{subscription}/resourceGroups/{place.resource_group}",
        "subscription": subscription,
    }[level]
    tail = "/providers/Microsoft.Authorization/permissions"
    (told,) = shared_arm("GET", tail, at=where, version="2022-04-01").json()["value"]
    assert "Microsoft.SecurityInsights/*" in told["actions"]


def test_the_plan_the_licence_and_the_link(arm, control):
    where = f"/subscriptions/{arm.workspace.subscription_id}/providers/Microsoft.IoTSecurity"
    asked = {"kind": "IOT", "properties": {"subscriptionId": arm.workspace.subscription_id}}
    (plan,) = arm("GET", "/defenderSettings", at=where).json()["value"]
    assert arm.workspace.path in plan["properties"]["sentinelWorkspaceResourceIds"]
    check = arm("POST", "/dataConnectorsCheckRequirements", json=asked).json()
    assert check == {"authorizationState": "Valid", "licenseState": "Valid"}
    for place in arm.running.workspaces:
        control.workspace(place.key, plan=False, license="Invalid")
    assert arm("GET", "/defenderSettings", at=where).json()["value"] == []
    assert (
        arm("POST", "/dataConnectorsCheckRequirements", json=asked).json()["licenseState"]
        == "Invalid"
    )


def test_the_connector_can_be_switched_on(arm, control):
    control.workspace(arm.workspace.key, connector="Disabled")
    (one,) = arm("GET", "/dataConnectors").json()["value"]
    assert one["properties"]["dataTypes"]["alerts"]["state"] == "Disabled"
    one["properties"]["dataTypes"]["alerts"]["state"] = "Enabled"
    assert arm("PUT", f"/dataConnectors/{one['name']}", json=one).status_code == 200
    (now,) = arm("GET", "/dataConnectors").json()["value"]
    assert now["properties"]["dataTypes"]["alerts"]["state"] == "Enabled"


def test_the_defender_portal_switches_rules_off_and_shows_its_connector(arm, control):
    control.workspace(arm.workspace.key, defender_portal=True)
    rules = arm("GET", "/alertRules").json()["value"]
    off = [one["kind"] for one in rules if not one["properties"]["enabled"]]
    assert sorted(off) == ["Fusion", "MicrosoftSecurityIncidentCreation"]
    kinds = {one["kind"] for one in arm("GET", "/dataConnectors").json()["value"]}
    assert "MicrosoftThreatProtection" in kinds


def test_playbooks_are_found_in_their_group(shared_arm):
    place = shared_arm.workspace
    where = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    found = shared_arm("GET", "/providers/Microsoft.Logic/workflows", at=where).json()["value"]
    assert "isolate-device" in {one["name"] for one in found}
