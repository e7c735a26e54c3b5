"""Everything a readiness check asks: it answers, and it can be made to fail."""

import pytest

KINDS = ["alertRules", "dataConnectors", "watchlists", "contentPackages", "automationRules"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_a_workspace_is_listed_and_read(shared_arm, kind):
    resources = shared_arm("GET", f"/{kind}").json()["value"]
    resource = shared_arm("GET", f"/{kind}/{resources[0]['name']}").json()
    assert resource == resources[0]
    assert resource["etag"]


def test_the_rules_of_the_solution_are_there(shared_arm):
    rules = shared_arm("GET", "/alertRules").json()["value"]
    kinds = [rule["kind"] for rule in rules]
    assert kinds.count("Scheduled") == 15
    assert {"MicrosoftSecurityIncidentCreation", "Fusion"} <= set(kinds)


def test_a_rule_named_by_an_incident_exists(pretend, words):
    arm = words.Arm(pretend)
    pretend.simulator.plant_clock.load_history(200)
    rule_ids, named = set(), set()
    for place in pretend.workspaces:
        arm.workspace = place
        arm.token = arm.sign_in().json()["access_token"]
        rule_ids |= {
            resource["id"].lower() for resource in arm("GET", "/alertRules").json()["value"]
        }
        for resource in arm("GET", "/incidents", **{"$top": 1000}).json()["value"]:
            named |= {rule.lower() for rule in resource["properties"]["relatedAnalyticRuleIds"]}
    arm.link.close()
    assert named
    assert named <= rule_ids


def test_the_workspace_and_sentinel_on_it(arm, control):
    place = arm.workspace.path
    resource = arm("GET", "", at=place, version="2022-10-01").json()
    assert resource["properties"]["customerId"]
    assert arm("GET", "/onboardingStates/default").status_code == 200
    control.workspace(arm.workspace.key, sentinel=False)
    assert arm("GET", "/onboardingStates/default").status_code == 404
    assert arm("GET", "/incidents").status_code == 400


def test_an_unregistered_provider_is_told_as_azure_does(arm, control):
    path = f"/subscriptions/{arm.workspace.subscription_id}/providers/Microsoft.SecurityInsights"
    assert arm("GET", "", at=path).json()["registrationState"] == "Registered"
    control.workspace(arm.workspace.key, provider_registered=False)
    assert arm("GET", "", at=path).json()["registrationState"] == "NotRegistered"
    answer = arm("GET", "/incidents")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        409,
        "MissingSubscriptionRegistration",
    )


@pytest.mark.parametrize("level", ["workspace", "group", "subscription"])
def test_permissions_at_every_level(shared_arm, level):
    place = shared_arm.workspace
    subscription = f"/subscriptions/{place.subscription_id}"
    path = {
        "workspace": place.path,
        "group": f"{subscription}/resourceGroups/{place.resource_group}",
        "subscription": subscription,
    }[level]
    tail = "/providers/Microsoft.Authorization/permissions"
    (permissions,) = shared_arm("GET", tail, at=path, version="2022-04-01").json()["value"]
    assert "Microsoft.SecurityInsights/*" in permissions["actions"]


def test_the_plan_the_licence_and_the_link(arm, control):
    path = f"/subscriptions/{arm.workspace.subscription_id}/providers/Microsoft.IoTSecurity"
    body = {"kind": "IOT", "properties": {"subscriptionId": arm.workspace.subscription_id}}
    (plan,) = arm("GET", "/defenderSettings", at=path).json()["value"]
    assert arm.workspace.path in plan["properties"]["sentinelWorkspaceResourceIds"]
    check = arm("POST", "/dataConnectorsCheckRequirements", json=body).json()
    assert check == {"authorizationState": "Valid", "licenseState": "Valid"}
    for place in arm.running.workspaces:
        control.workspace(place.key, plan=False, license="Invalid")
    assert arm("GET", "/defenderSettings", at=path).json()["value"] == []
    assert (
        arm("POST", "/dataConnectorsCheckRequirements", json=body).json()["licenseState"]
        == "Invalid"
    )


def test_the_connector_can_be_switched_on(arm, control):
    control.workspace(arm.workspace.key, connector="Disabled")
    (connector,) = arm("GET", "/dataConnectors").json()["value"]
    assert connector["properties"]["dataTypes"]["alerts"]["state"] == "Disabled"
    connector["properties"]["dataTypes"]["alerts"]["state"] = "Enabled"
    assert arm("PUT", f"/dataConnectors/{connector['name']}", json=connector).status_code == 200
    (now,) = arm("GET", "/dataConnectors").json()["value"]
    assert now["properties"]["dataTypes"]["alerts"]["state"] == "Enabled"


def test_the_defender_portal_switches_rules_off_and_shows_its_connector(arm, control):
    control.workspace(arm.workspace.key, defender_portal=True)
    rules = arm("GET", "/alertRules").json()["value"]
    disabled = [resource["kind"] for resource in rules if not resource["properties"]["enabled"]]
    assert sorted(disabled) == ["Fusion", "MicrosoftSecurityIncidentCreation"]
    kinds = {resource["kind"] for resource in arm("GET", "/dataConnectors").json()["value"]}
    assert "MicrosoftThreatProtection" in kinds


def test_playbooks_are_found_in_their_group(shared_arm):
    place = shared_arm.workspace
    path = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    workflows = shared_arm("GET", "/providers/Microsoft.Logic/workflows", at=path).json()["value"]
    assert "isolate-device" in {workflow["name"] for workflow in workflows}
