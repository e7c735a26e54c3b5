"""Our adapter to Graph and the pretend Graph understand each other, over TLS and with tokens."""

import pytest

from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.graph_calls import GraphCalls
from alerts.sentinel.client.graph_source import GraphIncidentSource
from alerts.sentinel.client.port import (
    ForeignHost,
    SentinelConflict,
    SentinelDenied,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sentinel.wire.graph.incidents import Counterpart
from alerts.sentinel.wire.incidents import comment_body, read_incident, read_incident_page
from simulator.faults import MANGLERS
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.factories.azure import connection_to, secret_of
from tests.factories.graph import MemoryCounterparts

INCIDENTS = "/v1.0/security/incidents"
DOWNLOAD = "tuesday-download"


class Side:
    """One workspace of the Defender portal by our client, with what it must know of Sentinel's."""

    def __init__(self, running):
        self.running, self.place = running, running.workspaces[0]
        self.connection = connection_to(running, source="graph", graph_endpoint=running.endpoint)
        self.graph = GraphCalls(self.connection)
        self.sentinel = AzureSentinelClient(self.connection)
        self.counterparts = MemoryCounterparts()
        self.source = GraphIncidentSource(self.graph, self.sentinel, self.counterparts)

    def comes(self, **options):
        """Something happens at the plant; both sides of it are known."""
        return self.place_it(self.running.control.inject(kind=DOWNLOAD, options=options)["name"])

    def place_it(self, name):
        properties = read_incident(self.sentinel.get_incident(name)).raw["properties"]
        number = properties["incidentNumber"]
        self.counterparts.add(Counterpart(properties["providerIncidentId"], name, number))
        return name

    def listed(self):
        items, link = [], None
        while True:
            page = read_incident_page(self.source.list_incidents(next_link=link))
            items += page.items
            link = page.next_link
            if link is None:
                return items

    def close(self):
        self.graph.close()
        self.sentinel.close()


@pytest.fixture
def side():
    with running_simulator(now=NOON) as running, secret_of(running):
        running.control.onboard(running.workspaces[0].key)
        made = Side(running)
        yield made
        made.close()


def test_windows_lead_through_more_incidents_of_one_moment_than_a_page_holds(side):
    for summary in side.running.control.inject(count=120, properties={"title": "x"})["incidents"]:
        side.place_it(summary["name"])
    names = [item.name for item in side.listed()]
    assert len(set(names)) == 120


def test_what_was_made_in_another_workspace_is_left_out(side):
    other = side.running.workspaces[1].key
    side.running.control.onboard(other)
    side.running.control.inject(properties={"title": "theirs"}, workspace=other)
    name = side.comes()
    assert [item.name for item in side.listed()] == [name]
    assert len(side.counterparts.waiting) == 1


@pytest.mark.parametrize("expands", [True, False])
def test_an_incident_comes_with_alerts_and_entities(side, expands):
    if not expands:
        side.running.control.fault(path="expand=alerts", status=500)
    name = side.comes(destination="PLC-PL2-08")
    for _ in range(4):
        (incident,) = side.listed()
    assert (incident.name, incident.flags) == (name, ())
    (alert,) = read_alerts(side.source.list_alerts(name))
    assert (alert.title, alert.flags) == ("Unauthorized PLC Programming", ())
    entities = read_entities(side.source.list_entities(name)).entities
    assert "PLC-PL2-08" in {entity.device.device_name for entity in entities if entity.device}


@pytest.mark.parametrize("how", ["devices", "addresses", "none"])
def test_an_alert_is_read_with_any_evidence(side, how):
    side.running.control.graph(evidence=how)
    name = side.comes()
    (alert,) = read_alerts(side.source.list_alerts(name))
    assert alert.flags == ()
    assert bool(alert.facts.source_address) is (how != "none")


CLOSING = {
    "status": "Closed",
    "classification": "BenignPositive",
    "classificationReason": "SuspiciousButExpected",
    "classificationComment": "Planned work.",
}


def test_an_incident_is_closed_once_and_a_stale_copy_is_refused(side):
    name = side.comes()
    before = read_incident(side.source.get_incident(name))
    receipt = side.source.change_incident(before, CLOSING, add_labels=["tagout:maintenance"])
    assert (receipt.without_place, receipt.overtaken) == ((), ())
    arm = read_incident(side.sentinel.get_incident(name))
    assert (arm.status, arm.classification) == ("Closed", "BenignPositive")
    assert arm.raw["properties"]["classificationComment"] == "Planned work."
    assert [label.name for label in arm.labels] == ["tagout:maintenance"]
    with pytest.raises(SentinelConflict):
        side.source.change_incident(before, CLOSING)
    after = read_incident(side.source.get_incident(name))
    assert after.etag == receipt.etag


def test_what_a_person_did_in_sentinel_stands(side):
    name = side.comes()
    before = read_incident(side.source.get_incident(name))
    side.running.control.edit(name, by="marta", owner="marta", properties={"status": "Active"})
    with pytest.raises(SentinelConflict):
        side.source.change_incident(before, CLOSING)
    assert read_incident(side.sentinel.get_incident(name)).status == "Active"


def test_a_comment_whose_answer_was_lost_is_there_once(side):
    name, key = side.comes(), "5d1f6f2e-3c7e-4d1f-9a5e-000000000007"
    side.running.control.fault(path="/comments", method="POST", drop="after", count=1)
    with pytest.raises(SentinelUnavailable):
        side.source.put_comment(name, key, comment_body("Routine."))
    side.source.put_comment(name, key, comment_body("Routine."))
    (row,) = read_comments(side.source.list_comments(name)).items
    assert row.message == "Routine."
    assert len(read_comments(side.sentinel.list_comments(name)).items) == 1


def test_a_merged_incident_is_closed_and_names_its_survivor(side):
    loser, survivor = side.comes(nonce=1), side.comes(nonce=2)
    side.running.control.merge(loser, survivor)
    found = {item.name: item for item in side.listed()}
    assert found[loser].is_merged_away and found[loser].status == "Closed"
    assert found[loser].merged_into_number == found[survivor].number
    assert not read_alerts(side.source.list_alerts(loser))
    assert len(read_alerts(side.source.list_alerts(survivor))) == 2


def test_one_mangled_incident_costs_neither_its_page_nor_its_neighbours(side):
    names = {side.comes(nonce=nonce) for nonce in range(3)}
    for way in MANGLERS:
        side.running.control.fault(path=rf"{INCIDENTS}\?", mangle=way, count=1)
        assert len({item.name for item in side.listed()} & names) >= 2, way
    assert {item.name for item in side.listed()} == names


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "retry_after": 17}, SentinelThrottled),
        ({"status": 500}, SentinelUnavailable),
        ({"status": 503, "retry_after": 5}, SentinelUnavailable),
        ({"status": 401, "code": "InvalidAuthenticationToken"}, SentinelDenied),
        ({"status": 403, "code": "Forbidden"}, SentinelDenied),
        ({"body": "truncated"}, SentinelUnavailable),
        ({"body": "wrong_length"}, SentinelUnavailable),
        ({"body": "html"}, SentinelUnavailable),
        ({"body": "empty"}, SentinelUnavailable),
        ({"body": "not_json"}, SentinelUnavailable),
        ({"drop": "before"}, SentinelUnavailable),
    ],
)
def test_every_fault_ends_in_an_error_of_ours(side, fault, error):
    side.comes()
    side.running.control.fault(path=INCIDENTS, **fault)
    with pytest.raises(error):
        side.listed()


def test_a_link_to_another_host_is_not_followed(side):
    for summary in side.running.control.inject(count=60, properties={"title": "x"})["incidents"]:
        side.place_it(summary["name"])
    side.running.control.fault(path=INCIDENTS, next_link="foreign")
    with pytest.raises(ForeignHost):
        side.listed()


def test_an_order_that_is_not_kept_is_made_here(side):
    side.running.control.graph(orderby="ignored")
    first = side.comes(nonce=1)
    side.running.control.advance(60)
    second = side.comes(nonce=2)
    assert [item.name for item in side.listed()] == [first, second]


def test_without_consent_the_answer_names_the_permission(side):
    side.running.control.application("portal", permissions=["SecurityIncident.Read.All"])
    name = side.comes()
    before = read_incident(side.source.get_incident(name))
    with pytest.raises(SentinelDenied, match=r"SecurityIncident\.ReadWrite\.All"):
        side.source.change_incident(before, CLOSING)
