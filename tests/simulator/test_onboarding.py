"""A workspace comes to the Defender portal while everything goes on."""

import pytest

from simulator.client import ControlRefused
from simulator.running import running_simulator
from tests.simulator.conftest import CLOSING, PREVIEW, START, Graph, a_rule, modify

DOWNLOAD = "tuesday-download"
NAME = "5d1f6f2e-3c7e-4d1f-9a5e-000000000001"


def properties_of(arm, name):
    return arm("GET", f"/incidents/{name}").json()["properties"]


@pytest.mark.parametrize(("which", "expected"), [("open", 1), ("all", 2), ("none", 0)])
def test_incidents_that_were_there_come_along_as_asked(arm, control, which, expected):
    still_open = control.inject(properties={"title": "open"})
    closed = control.inject(properties={"title": "closed", **CLOSING})
    assert control.onboard(arm.workspace.key, incidents=which)["moved"] == expected
    names = [still_open["name"], closed["name"]]
    providers = [properties_of(arm, name)["providerName"] for name in names]
    assert providers.count("Microsoft XDR") == expected
    client = Graph(arm.running)
    assert len(client.incidents()) == expected
    client.link.close()


def test_one_that_comes_along_is_changed_once_and_keeps_its_name_and_number(arm, control):
    summary = control.inject(properties={"title": "open"})
    control.onboard(arm.workspace.key)
    resource = arm("GET", f"/incidents/{summary['name']}").json()
    assert resource["etag"] != summary["etag"]
    assert resource["properties"]["incidentNumber"] == summary["number"]
    control.onboard(arm.workspace.key)
    assert arm("GET", f"/incidents/{summary['name']}").json()["etag"] == resource["etag"]


def test_only_analytics_rules_make_incidents_from_then_on(arm, control):
    before = properties_of(arm, control.inject(kind=DOWNLOAD)["name"])
    assert before["relatedAnalyticRuleIds"] == []
    assert before["title"] == "Unauthorized PLC Programming"
    control.onboard(arm.workspace.key)
    made = control.inject(kind=DOWNLOAD)["name"]
    after = properties_of(arm, made)
    assert len(after["relatedAnalyticRuleIds"]) == 1
    assert after["title"] == "(MDIoT) Unauthorized PLC Programming involving multiple assets"
    (alert,) = arm("POST", f"/incidents/{made}/alerts").json()["value"]
    assert "VendorOriginalId" in alert["properties"]["additionalData"]["Custom Details"]


def test_connectors_that_the_portal_replaces_are_switched_off(arm, control):
    place = arm.workspace.key
    body = {"kind": "OfficeATP", "properties": {"dataTypes": {"alerts": {"state": "Enabled"}}}}
    control.resource(place, "dataConnectors", "mail", body=body)

    def states():
        rows = arm("GET", "/dataConnectors", version=PREVIEW).json()["value"]
        types = {row["kind"]: row["properties"]["dataTypes"] for row in rows}
        return [types[kind]["alerts"]["state"] for kind in ("OfficeATP", "IOT")]

    assert states() == ["Enabled", "Enabled"]
    control.onboard(place)
    assert states() == ["Disabled", "Enabled"]


def test_what_no_rule_watches_makes_no_incident(arm, control):
    options = {"title": "Unauthorized HTTP Activity"}
    assert control.inject(kind=DOWNLOAD, options=options)["incidents"]
    control.onboard(arm.workspace.key)
    assert not control.inject(kind=DOWNLOAD, options=options)["incidents"]


def test_a_rule_that_is_off_makes_no_incident(arm, control):
    control.onboard(arm.workspace.key)
    (rule,) = [
        resource
        for resource in arm("GET", "/alertRules").json()["value"]
        if resource["properties"]["displayName"] == "Unauthorized PLC changes"
    ]
    rule["properties"]["enabled"] = False
    assert arm("PUT", f"/alertRules/{rule['name']}", json=rule).status_code == 200
    assert not control.inject(kind=DOWNLOAD)["incidents"]


def test_the_plant_lives_on_with_fewer_incidents():
    counts = {}
    for is_onboarded in (False, True):
        with running_simulator(now=START, living=True) as running:
            running.control.settings(per_day=200)
            for place in running.workspaces if is_onboarded else ():
                running.control.onboard(place.key)
            counts[is_onboarded] = running.control.advance(12 * 3600)["created"]
            client = Graph(running)
            assert len(client.incidents()) == (min(counts[True], 50) if is_onboarded else 0)
            client.link.close()
    assert 0 < counts[True] < counts[False]


def test_an_incident_made_by_the_api_does_not_reach_the_portal(graph):
    graph.arm.put(NAME)
    assert properties_of(graph.arm, NAME)["providerName"] == "Azure Sentinel"
    assert not graph.incidents()


def test_automation_rules_see_no_description_of_a_new_incident(graph, control):
    about = {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentDescription",
            "operator": "Contains",
            "propertyValues": ["program"],
        },
    }
    control.rule(
        graph.arm.workspace.key,
        "by-description",
        properties=a_rule(conditions=[about], actions=modify(severity="Low")),
    )
    made = control.inject(kind=DOWNLOAD)
    assert properties_of(graph.arm, made["name"])["severity"] == "High"


