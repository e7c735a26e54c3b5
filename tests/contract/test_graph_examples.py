"""Every example of Graph is read by Tagout, and the pretend Graph answers with its members."""

import pytest

from alerts.sentinel.client.answers import error_for
from alerts.sentinel.client.errors import (
    SentinelDenied,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sentinel.wire.graph.alerts import alert_document
from alerts.sentinel.wire.graph.comments import comment_documents, graph_comment_text
from alerts.sentinel.wire.graph.evidence import entity_documents
from alerts.sentinel.wire.graph.incidents import (
    Counterpart,
    incident_document,
    product_of,
    read_graph_alerts,
    read_graph_incident,
    read_graph_page,
)
from alerts.sentinel.wire.graph.patches import patch_for
from alerts.sentinel.wire.incidents import read_incident
from simulator.running import running_simulator
from tests.contract.examples import ARE_HERE, GRAPH, NOT_HERE, as_bytes, graph_body, graph_exchanges
from tests.simulator.conftest import START
from tests.simulator.conftest import Graph as GraphCalls

pytestmark = [pytest.mark.contract, pytest.mark.skipif(not ARE_HERE, reason=NOT_HERE)]
NAME = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
ONE_INCIDENT = {
    "Incident_Get.json": [0],
    "Incident_Update.json": [0],
    "Incident_Close.json": [0],
    "Incident_Redirected.json": [0, 1],
    "Pair_ArmIncident_GraphIncident.json": [1],
}
ONE_ALERT = ("Alert_IoTDeviceEvidence.json", "Alert_Update.json")
LISTS = ("Incidents_List.json", "Incidents_List_ExpandAlerts.json", "AlertsV2_List_Sentinel.json")
OTHERS = {"Incident_PostComment.json", "Errors.json"}
# Tagout neither merges incidents nor hunts: it asks Log Analytics. The pretend Graph does both.
NOT_ASKED = {"MergeIncidents.json", "RunHuntingQuery.json"}


def as_sentinel_says(body, alerts=()):
    """The incident of an answer of Graph, put into Sentinel's words and read from them."""
    incident = read_graph_incident(as_bytes(body))
    counterpart = Counterpart(incident.id, NAME, 2673)
    return read_incident(as_bytes(incident_document(incident, counterpart, alerts=list(alerts))))


def read_alert(body):
    document = alert_document(body, product=product_of(body))
    (alert,) = read_alerts(as_bytes({"value": [document]}))
    return alert


def test_every_example_is_looked_at():
    names = {file.name for file in GRAPH.glob("*.json")}
    assert names == {*ONE_INCIDENT, *ONE_ALERT, *LISTS, *OTHERS, *NOT_ASKED}


@pytest.mark.parametrize("name", ONE_INCIDENT)
def test_an_incident_is_read_without_a_flag(name):
    for place in ONE_INCIDENT[name]:
        body = graph_body(name, place)
        incident = as_sentinel_says(body)
        is_future = body["status"] == "unknownFutureValue"
        assert bool(incident.flags) is is_future, incident.flags
        assert incident.title == body["displayName"]
        assert incident.modified_at and incident.created_at


def test_both_sides_of_one_incident_say_the_same():
    arm, graph = (graph_body("Pair_ArmIncident_GraphIncident.json", place) for place in range(2))
    ours, theirs = read_incident(as_bytes(arm)), as_sentinel_says(graph)
    for member in ("title", "status", "severity", "classification", "classification_reason"):
        assert getattr(ours, member) == getattr(theirs, member), member
    assert [label.name for label in ours.labels] == [label.name for label in theirs.labels]
    assert ours.raw["properties"]["providerIncidentId"] == graph["id"]


def test_a_merged_incident_names_the_survivor():
    body = graph_body("Incident_Redirected.json")
    assert read_graph_incident(as_bytes(body)).redirected_to == "8754"
    assert as_sentinel_says(body).is_merged_away


@pytest.mark.parametrize("name", LISTS[:2])
def test_a_list_of_incidents_is_read_to_its_empty_last_page(name):
    for exchange in graph_exchanges(name):
        body = exchange["response"]["body"]
        page = read_graph_page(as_bytes(body))
        assert len(page.incidents) == len(body["value"]) and not page.unreadable
        assert page.next_link == body.get("@odata.nextLink")
        for incident in page.incidents:
            for alert in incident.alerts or []:
                assert read_alert(alert).flags == ()


@pytest.mark.parametrize("name", ONE_ALERT)
def test_an_alert_is_read_without_a_flag(name):
    body = graph_body(name)
    alert = read_alert(body)
    assert (alert.title, alert.flags) == ("PLC Stop Command", ())
    assert f"sn{alert.system_alert_id}" == body["id"]


def test_a_list_of_alerts_is_read():
    alerts, link = read_graph_alerts(as_bytes(graph_body("AlertsV2_List_Sentinel.json")))
    assert alerts and link is None
    assert all(read_alert(alert).flags == () for alert in alerts)


def test_a_device_of_the_plant_is_read_from_evidence():
    body = graph_body("Alert_IoTDeviceEvidence.json")
    entities = read_entities(as_bytes(entity_documents([body]))).entities
    device = next(entity.device for entity in entities if entity.device)
    assert (device.site, device.zone, device.sensor) == ("Plant A", "Line 3", "sensor-plant-a")
    assert device.ip_addresses == ("10.20.3.15",)
    assert all(entity.flags == () for entity in entities)


def test_comments_are_read_and_ours_is_sent_as_the_example_sends_it():
    request = graph_exchanges("Incident_PostComment.json")[0]["request"]
    comments, _ = read_graph_alerts(as_bytes(graph_body("Incident_PostComment.json")))
    documents = comment_documents("3962396", comments)
    rows = read_comments(as_bytes({"value": documents})).items
    assert [row.message for row in rows] == [row["comment"] for row in comments]
    sent = {
        "@odata.type": request["body"]["@odata.type"],
        "comment": graph_comment_text("x", key=NAME),
    }
    assert set(sent) == set(request["body"])


def test_a_closing_is_sent_as_the_example_sends_it():
    exchange = graph_exchanges("Incident_Close.json")[0]
    before = exchange["response"]["body"] | {
        "status": "active",
        "classification": "unknown",
        "determination": "unknown",
        "resolvingComment": None,
    }
    changes = {
        "status": "Closed",
        "classification": "BenignPositive",
        "classificationReason": "SuspiciousButExpected",
        "classificationComment": "Planned maintenance, approval 4711",
    }
    assert patch_for(before, changes).members == exchange["request"]["body"]


def test_every_refusal_becomes_an_error_of_ours():
    expected = {
        400: SentinelRefused,
        403: SentinelDenied,
        429: SentinelThrottled,
        500: SentinelUnavailable,
    }
    for exchange in graph_exchanges("Errors.json"):
        response = exchange["response"]
        headers = response.get("headers", {})
        error = error_for(response["status"], headers, as_bytes(response["body"]))
        assert isinstance(error, expected[response["status"]])
        if response["status"] == 429:
            assert error.retry_after == 10


# --- the pretend Graph has the members of the examples, no more and no fewer


@pytest.fixture(scope="module")
def graph():
    with running_simulator(now=START) as running:
        running.control.onboard(running.workspaces[0].key)
        running.control.application(
            "portal",
            permissions=[
                "SecurityIncident.ReadWrite.All",
                "SecurityAlert.ReadWrite.All",
            ],
        )
        client = GraphCalls(running)
        yield client
        client.link.close()


@pytest.fixture(scope="module")
def number(graph):
    return graph.of(graph.running.control.inject(kind="tuesday-download"))


def test_the_pretend_incident_has_the_members_of_the_example(graph, number):
    example = graph_body("Incident_Get.json")
    assert set(graph("GET", f"/incidents/{number}").json()) == set(example)
    listed = graph("GET", "/incidents", **{"$expand": "alerts"}).json()
    expanded = graph_body("Incidents_List_ExpandAlerts.json")
    assert listed["@odata.context"] == expanded["@odata.context"]
    assert set(listed["value"][0]) == set(expanded["value"][0])
    changed = graph("PATCH", f"/incidents/{number}", json={"severity": "low"}).json()
    assert set(changed) == set(graph_body("Incident_Update.json"))


def test_the_pretend_alert_and_its_evidence_have_the_members_of_the_example(graph, number):
    example = graph_body("Alert_IoTDeviceEvidence.json")
    (alert,) = graph("GET", f"/incidents/{number}/alerts").json()["value"]
    assert set(alert) == set(example) - {"@odata.context"}  # of an answer with one alert
    by_type = {row["@odata.type"]: row for row in example["evidence"]}
    for evidence in alert["evidence"]:
        theirs = by_type[evidence["@odata.type"]]
        assert set(evidence) == set(theirs)
        for member in ("ipAddress", "sourceAddress"):
            if isinstance(theirs.get(member), dict):
                assert set(evidence[member]) == set(theirs[member])


def test_the_pretend_answers_to_comments_are_shaped_alike(graph, number):
    exchange = graph_exchanges("Incident_PostComment.json")[0]
    answer = graph("POST", f"/incidents/{number}/comments", json=exchange["request"]["body"]).json()
    theirs = exchange["response"]["body"]
    assert set(answer) == set(theirs) and set(answer["value"][0]) == set(theirs["value"][0])


def test_the_pretend_refusals_are_shaped_alike(graph, number):
    answers = {
        400: graph("GET", "/incidents", **{"$top": 100}),
        403: GraphCalls(graph.running, "reader")("PATCH", f"/incidents/{number}", json={}),
    }
    graph.running.control.throttle(on=True, limits={"graph security": 0})
    answers[429] = graph("GET", "/incidents")
    graph.running.control.throttle(on=False)
    for exchange in graph_exchanges("Errors.json"):
        answer = answers.get(exchange["response"]["status"])
        if answer is None or "runHuntingQuery" in exchange["request"]["url"]:
            continue
        theirs = exchange["response"]["body"]["error"]
        ours = answer.json()["error"]
        assert ours["code"] == theirs["code"]
        assert set(ours["innerError"]) == set(theirs["innerError"])
        if answer.status_code == 400:
            assert ours["message"] == theirs["message"]
