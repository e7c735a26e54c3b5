"""The client of Log Analytics: its own host and token, bounded as every call is."""

import json
from dataclasses import replace

import pytest

from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.log_analytics import AzureLogsClient, is_too_much
from alerts.sentinel.client.port import (
    SentinelDenied,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from simulator.running import running_simulator
from tests.conftest import NOON

SECRET = "TAGOUT_LOGS_CLIENT_TEST_SECRET"


@pytest.fixture(scope="module")
def pretend():
    with running_simulator(now=NOON, incidents=30) as running:
        yield running


@pytest.fixture
def connection(pretend, monkeypatch):
    place, registration = pretend.workspaces[0], pretend.application()
    monkeypatch.setenv(SECRET, registration.secret)
    yield Connection(
        workspace="far",
        tenant_id=place.tenant_id,
        subscription_id=place.subscription_id,
        resource_group=place.resource_group,
        workspace_name=place.name,
        endpoint=pretend.endpoint,
        authority=pretend.endpoint,
        credential="client-secret",
        client_id=registration.client_id,
        secret_env=SECRET,
        ca_bundle=str(pretend.ca_file),
        logs_endpoint=pretend.endpoint,
    )
    pretend.control.clear_faults()


def rows(client, text):
    return json.loads(client.query(text))["tables"][0]["rows"]


def test_it_asks_in_kql_and_looks_the_workspace_up_once(connection, pretend):
    client = AzureLogsClient(connection)
    assert rows(client, "SecurityIncident | summarize dcount(IncidentName)")[0][0] > 5
    pretend.control.fault(path="/workspaces/[^/]+\\?", status=500)  # the resource manager's
    assert rows(client, "print 1 + 1") == [[2]]


@pytest.mark.parametrize(
    ("endpoint", "named", "address"),
    [
        ("https://management.azure.com", "", "https://api.loganalytics.io"),
        ("https://management.usgovcloudapi.net", "", "https://api.loganalytics.us"),
        ("https://management.chinacloudapi.cn", "", "https://api.loganalytics.azure.cn"),
        ("https://management.azure.com", "https://logs.example/", "https://logs.example"),
        ("https://azure.example", "", ""),
    ],
)
def test_where_it_asks_follows_from_the_cloud(connection, endpoint, named, address):
    found = replace(connection, endpoint=endpoint, logs_endpoint=named)
    assert found.logs_address == address
    assert found.logs_scope == f"{address}/.default", "its token is for that address alone"


def test_where_no_address_is_known_nothing_is_asked(connection):
    with pytest.raises(SentinelRefused, match="--logs-endpoint"):
        AzureLogsClient(replace(connection, logs_endpoint="")).query("print 1")


def test_what_is_refused_or_asked_to_wait_is_told_in_our_words(connection, pretend):
    client = AzureLogsClient(connection)
    with pytest.raises(SentinelRefused, match="BadArgumentError"):
        client.query("SecurityIncident | where")
    pretend.control.fault(path="/query", status=429, retry_after=40, count=1)
    with pytest.raises(SentinelThrottled) as caught:
        client.query("print 1")
    assert caught.value.retry_after == 40
    denied = ["Microsoft.OperationalInsights/workspaces/query/*"]
    pretend.control.application("portal", denied=denied)
    try:
        with pytest.raises(SentinelDenied):
            client.query("print 1")
    finally:
        pretend.control.application("portal", denied=[])


@pytest.mark.parametrize(
    ("fault", "smaller_may_do"),
    [
        ({"status": 504, "code": "GatewayTimeout"}, True),
        ({"body": "gzip_bomb"}, True),
        ({"status": 500}, False),
        ({"body": "html"}, False),
        ({"drop": "before"}, False),
    ],
)
def test_it_is_asked_once_and_tells_whether_a_smaller_question_may_do(
    connection, pretend, fault, smaller_may_do
):
    client = AzureLogsClient(connection)
    pretend.control.fault(path="/query", count=1, **fault)
    with pytest.raises((SentinelUnavailable, SentinelRefused)) as caught:
        client.query("print 1")
    assert is_too_much(caught.value) is smaller_may_do


def test_what_hangs_ends_with_the_time_of_the_call(connection, pretend):
    client = AzureLogsClient(connection, seconds=0.6)
    client.query("print 1")
    pretend.control.fault(path="/query", delay=5.0, count=1)
    with pytest.raises(SentinelUnavailable) as caught:
        client.query("print 1")
    assert is_too_much(caught.value)