def mark(arm, text):
    for rule in arm("GET", "/alertRules").json()["value"]:
        if rule["kind"] == "Scheduled":
            rule["properties"]["description"] = text
            assert arm("PUT", f"/alertRules/{rule['name']}", json=rule).status_code == 200


@pytest.mark.parametrize(
    ("default", "text", "is_merged"),
    [
        (False, "", False),
        (False, "#INC_CORR# one cause", True),
        (True, "", True),
        (True, "#dont_corr#", False),
    ],
)
def test_incidents_are_joined_where_the_rules_ask_for_it(graph, control, default, text, is_merged):
    control.workspace(graph.arm.workspace.key, correlation=default)
    mark(graph.arm, text)
    for nonce in range(2):
        control.inject(kind=DOWNLOAD, options={"nonce": nonce, "destination": "PLC-PL2-08"})
    statuses = [body["status"] for body in graph.incidents()]
    assert ("redirected" in statuses) is is_merged


def test_incidents_of_other_workspaces_are_shown_too(graph, control):
    other = graph.running.workspaces[1]
    control.onboard(other.key)
    control.inject(properties={"title": "elsewhere"}, workspace=other.key)
    assert [body["displayName"] for body in graph.incidents()] == ["elsewhere"]


def test_which_ones_come_along_must_be_one_of_three(arm, control):
    with pytest.raises(ControlRefused, match="open, all, none"):
        control.onboard(arm.workspace.key, incidents="some")


def test_the_portal_is_remembered(tmp_path):
    with running_simulator(now=START, data=tmp_path) as running:
        running.control.onboard(running.workspaces[0].key)
        running.control.graph(evidence="none")
        running.control.inject(kind=DOWNLOAD)
    with running_simulator(now=START, data=tmp_path) as running:
        client = Graph(running)
        (body,) = client.incidents(**{"$expand": "alerts"})
        client.link.close()
    assert body["alerts"][0]["evidence"] == []


def test_a_rule_of_ones_own_makes_incidents_of_what_the_solution_leaves_out(graph, control):
    title, other = "Unauthorized HTTP Activity", "FTP Login Failed"
    own = {
        "displayName": "What the solution leaves out",
        "enabled": True,
        "suppressionDuration": "PT5H",
        "suppressionEnabled": False,
        "severity": "Low",
        "query": f"""SecurityAlert
            | where ProviderName == "IoTSecurity" and AlertName in ("{title}")
            | extend Sensor = tostring(parse_json(ExtendedProperties).DeviceId)
            | project TimeGenerated, AlertName, AlertSeverity, Description, ProductName, Sensor,
                VendorOriginalId, Tactics""",
        "alertDetailsOverride": {
            "alertDisplayNameFormat": "(MDIoT) {{AlertName}}",
            "alertSeverityColumnName": "AlertSeverity",
        },
        "customDetails": {"VendorOriginalId": "VendorOriginalId", "Sensor": "Sensor"},
    }
    body = {"kind": "Scheduled", "properties": own}
    assert graph.arm("PUT", f"/alertRules/{NAME}", json=body).status_code == 201
    (made,) = control.inject(kind=DOWNLOAD, options={"title": title})["incidents"]
    assert not control.inject(kind=DOWNLOAD, options={"title": other})["incidents"]
    (incident,) = graph.incidents(**{"$expand": "alerts"})
    (alert,) = incident["alerts"]
    assert alert["title"] == f"(MDIoT) {title}" and alert["detectorId"] == NAME
    assert "VendorOriginalId" in alert["customDetails"]
    assert alert["evidence"], "the devices of the happening"
    assert graph.of(made) == incident["id"]


def test_a_workspace_may_live_in_the_portal_from_its_first_day(arm, control):
    summary = control.inject(properties={"title": "closed", **CLOSING})
    for _ in range(2):
        arm.running.simulator.begin_in_portal(arm.workspace.key)
    assert properties_of(arm, summary["name"])["providerName"] == "Microsoft XDR"
    rules = [row["properties"] for row in arm("GET", "/alertRules").json()["value"]]
    details = [rule["customDetails"] for rule in rules if "customDetails" in rule]
    assert len(details) == 15 and all(row["AlertName"] == "AlertName" for row in details)
    began = {row["key"]: row["began_in_portal"] for row in control.plant()["workspaces"]}
    assert [key for key, value in began.items() if value] == [arm.workspace.key]


def test_a_workspace_that_was_in_the_portal_from_the_start_keeps_the_times_it_has(arm, control):
    closed = control.inject(properties={"title": "closed", **CLOSING})["name"]
    changed = properties_of(arm, closed)["lastModifiedTimeUtc"][:19]
    control.advance(7200)
    arm.running.simulator.begin_in_portal(arm.workspace.key)
    assert properties_of(arm, closed)["lastModifiedTimeUtc"][:19] == changed
    client = Graph(arm.running)
    (incident,) = client.incidents()
    assert incident["lastUpdateDateTime"][:19] == changed
    client.link.close()
