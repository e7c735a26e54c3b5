"""The adapter to Graph and the pretend Defender portal understand each other, over TLS."""

import json

import pytest

from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.errors import (
    SentinelConflict,
    SentinelDenied,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.graph_calls import GraphCalls
from alerts.sentinel.client.graph_source import GraphIncidentSource
from alerts.sentinel.client.port import ListBy
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sentinel.wire.graph.incidents import Counterpart, listed_of
from alerts.sentinel.wire.incidents import comment_body, read_incident, read_incident_page
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.factories.graph import MemoryCounterparts

SECRET = "TAGOUT_CONTRACT_SECRET"
DOWNLOAD = "tuesday-download"
KEY = "0d9a7c1e-8a36-5a52-9d5b-000000000001"


@pytest.fixture(scope="module")
def pretend():
    with running_simulator(now=NOON, incidents=300) as running:
        running.control.onboard(workspace=running.workspaces[0].key, incidents="all")
        yield running


@pytest.fixture
def connection(pretend, monkeypatch):
    application = pretend.application()
    monkeypatch.setenv(SECRET, application.secret)
    place = pretend.workspaces[0]
    yield Connection(
        workspace=place.key,
        tenant_id=place.tenant_id,
        subscription_id=place.subscription_id,
        resource_group=place.resource_group,
        workspace_name=place.name,
        endpoint=pretend.endpoint,
        authority=pretend.endpoint,
        credential="client-secret",
        client_id=application.client_id,
        secret_env=SECRET,
        ca_bundle=str(pretend.ca_file),
        source="graph",
        graph_endpoint=pretend.endpoint,
    )
    pretend.control.clear_faults()


def _own_incidents(client):
    link, found = None, []
    while True:
        page = read_incident_page(client.list_incidents(next_link=link))
        found += page.items
        link = page.next_link
        if link is None:
            return found


def _counterpart_of(incident):
    properties = incident.raw["properties"]
    return Counterpart(
        properties["providerIncidentId"], incident.name, incident.number, listed_of(properties)
    )


@pytest.fixture
def source(connection):
    """The adapter, with all that Sentinel's own list says of the workspace's incidents."""
    own = AzureSentinelClient(connection)
    counterparts = MemoryCounterparts(*map(_counterpart_of, _own_incidents(own)))
    graph = GraphCalls(connection)
    yield GraphIncidentSource(graph, own, counterparts)
    graph.close()
    own.close()


def inject(pretend, source):
    """A new incident of the portal that Sentinel has heard of."""
    pretend.control.advance(60)  # what happens at the same moment has the same name
    name = pretend.control.inject(kind=DOWNLOAD)["name"]
    incident = read_incident(source.resource_manager.get_incident(name))
    source._counterparts.add(_counterpart_of(incident))
    return name


def read(source, name):
    return read_incident(source.get_incident(name))


def test_windows_lead_through_all_incidents_of_the_workspace(source):
    expected = {item.name for item in _own_incidents(source.resource_manager)}
    listed = _own_incidents(source)
    assert {item.name for item in listed} == expected
    assert len(expected) > 100
    assert source.capabilities.expand


def test_both_sides_say_the_same_of_an_incident(source):
    own = {item.name: item for item in _own_incidents(source.resource_manager)}
    for found in _own_incidents(source):
        arm = own[found.name]
        assert (found.title, found.status, found.severity) == (arm.title, arm.status, arm.severity)
        assert found.number == arm.number
        assert found.classification == arm.classification
        assert found.owner == arm.owner
        assert {label.name for label in found.labels} == {label.name for label in arm.labels}
        assert found.alerts_count == arm.alerts_count
        assert set(found.product_names) == set(arm.product_names)
        assert found.is_from_d4iot == arm.is_from_d4iot
        assert found.flags == ()


def test_both_sides_name_an_alert_by_the_same_id(source):
    for found in _own_incidents(source.resource_manager)[:40]:
        here = {a.vendor_original_id or a.system_alert_id for a in _alerts(source, found.name)}
        own = _alerts(source.resource_manager, found.name)
        assert here == {a.vendor_original_id or a.system_alert_id for a in own}


def _alerts(client, name):
    return read_alerts(client.list_alerts(name))


def test_an_alert_tells_what_the_sensor_saw(source, pretend):
    name = inject(pretend, source)
    here, own = _alerts(source, name)[0], _alerts(source.resource_manager, name)[0]
    assert (here.facts.sensor, here.facts.protocol) == (own.facts.sensor, own.facts.protocol)
    assert own.facts.source_address is None  # the rule's copy does not tell which way it went
    assert here.facts.source_address and here.facts.destination_address
    assert (here.title, here.severity) == (own.title, own.severity)
    assert here.is_from_d4iot


def test_a_close_goes_to_both_sides(source, pretend):
    name = inject(pretend, source)
    changes = {
        "status": "Closed",
        "classification": "BenignPositive",
        "classificationReason": "SuspiciousButExpected",
        "classificationComment": "Weekly backup.",
    }
    receipt = source.change_incident(read(source, name), changes, add_labels=["tagout:routine"])
    assert receipt.overtaken == ()
    for client in (source, source.resource_manager):
        incident = read(client, name)
        assert (incident.status, incident.classification) == ("Closed", "BenignPositive")
        assert [label.name for label in incident.labels] == ["tagout:routine"]


def test_who_changed_it_in_sentinel_meanwhile_is_not_written_over(source, pretend):
    name = inject(pretend, source)
    before = read(source, name)
    pretend.control.edit(incident=name, properties={"severity": "High"})
    with pytest.raises(SentinelConflict):
        source.change_incident(before, {"severity": "Low"})
    assert read(source, name).severity == "High"


def test_a_comment_sent_twice_is_one_comment_on_both_sides(source, pretend):
    name = inject(pretend, source)
    for _ in range(2):
        source.put_comment(name, KEY, comment_body("Routine."))
    (comment,) = read_comments(source.list_comments(name)).items
    assert (comment.name, comment.message) == (KEY, "Routine.")
    assert len(json.loads(source.resource_manager.list_comments(name))["value"]) == 1


def test_entities_name_the_places_of_devices(source, pretend):
    name = inject(pretend, source)
    found = read_entities(source.list_entities(name)).entities
    assert any(entity.device and entity.device.site for entity in found)


def test_where_alerts_break_the_list_it_is_read_without_them(source, pretend):
    pretend.control.fault(path="expand=alerts", status=500)
    found = _own_incidents(source)
    assert len(found) > 100
    assert not source.capabilities.expand
    assert all(item.alerts_count for item in found[:5])


def test_a_list_that_ignores_the_order_is_put_in_order(source, pretend):
    for how in ("ignored", "refused"):
        pretend.control.graph(orderby=how)
        source._is_ordered = True
        moments = [item.modified_at for item in _own_incidents(source)]
        assert moments == sorted(moments) and len(moments) > 100
    pretend.control.graph(orderby="honoured")


def test_what_goes_wrong_is_told_in_tagouts_words(source, pretend):
    for fault, expected in (
        ({"status": 429, "retry_after": 17}, SentinelThrottled),
        ({"status": 403}, SentinelDenied),
        ({"drop": "before"}, SentinelUnavailable),
        ({"body": "truncated"}, SentinelUnavailable),
    ):
        pretend.control.fault(path="/security/incidents", **fault)
        with pytest.raises(expected):
            source.list_incidents(by=ListBy.CREATED)
        pretend.control.clear_faults()
