"""Rows of Log Analytics say what Sentinel's own API says, and odd ones cost only themselves."""

import json
import os
from pathlib import Path

import pytest

from alerts.sentinel.wire.log_rows import (
    read_log_alerts,
    read_log_answer,
    read_log_entities,
    read_log_incidents,
)
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord

_BESIDE = Path(__file__).resolve().parents[5] / "shared" / "reference"
SAMPLE = (
    Path(os.environ.get("TAGOUT_REFERENCE") or _BESIDE)
    / "data/samples/securityalert-d4iot-constructed.json"
)

INCIDENT = {
    "IncidentName": "0E7B6A1C-0000-4000-8000-000000000001",
    "IncidentNumber": 4711,
    "Title": "Unauthorized PLC Programming",
    "Severity": "High",
    "Status": "Closed",
    "Classification": "BenignPositive",
    "ClassificationReason": "SuspiciousButExpected",
    "ClassificationComment": "",
    "Owner": '{"objectId":"o","email":null,"assignedTo":"Sam","userPrincipalName":null}',
    "Labels": '[{"labelName":"seen","labelType":"User"}]',
    "CreatedTime": "2026-11-20T08:15:00.1234567Z",
    "LastModifiedTime": "2026-11-20T09:15:00.1234567Z",
    "AlertIds": '["AAAA-1","aaaa-1","bbbb-2"]',
    "AdditionalData": '{"alertsCount":2,"commentsCount":0,"alertProductNames":["IoT"]}',
}
ALERT = {
    "SystemAlertId": "AAAA-1",
    "VendorOriginalId": "vendor-1",
    "DisplayName": "Modbus Exception",
    "AlertSeverity": "Medium",
    "ProviderName": "IoTSecurity",
    "TimeGenerated": "2026-11-20T08:15:00Z",
    "StartTime": "2026-11-20T08:10:00Z",
    "Tactics": "ImpairProcessControl, Persistence",
    "Techniques": '["T0839"]',
    "RemediationSteps": '["Ask the plant."]',
    "ExtendedProperties": '{"SensorId":"s-1","SourceDevice":"EWS","Port":502,"isNew":"True"}',
}


def answer(rows, **more):
    columns = [{"name": name, "type": "string"} for name in rows[0]] if rows else []
    table = {"name": "PrimaryResult", "columns": columns, "rows": [[*r.values()] for r in rows]}
    return json.dumps({"tables": [table], **more}).encode()


def test_rows_are_read_by_the_names_of_their_columns():
    found = read_log_answer(answer([ALERT]))
    assert found.rows == [ALERT] and not found.is_partial and found.problem == ""


def test_a_part_says_so_and_why():
    inner = {"innererror": {"message": "exceed the set limit of 500000 records"}}
    error = {"code": "PartialError", "message": "There were errors", "details": [inner]}
    found = read_log_answer(answer([ALERT], error=error))
    assert found.is_partial and found.problem == "exceed the set limit of 500000 records"
    assert read_log_answer(json.dumps({"tables": [], "error": error}).encode()).is_partial


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"tables":[]}',
        b'{"tables":[{"name":"PrimaryResult"}]}',
        b'{"tables":[{"name":"PrimaryResult","columns":[{"name":"A"}],"rows":[[1,2]]}]}',
        b'{"tables":[{"name":"PrimaryResult","columns":[{"name":"A"}],"rows":["x"]}]}',
    ],
)
def test_what_is_no_table_is_no_answer(body):
    with pytest.raises(NotAPage):
        read_log_answer(body)


def test_an_incident_reads_as_sentinel_lists_it_without_an_etag():
    (found,) = read_log_incidents([INCIDENT])
    incident = found.incident
    assert incident.name == INCIDENT["IncidentName"].lower()
    assert (incident.etag, incident.flags, incident.number) == (None, (), 4711)
    assert (incident.status, incident.classification) == ("Closed", "BenignPositive")
    assert incident.owner.assigned_to == "Sam"
    assert [label.name for label in incident.labels] == ["seen"]
    assert incident.modified_text.endswith(".1234567Z"), "the last digit tells versions apart"
    assert (incident.alerts_count, incident.comments_count) == (2, 0)
    assert found.alert_ids == ("aaaa-1", "bbbb-2")


