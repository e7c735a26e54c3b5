"""Everything a readiness check asks: it answers, and it can be made to fail."""

import json

import pytest

KINDS = [
    "alertRules",
    "dataConnectors",
    "contentPackages",
    "automationRules",
    "settings",
]


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


def test_playbooks_are_found_in_their_subscription(shared_arm):
    path = f"/subscriptions/{shared_arm.workspace.subscription_id}"
    workflows = shared_arm("GET", "/providers/Microsoft.Logic/workflows", at=path).json()["value"]
    assert "isolate-device" in {workflow["name"] for workflow in workflows}


SOLUTION = "azuresentinel.azure-sentinel-solution-unifiedmicrosoftsoc"


@pytest.fixture
def bare(control, arm):
    """A workspace on the day on which Sentinel is switched on."""
    control.empty(arm.workspace.key)
    return arm


def install(arm):
    offered = arm("GET", "/contentProductPackages").json()["value"]
    (found,) = [row for row in offered if row["properties"]["contentId"] == SOLUTION]
    members = ("contentId", "contentProductId", "contentKind", "version", "displayName")
    body = {"properties": {member: found["properties"][member] for member in members}}
    return arm("PUT", f"/contentPackages/{SOLUTION}", json=body)


def enable(arm, template):
    resource = arm("GET", f"/contentTemplates/{template}").json()
    (made,) = resource["properties"]["mainTemplate"]["resources"]
    origin = {
        "alertRuleTemplateName": template,
        "templateVersion": resource["properties"]["version"],
    }
    body = {"kind": made["kind"], "properties": {**made["properties"], **origin, "enabled": True}}
    return arm("PUT", "/alertRules/our-own-name", json=body)


def connect(arm):
    alerts = {"alerts": {"state": "Enabled"}}
    place = {"subscriptionId": arm.workspace.subscription_id, "dataTypes": alerts}
    return arm("PUT", "/dataConnectors/iot", json={"kind": "IOT", "properties": place})


def create_by_connector(arm):
    rule = {
        "kind": "MicrosoftSecurityIncidentCreation",
        "properties": {
            "displayName": "All alerts",
            "productFilter": "Azure Security Center for IoT",
            "enabled": True,
        },
    }
    return arm("PUT", "/alertRules/all-alerts", json=rule)


def test_an_emptied_workspace_has_only_fusion_and_a_plan(bare):
    for kind in ("dataConnectors", "contentPackages", "contentTemplates", "settings"):
        assert bare("GET", f"/{kind}").json()["value"] == []
    (rule,) = bare("GET", "/alertRules").json()["value"]
    assert rule["kind"] == "Fusion"
    path = f"/subscriptions/{bare.workspace.subscription_id}/providers/Microsoft.IoTSecurity"
    assert bare("GET", "/defenderSettings", at=path).json()["value"]


def test_templates_come_with_the_package_and_hold_the_rules(bare):
    assert bare("GET", "/contentTemplates/e068187a-01f5-4737-bc13-25db4027b7ea").status_code == 404
    assert install(bare).status_code == 201
    assert install(bare).status_code == 200
    listed = bare("GET", "/contentTemplates").json()["value"]
    assert len(listed) == 15
    assert "mainTemplate" not in listed[0]["properties"]
    assert enable(bare, listed[0]["name"]).status_code == 201
    rules = bare("GET", "/alertRules").json()["value"]
    assert listed[0]["name"] in [rule["properties"]["alertRuleTemplateName"] for rule in rules]


def test_a_package_that_the_hub_does_not_have_is_refused(bare):
    body = {
        "properties": {
            "contentId": "x",
            "contentProductId": "x-sl",
            "contentKind": "Solution",
            "version": "1",
            "displayName": "X",
        }
    }
    assert bare("PUT", "/contentPackages/x", json=body).status_code == 400


def made_of(control, *, nonce):
    """The incidents of a program download, whose type the rule for PLC changes selects."""
    wish = {"site": "gdansk", "nonce": nonce}
    return control.inject(kind="tuesday-download", options=wish)["incidents"]


PLC_CHANGES = "c2fb27c7-5f67-49c4-aaf3-d82934234a69"


def test_no_incident_comes_before_connector_and_rule_are_there(bare, control):
    assert made_of(control, nonce=1) == []
    connect(bare)
    install(bare)
    assert made_of(control, nonce=2) == []
    enable(bare, PLC_CHANGES)
    (made,) = made_of(control, nonce=3)
    properties = bare("GET", f"/incidents/{made['name']}").json()["properties"]
    assert properties["relatedAnalyticRuleIds"][0].endswith("/alertRules/our-own-name")
    assert properties["title"].startswith("(MDIoT) ")


def test_the_connectors_own_rule_makes_an_incident_without_the_mark(bare, control):
    connect(bare)
    create_by_connector(bare)
    (made,) = made_of(control, nonce=4)
    properties = bare("GET", f"/incidents/{made['name']}").json()["properties"]
    assert not properties["title"].startswith("(MDIoT)")


def test_both_ways_of_making_incidents_make_two_of_one_alert(bare, control):
    connect(bare)
    install(bare)
    enable(bare, PLC_CHANGES)
    create_by_connector(bare)
    names = [made["name"] for made in made_of(control, nonce=5)]
    assert len(set(names)) == 2
    first, second = (
        bare("POST", f"/incidents/{name}/alerts").json()["value"][0]["properties"] for name in names
    )
    (original,) = json.loads(first["additionalData"]["Custom Details"])["VendorOriginalId"]
    assert original == second["additionalData"]["VendorOriginalId"]


def test_the_defender_portal_stops_the_connectors_rule(bare, control):
    connect(bare)
    create_by_connector(bare)
    control.workspace(bare.workspace.key, defender_portal=True)
    assert made_of(control, nonce=6) == []


def test_sentinels_own_principal_holds_the_role_on_the_group_of_playbooks(arm, control):
    place = arm.workspace
    group = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    tail = "/providers/Microsoft.Authorization/roleAssignments"
    (held,) = arm("GET", tail, at=group, version="2022-04-01").json()["value"]
    role = held["properties"]["roleDefinitionId"]
    assert role.endswith("f4c81013-99ee-4d62-a7ee-b3f1f648599a")
    control.workspace(place.key, playbook_permission=False)
    assert arm("GET", tail, at=group, version="2022-04-01").json()["value"] == []


def test_settings_tell_whether_user_behaviour_is_watched(shared_arm):
    kinds = {row["kind"] for row in shared_arm("GET", "/settings").json()["value"]}
    assert "Ueba" in kinds


def test_nothing_comes_while_the_connector_is_off(arm, control):
    control.workspace(arm.workspace.key, connector="Disabled")
    assert made_of(control, nonce=7) == []
    control.workspace(arm.workspace.key, connector="Enabled")
    assert len(made_of(control, nonce=7)) == 1
