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
    body = graph("GET", f"/alerts_v2/{alert['id']}", prefer=False).json()
    assert body["serviceSource"] == body["detectionSource"] == "unknownFutureValue"
    answer = graph("GET", f"/alerts_v2/{alert['id']}")
    assert answer.json()["serviceSource"] == "microsoftSentinel"
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
        body = graph("GET", f"/alerts_v2/{alert['id']}").json()
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
    assert not graph("GET", "/alerts_v2").json()["value"]
    assert graph.arm("POST", f"/incidents/{summary['name']}/alerts").json()["value"]


def test_lists_take_eight_filters_and_pages(graph, control, alert):
    control.inject(kind=DOWNLOAD, options={"nonce": 1})
    wish = "serviceSource eq 'microsoftSentinel' and status eq 'new'"
    page = graph("GET", "/alerts_v2", **{"$filter": wish, "$top": 1}).json()
    rest = graph.follow(page["@odata.nextLink"]).json()
    ids = [row["id"] for row in page["value"] + rest["value"]]
    assert len(set(ids)) == 2 and "@odata.nextLink" not in rest
    for query in (
        {"$filter": "title eq 'x'"},
        {"$filter": "productName eq 'x'"},
        {"$top": 1001},
        {"$skip": 501},
    ):
        assert graph("GET", "/alerts_v2", **query).status_code == 400, query


def test_an_alert_is_changed_and_commented(graph, alert):
    change = {
        "status": "inProgress",
        "classification": "informationalExpectedActivity",
        "determination": "confirmedActivity",
        "assignedTo": "marta",
    }
    body = graph("PATCH", f"/alerts_v2/{alert['id']}", json=change).json()
    assert {name: body[name] for name in change} == change
    comment = {"comment": "Seen."}
    answer = graph("POST", f"/alerts_v2/{alert['id']}/comments", json=comment)
    assert [row["comment"] for row in answer.json()["value"]] == ["Seen."]
    answer = graph("PATCH", f"/alerts_v2/{alert['id']}", json={"title": "x"})
    assert answer.status_code == 400
    assert graph("GET", "/alerts_v2/snothing").status_code == 404


def test_assigning_an_incident_assigns_its_alerts(graph, alert, control):
    number = alert["incidentId"]
    graph("PATCH", f"/incidents/{number}", json={"assignedTo": "marta"})
    (body,) = graph("GET", f"/incidents/{number}/alerts").json()["value"]
    assert body["assignedTo"] == "marta"
    control.graph(changes_alerts=False)
    graph("PATCH", f"/incidents/{number}", json={"status": "resolved"})
    (body,) = graph("GET", f"/incidents/{number}/alerts").json()["value"]
    assert body["status"] == "new"


def test_expanding_alerts_can_be_made_to_fail(graph, control, alert):
    (body,) = graph.incidents(**{"$expand": "alerts"})
    assert [row["id"] for row in body["alerts"]] == [alert["id"]]
    control.fault(path="expand=alerts", status=500, code="InternalServerError")
    answer = graph("GET", "/incidents", **{"$expand": "alerts"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalServerError")
    assert "alerts" not in graph.incidents()[0]
