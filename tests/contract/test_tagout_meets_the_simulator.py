"""Tagout's own client and the pretend Azure understand each other, over TLS and with tokens."""

import json

import pytest

from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.port import (
    ForeignHost,
    SentinelConflict,
    SentinelDenied,
    SentinelNotFound,
    SentinelThrottled,
    SentinelUnavailable,
)
from simulator.running import running_simulator
from tests.conftest import NOON

SECRET = "TAGOUT_CONTRACT_SECRET"
COMMENT = "0d9a7c1e-8a36-5a52-9d5b-000000000001"


def connected(running, key="portal"):
    place, application = running.workspaces[0], running.application(key)
    return AzureSentinelClient(
        Connection(
            workspace=place.key,
            tenant_id=place.tenant_id,
            subscription_id=place.subscription_id,
            resource_group=place.resource_group,
            workspace_name=place.name,
            endpoint=running.endpoint,
            authority=running.endpoint,
            credential="client-secret",
            client_id=application.client_id,
            secret_env=SECRET,
            ca_bundle=str(running.ca_file),
        )
    )


@pytest.fixture(scope="module")
def pretend():
    with running_simulator(now=NOON, incidents=900) as running:
        yield running


@pytest.fixture
def client(pretend, monkeypatch):
    monkeypatch.setenv(SECRET, pretend.application().secret)
    yield connected(pretend)
    pretend.control.clear_faults()


def inject(pretend, **asked):
    return pretend.control.inject(workspace=pretend.workspaces[0].key, **asked)


def test_pages_lead_through_all_incidents(client, pretend):
    expected = pretend.control.state()["incidents"][pretend.workspaces[0].key]
    names, link = [], None
    while True:
        body = json.loads(client.list_incidents(top=100, next_link=link))
        names += [incident["name"] for incident in body["value"]]
        link = body.get("nextLink")
        if link is None:
            break
    assert len(names) == len(set(names)) == sum(expected.values()) > 100


def test_an_incident_with_what_belongs_to_it(client, pretend):
    name = json.loads(client.list_incidents(top=1))["value"][0]["name"]
    assert json.loads(client.get_incident(name))["name"] == name
    assert json.loads(client.list_alerts(name))["value"]
    kinds = {entity["kind"] for entity in json.loads(client.list_entities(name))["entities"]}
    assert "IoTDevice" in kinds or "Ip" in kinds


def test_a_write_needs_the_version_that_was_read(client, pretend):
    name = inject(pretend)["name"]
    read = json.loads(client.get_incident(name))
    receipt = client.put_incident(name, read)
    assert receipt.etag not in {None, read["etag"]}
    with pytest.raises(SentinelConflict):
        client.put_incident(name, read)


def test_a_comment_sent_twice_is_one_comment(client, pretend):
    name = inject(pretend)["name"]
    body = {"properties": {"message": "routine"}}
    client.put_comment(name, COMMENT, body)
    client.put_comment(name, COMMENT, body)
    (only,) = json.loads(client.list_comments(name))["value"]
    assert only["name"] == COMMENT


def test_what_goes_wrong_is_told_in_tagouts_words(client, pretend):
    where = "/incidents"
    for fault, expected in (
        ({"status": 429, "retry_after": 17}, SentinelThrottled),
        ({"status": 503}, SentinelUnavailable),
        ({"status": 403, "code": "AuthorizationFailed"}, SentinelDenied),
        ({"drop": "before"}, SentinelUnavailable),
        ({"body": "truncated"}, SentinelUnavailable),
    ):
        pretend.control.fault(path=where, **fault)
        with pytest.raises(expected):
            client.list_incidents(top=1)
        pretend.control.clear_faults()
    with pytest.raises(SentinelNotFound):
        client.get_incident("5d1f6f2e-3c7e-4d1f-9a5e-00000000dead")


def test_a_link_to_another_host_is_not_followed(client, pretend):
    pretend.control.fault(path="/incidents", next_link="foreign", count=1)
    link = json.loads(client.list_incidents(top=1))["nextLink"]
    with pytest.raises(ForeignHost):
        client.list_incidents(next_link=link)


def test_a_reader_cannot_write(pretend, monkeypatch):
    name = inject(pretend)["name"]
    monkeypatch.setenv(SECRET, pretend.application("reader").secret)
    reader = connected(pretend, "reader")
    read = json.loads(reader.get_incident(name))
    with pytest.raises(SentinelDenied):
        reader.put_incident(name, read)


def test_the_probe_finds_incidents_and_what_is_left(client):
    report = client.probe()
    assert report.has_incidents
    assert report.reads_left
