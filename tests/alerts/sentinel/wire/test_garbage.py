"""Whatever an answer holds, reading it ends in records or in one clear refusal."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sentinel.wire.incidents import WireIncident, read_incident_page
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from tests.alerts.sentinel.wire.samples import incident, page

_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_json = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_members = st.sampled_from([*incident()["properties"], "classification", "classificationReason"])


@settings(max_examples=150)
@given(st.dictionaries(_members, _json, max_size=6))
def test_no_value_of_any_member_loses_an_incident(changes):
    odd, good = read_incident_page(page(incident(1, **changes), incident(2))).items
    assert isinstance(odd, WireIncident)
    assert good.flags == ()
    json.loads(odd.raw_json)


@settings(max_examples=150)
@given(_json)
def test_no_record_loses_its_page(record):
    odd, good = read_incident_page(page(record, incident(2))).items
    assert isinstance(odd, (UnreadableRecord, WireIncident))
    assert good.number == 2


@settings(max_examples=150)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_bring_the_reader_down(noise, at):
    whole = page(incident(1), incident(2))
    for body in (noise, whole[:at] + noise + whole[at:], whole[:at] + noise):
        for read in (lambda b: read_incident_page(b).items, read_alerts, read_comments):
            try:
                read(body)
            except NotAPage:
                continue


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["name", "kind", "id", "properties"]), _json), _json)
def test_odd_alerts_entities_and_comments_are_read_or_set_apart(record, properties):
    for one in (record, {"name": "n", "kind": "IoTDevice", "properties": properties}):
        body = json.dumps({"value": [one], "entities": [one]}).encode()
        assert len(read_alerts(body)) == 1
        assert len(read_comments(body).items) == 1
        assert len(read_entities(body).entities) == 1


_bag = st.dictionaries(
    st.sampled_from(["SensorId", "Custom Details", "isNew", "Port", "Techniques", "SENSORID"]),
    _json | st.just('{"Sensor":["a"]}') | st.just("{"),
)


@settings(max_examples=150)
@given(_bag, _json, _json)
def test_no_bag_of_strings_loses_an_alert(bag, tactics, name):
    alert = {"additionalData": bag, "tactics": tactics, "alertDisplayName": name}
    (read,) = read_alerts(json.dumps({"value": [{"name": "x", "properties": alert}]}).encode())
    assert read.system_alert_id == "x"
