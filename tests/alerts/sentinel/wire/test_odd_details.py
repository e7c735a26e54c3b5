"""Answers with alerts and entities, read in one go, say what each record says by itself."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alerts.sentinel.wire import alerts as wire_alerts
from alerts.sentinel.wire import entities as wire_entities
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import EntityAnswer, read_entities
from alerts.sentinel.wire.records import NotAPage, Reader
from tests.factories.answers import ENTITY, alert, device, listed, rule_made

NIC = {
    "id": ENTITY + "NIC",
    "name": "N",
    "kind": "Nic",
    "properties": {"macAddress": "00:01", "ipAddressEntityId": ENTITY + "ip-PLC", "vlans": []},
}
HOST = {"name": "h", "kind": "Host", "properties": {"hostName": "EWS", "osFamily": "Windows"}}
COUNTS = [{"entityKind": "IoTDevice", "count": 1}, {"entityKind": "Ip", "count": 4}]


def entities(**properties: Any) -> list[dict]:
    """A device with its address and network card, and a computer."""
    values = {"isAuthorized": True, "protocols": ["CIP"], "nicEntityIds": [ENTITY + "nic"]}
    return [*device("PLC", "10.0.0.7", **(values | properties)), NIC, HOST]


def result_of(read: Callable[[bytes], Any], body: bytes) -> Any:
    """What a reader makes of an answer; raw JSON as a value: the order of members is nothing."""
    try:
        found = read(body)
    except NotAPage as refused:
        return str(refused)
    counts = found.counts if isinstance(found, EntityAnswer) else None
    items = found.entities if isinstance(found, EntityAnswer) else found
    return counts, [
        structs.replace(item, raw_json=orjson.loads(item.raw_json))
        if hasattr(item, "raw_json")
        else item
        for item in items
    ]


def record_by_record(reader: Reader, read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """The same reading, with each record by whatever it holds."""

    def read_records(body: bytes) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "answer", lambda body: None)
            patch.setattr(reader, "record_of", reader.record_from_json)
            return read(body)

    return read_records


def both_agree(body: bytes) -> None:
    """Answers of both kinds are read alike in one go and one by one, whichever this is."""
    alerts = record_by_record(wire_alerts._READER, read_alerts)
    entities = record_by_record(wire_entities._ENTITIES, read_entities)
    assert result_of(read_alerts, body) == result_of(alerts, body)
    assert result_of(read_entities, body) == result_of(entities, body)


USUAL = [
    alert(),
    alert(bag={"isNew": "True", "DeviceId": "other", "SensorId": ""}),
    alert(bag={"SensorZone": " Line 1 ", "Port": "", "User Defined Title": "  "}),
    alert(bag={"techniques": '["T0843"]', "isNew": "perhaps"}),
    alert(techniques=["T0839"], tactics=None, remediationSteps=["Ask."], additionalData=None),
    alert(vendorOriginalId=None, providerAlertId="p-1", description='a "text" \u2028 \u00e9 \x7f'),
    alert(severity="high", status="Never", productComponentName="", startTimeUtc="yesterday"),
    alert(resourceIdentifiers=[{"type": "LogAnalytics", "workspaceId": "w"}]),
    alert(endTimeUtc="2026-11-24T05:35:00.1234567+01:00", timeGenerated="0001-01-01T00:00:00Z"),
    rule_made(),
    rule_made(additionalData={"Custom Details": "no JSON", "Port": "1"}),
]
ODD = [
    alert(systemAlertId=""),
    alert(severity=None),
    alert(title="new"),
    alert(bag={"Port": 102}),
    alert(bag={"Nested": {"a": 1}}),
    alert(additionalData=json.dumps({"SensorId": "s"})),
    alert(tactics="Impact, Persistence"),
    alert(description="nothing\x00"),
    alert(description="\ud800"),
    alert(alertDisplayName=2**70),
    {"name": "x", "kind": "SecurityAlert"},
]


@pytest.mark.parametrize("changed", [*USUAL, *ODD])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_alerts_are_read_alike_by_both_ways(changed, separators):
    body = json.dumps({"value": [alert(3), changed]}, separators=separators).encode()
    both_agree(body)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"value":null}', b'\xef\xbb\xbf{"value":[]}']
)
def test_answers_that_hold_nothing_are_read_alike_by_both_ways(body):
    both_agree(body)
    both_agree(body.replace(b"value", b"entities"))


ODD_DEVICES = [
    {"isAuthorized": "yes"},
    {"site": 7},
    {"protocols": "CIP"},
    {"protocols": [1]},
    {"owners": {}},
    {"threatIntelligence": []},
    {"nicEntityIds": [None]},
    {"zone": "\x00"},
    {"vendor": "\udc00"},
]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"isScanner": None, "vendor": "", "model": None, "owners": ["a", "a", ""]},
        {"nicEntityIds": [ENTITY + "IOT-plc", "nowhere"], "macAddress": "00:02"},
        {"ipAddressEntityId": "", "nicEntityIds": None},
        *ODD_DEVICES,
    ],
)
def test_entities_are_read_alike_by_both_ways(changes):
    whole = {"entities": entities(**changes), "metaData": COUNTS}
    body = json.dumps(whole, separators=(",", ":")).encode()
    both_agree(body)


@pytest.mark.parametrize(
    "entity",
    [
        {"name": "x", "kind": "Future", "properties": {}},
        {"name": "x", "kind": "ip", "properties": {"address": "10.0.0.1"}},
        {"name": "", "kind": "Ip", "properties": {}},
        {"name": "x", "properties": {}},
        {"name": "x", "kind": "Ip", "properties": None},
        {"id": 7, "name": "x", "kind": "Ip", "properties": {}},
    ],
)
def test_unfamiliar_entities_are_read_one_by_one(entity):
    both_agree(json.dumps({"entities": [*entities(), entity]}).encode())


@pytest.mark.parametrize("twice", ['"severity":"Low",', '"additionalData":{},', '"sensorId":"x",'])
def test_a_member_that_stands_twice_is_never_overlooked(twice):
    body = json.dumps({"value": [alert()]}, separators=(",", ":"))
    place = '"SensorId":"' if "sensor" in twice else '"systemAlertId":"'
    both_agree(body.replace(place, twice + place).encode())
    both_agree(body.replace(place, twice.replace("sensorId", "SensorId") + place).encode())


@pytest.mark.parametrize("hole", [b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\n", b"\\x"])
def test_texts_that_are_none_are_read_alike_by_both_ways(hole):
    for body in (listed([alert()]), listed(entities(), "entities")):
        both_agree(body.replace(b"Packaging", b"Pack" + hole))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
CLEAN = [
    {"value": USUAL[:6]},
    {"value": [rule_made(), alert()]},
    {"entities": entities(), "metaData": COUNTS},
]


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every object and list with each key in it."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [p for key in keys for p in places_in(value[key])]


@given(data=st.data(), clean=st.sampled_from(CLEAN), value=ANYTHING, compact=st.booleans())
def test_whatever_is_changed_both_ways_agree(data, clean, value, compact):
    whole = json.loads(json.dumps(clean))
    holder, key = data.draw(st.sampled_from(places_in(whole)))
    how = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "remove":
        del holder[key]
    elif how == "add" and isinstance(holder, dict):
        holder[data.draw(st.text(max_size=5) | st.sampled_from(["kind", "techniques"]))] = value
    else:
        holder[key] = value
    both_agree(json.dumps(whole, separators=(",", ":") if compact else None).encode())


@given(data=st.data(), clean=st.sampled_from(CLEAN), piece=st.binary(max_size=3))
def test_whatever_bytes_are_put_in_both_ways_agree(data, clean, piece):
    body = orjson.dumps(clean)
    start = data.draw(st.integers(0, len(body)))
    both_agree(body[:start] + piece + body[start + data.draw(st.integers(0, 3)) :])


@given(data=st.data(), clean=st.sampled_from(CLEAN))
def test_a_piece_that_stands_twice_is_read_alike_by_both_ways(data, clean):
    parts = orjson.dumps(clean).split(b",")
    place = data.draw(st.integers(0, len(parts) - 1))
    parts.insert(data.draw(st.integers(0, len(parts))), parts[place])
    both_agree(b",".join(parts))