def test_an_odd_incident_costs_only_itself():
    odd = {**INCIDENT, "IncidentName": ""}
    strange = {**INCIDENT, "Owner": "nobody", "Labels": "{", "AlertIds": "none"}
    nameless, kept, whole = read_log_incidents([odd, strange, INCIDENT])
    assert isinstance(nameless.incident, UnreadableRecord)
    assert kept.incident.flags and kept.alert_ids == ()
    assert whole.incident.flags == ()


def test_an_alert_reads_as_sentinel_tells_it():
    (alert,) = read_log_alerts([ALERT])
    assert (alert.system_alert_id, alert.vendor_original_id) == ("aaaa-1", "vendor-1")
    assert alert.tactics == ("ImpairProcessControl", "Persistence")
    assert (alert.techniques, alert.remediation_steps) == (("T0839",), ("Ask the plant.",))
    assert (alert.facts.sensor, alert.facts.source_device, alert.facts.port) == (
        *("s-1", "EWS"),
        "502",
    )
    assert alert.facts.is_new is True and alert.flags == ()


def test_empty_cells_say_nothing():
    (alert,) = read_log_alerts([dict.fromkeys(ALERT, "") | {"SystemAlertId": "x"}])
    assert alert.title is None and alert.tactics == () and alert.started_at is None


@pytest.mark.parametrize(
    "cell", ["{", "17", "[]", '{"a":null}', None, 17, "nul \x00", '{"Port":[1]}']
)
def test_an_odd_bag_loses_no_alert(cell):
    (alert,) = read_log_alerts([{**ALERT, "ExtendedProperties": cell}])
    assert alert.vendor_original_id == "vendor-1"


def test_entities_point_at_each_other_and_have_the_same_name_in_every_alert():
    listed = [
        {"$id": "1", "Type": "ip", "Address": "10.0.0.1"},
        {"$id": "2", "Type": "iotdevice", "DeviceName": "PLC", "IpAddress": {"$ref": "1"}},
    ]
    other = [{**part, "$id": f"9{part['$id']}"} for part in listed]
    other[1]["IpAddress"] = {"$ref": "91"}
    rows = [{"Entities": json.dumps(listed)}, {"Entities": json.dumps(other)}]
    address, device = read_log_entities(rows)
    assert (address.kind, device.kind) == ("Ip", "IoTDevice")
    assert device.device.ip_addresses == ("10.0.0.1",)
    assert device.name.startswith("log-")
    for odd in ("", "{", '{"$id":"1"}', '[1, "x", null]', '[{"$id":"1"}]'):
        read_log_entities([{"Entities": odd}])


@pytest.mark.contract
@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample rows are not here (TAGOUT_REFERENCE)")
def test_the_composed_rows_are_read_and_joined_by_the_id_at_the_source():
    rows = json.loads(SAMPLE.read_text())["rows"]
    alerts = read_log_alerts(rows)
    assert all(alert.flags == () for alert in alerts)
    first, update, stop, own, of_rule = alerts
    assert first.vendor_original_id == update.vendor_original_id == of_rule.vendor_original_id
    assert of_rule.made_by_rule and of_rule.system_alert_id != first.system_alert_id
    assert (first.facts.is_new, update.facts.is_new) == (True, False)
    assert own.facts.user_defined_title == "Illegal Beckhoff AMS Command"
    assert stop.severity == "Low"
    device = next(one.device for one in read_log_entities(rows[:1]) if one.device)
    assert (device.device_name, device.site, device.zone) == ("EWS-LINE1", "Plant A", "Line 1")
    assert device.ip_addresses == ("10.20.1.15",)
