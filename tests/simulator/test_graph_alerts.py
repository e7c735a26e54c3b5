"""Alerts in Graph: which are there, what stands in them, and what newer values look like."""

import pytest

DOWNLOAD = "tuesday-download"


@pytest.fixture
def alert(graph, control):
    number = graph.of(control.inject(kind=DOWNLOAD))
    return graph("GET", f"/incidents/{number}/alerts").json()["value"][0]


def test_an_alert_of_an_analytics_rule_leads_to_the_raw_one(graph, alert):
    (rule,) = [
        resource["name"]
        for resource in graph.arm("GET", "/alertRules").json()["value"]
        if resource["properties"]["displayName"] == "Unauthorized PLC changes"
    ]
    assert alert["title"].startswith("(MDIoT) ")
    assert alert["detectorId"] == rule
    assert alert["id"] == f"sn{alert['providerAlertId']}"
    assert (alert["serviceSource"], alert["detectionSource"]) == (
        "microsoftSentinel",
        "scheduledAlerts",
    )
    assert alert["customDetails"]["VendorOriginalId"].startswith('["')


def test_newer_values_are_shown_only_to_who_asks(graph, alert):
    address = f"/incidents/{alert['incidentId']}/alerts"
    (body,) = graph("GET", address, prefer=False).json()["value"]
    assert body["serviceSource"] == body["detectionSource"] == "unknownFutureValue"
    answer = graph("GET", address)
    assert answer.json()["value"][0]["serviceSource"] == "microsoftSentinel"
    assert answer.headers["Preference-Applied"] == "include-unknown-enum-members"


def test_evidence_names_devices_and_direction_or_less(graph, control, alert):
    kinds = [row["@odata.type"].rsplit(".", 1)[-1] for row in alert["evidence"]]
    assert kinds == ["ioTDeviceEvidence", "ioTDeviceEvidence", "networkConnectionEvidence"]
    source, target, connection = alert["evidence"]
    assert (source["roles"], target["roles"]) == (["source"], ["destination"])
    assert target["site"] and target["zone"] and target["sensor"]
    assert connection["sourceAddress"]["ipAddress"] == source["ipAddress"]["ipAddress"]
    assert connection["destinationAddress"]["ipAddress"] == target["ipAddress"]["ipAddress"]
    for how, expected in (("addresses", {"ipEvidence"}), ("none", set())):
        control.graph(evidence=how)
        address = f"/incidents/{alert['incidentId']}/alerts"
        (body,) = graph("GET", address).json()["value"]
        assert {row["@odata.type"].rsplit(".", 1)[-1] for row in body["evidence"]} == expected


def test_raw_alerts_are_not_there(graph, control):
    raw = {
        "id": "/x/a1",
        "name": "a1",
        "kind": "SecurityAlert",
        "properties": {"systemAlertId": "a1", "productName": "Azure Security Center for IoT"},
    }
    summary = control.inject(properties={"title": "raw"}, alerts=[raw])
    assert not graph("GET", f"/incidents/{graph.of(summary)}/alerts").json()["value"]
    assert graph.arm("POST", f"/incidents/{summary['name']}/alerts").json()["value"]


def test_assigning_an_incident_assigns_its_alerts(graph, alert):
    number = alert["incidentId"]
    graph("PATCH", f"/incidents/{number}", json={"assignedTo": "marta"})
    (body,) = graph("GET", f"/incidents/{number}/alerts").json()["value"]
    assert body["assignedTo"] == "marta"


def test_expanding_alerts_can_be_made_to_fail(graph, control, alert):
    (body,) = graph.incidents(**{"$expand": "alerts"})
    assert [row["id"] for row in body["alerts"]] == [alert["id"]]
    control.fault(path="expand=alerts", status=500, code="InternalServerError")
    answer = graph("GET", "/incidents", **{"$expand": "alerts"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalServerError")
    assert "alerts" not in graph.incidents()[0]
