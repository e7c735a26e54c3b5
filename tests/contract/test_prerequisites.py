"""Our client reads and writes what stands around a workspace, and asks for nothing else."""

import json

import pytest

from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.port import SentinelDenied, SentinelNotFound, SentinelRefused
from alerts.sentinel.client.prerequisites import Prerequisite, Writable
from simulator.running import running_simulator
from tests.factories.azure import SECRET, connection_to

TEMPLATE = "e068187a-01f5-4737-bc13-25db4027b7ea"
PACKAGE = "azuresentinel.azure-sentinel-solution-unifiedmicrosoftsoc"


@pytest.fixture(scope="module")
def running():
    with running_simulator() as pretend:
        yield pretend


@pytest.fixture
def connect(running, monkeypatch):
    made = []

    def client_of(key="portal", place=running.workspaces[0]):
        monkeypatch.setenv(SECRET, running.application(key).secret)
        connection = connection_to(running, application=key, place=place)
        made.append(AzureSentinelClient(connection))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


def of_what(part, place):
    """What a part is asked of, in this workspace."""
    group = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    return {
        Prerequisite.SUBSCRIPTION_RIGHTS: place.subscription_id,
        Prerequisite.PLAN: place.subscription_id,
        Prerequisite.REQUIREMENTS: place.subscription_id,
        Prerequisite.ROLE_ASSIGNMENTS: group,
        Prerequisite.GROUP_RIGHTS: group,
        Prerequisite.TEMPLATE: TEMPLATE,
    }.get(part, "")


@pytest.mark.parametrize("part", Prerequisite, ids=str)
def test_every_part_is_read(connect, running, part):
    answer = json.loads(connect().read_prerequisite(part, of=of_what(part, running.workspaces[0])))
    assert (
        answer.get("value")
        or answer.get("properties")
        or answer.get("registrationState")
        or (part is Prerequisite.REQUIREMENTS and answer["licenseState"] == "Valid")
    )


@pytest.mark.abuse("A38")
@pytest.mark.parametrize(
    ("part", "of"),
    [
        (Prerequisite.PLAN, "../../secrets"),
        (Prerequisite.PLAN, ""),
        (Prerequisite.SUBSCRIPTION_RIGHTS, "1;drop"),
        (Prerequisite.REQUIREMENTS, '","kind":"x'),
        (Prerequisite.ROLE_ASSIGNMENTS, "/subscriptions/x/resourceGroups/y"),
        (Prerequisite.ROLE_ASSIGNMENTS, "//evil.example/"),
        (Prerequisite.TEMPLATE, ".."),
        (Prerequisite.TEMPLATE, ""),
    ],
)
def test_what_is_no_place_is_not_asked(connect, part, of):
    client = connect()
    with pytest.raises(SentinelRefused):
        client.read_prerequisite(part, of=of)
    assert client.answered == 0


def test_a_name_cannot_leave_its_place(connect):
    client = connect()
    with pytest.raises(SentinelNotFound):
        client.read_prerequisite(Prerequisite.TEMPLATE, of=f"../alertRules/{TEMPLATE}")
    with pytest.raises(SentinelRefused):
        client.put_prerequisite(Writable.CONNECTOR, "..", {})


def test_a_connector_a_package_and_a_rule_are_written(connect, running):
    place = running.workspaces[1]
    running.control.empty(place.key)
    client = connect(place=place)
    alerts = {"alerts": {"state": "Enabled"}}
    connector = {"subscriptionId": place.subscription_id, "dataTypes": alerts}
    client.put_prerequisite(Writable.CONNECTOR, "c", {"kind": "IOT", "properties": connector})
    offered = json.loads(client.read_prerequisite(Prerequisite.CATALOGUE))["value"]
    (package,) = [row["properties"] for row in offered if row["properties"]["contentId"] == PACKAGE]
    client.put_prerequisite(Writable.PACKAGE, PACKAGE, {"properties": package})
    properties = {"displayName": "R", "enabled": True, "suppressionEnabled": False}
    rule = {"kind": "Scheduled", "properties": properties | {"suppressionDuration": "PT5H"}}
    written = json.loads(client.put_prerequisite(Writable.ANALYTICS_RULE, "r", rule))
    assert written["properties"]["displayName"] == "R"
    for part in (Prerequisite.CONNECTORS, Prerequisite.PACKAGES):
        assert len(json.loads(client.read_prerequisite(part))["value"]) == 1


def test_who_may_only_read_writes_nothing(connect):
    with pytest.raises(SentinelDenied):
        connect("reader").put_prerequisite(Writable.CONNECTOR, "c", {"kind": "IOT"})
