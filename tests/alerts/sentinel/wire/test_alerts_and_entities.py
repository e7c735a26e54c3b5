"""Alerts, entities and comments are read with what Defender for IoT says in them."""

import json
from datetime import UTC, datetime

from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comment, read_comments, read_entities

BAG = {
    "SensorId": "sensor-1",
    "SiteDisplayName": "Plant A",
    "SensorZone": "Line 1",
    "SourceDevice": "EWS-LINE1",
    "SourceDeviceAddress": "10.20.1.15",
    "DestinationDevice": "PLC-40",
    "DestinationDeviceAddress": "10.20.1.40",
    "Protocol": "Siemens S7",
    "Port": 102,
    "Category": "Programming",
    "User Defined Description": "Night shift download",
    "isNew": "True",
}


def alert(**properties):
    common = {
        "systemAlertId": "AAAAAAAA-0000-4000-8000-000000000001",
        "alertDisplayName": "Unauthorized PLC Programming",
        "severity": "High",
        "status": "New",
        "productName": "Azure Security Center for IoT",
        "productComponentName": "POLICY_VIOLATION",
        "startTimeUtc": "2026-11-20T08:10:12Z",
        "tactics": ["Persistence"],
        "techniques": ["T0843"],
        "additionalData": BAG,
    }
    return {"name": "x", "kind": "SecurityAlert", "properties": common | properties}


def read(*alerts):
    return read_alerts(json.dumps({"value": alerts}).encode())


def test_an_alert_brings_what_the_sensor_saw():
    (found,) = read(alert(providerAlertId="vendor-1"))
    assert found.system_alert_id == "aaaaaaaa-0000-4000-8000-000000000001"
    assert found.vendor_original_id == "vendor-1"
    assert (found.engine, found.severity, found.made_by_rule) == ("POLICY_VIOLATION", "High", False)
    assert found.started_at == datetime(2026, 11, 20, 8, 10, 12, tzinfo=UTC)
    facts = found.facts
    assert (facts.sensor, facts.site, facts.zone) == ("sensor-1", "Plant A", "Line 1")
    assert (facts.source_device, facts.source_address) == ("EWS-LINE1", "10.20.1.15")
    assert (facts.destination_device, facts.destination_address) == ("PLC-40", "10.20.1.40")
    assert (facts.protocol, facts.port, facts.is_new) == ("Siemens S7", "102", True)
    assert facts.user_defined_title == "Night shift download"


def test_an_alert_made_by_a_rule_leads_back_to_the_raw_one():
    details = {"Sensor": ["sensor-1"], "Protocol": ["CIP"], "VendorOriginalId": ["vendor-9"]}
    (found,) = read(
        alert(
            alertDisplayName="(MDIoT) Controller Stop",
            additionalData={"Custom Details": json.dumps(details)},
        )
    )
    assert found.made_by_rule
    assert (found.title, found.display_name) == ("Controller Stop", "(MDIoT) Controller Stop")
    assert found.vendor_original_id == "vendor-9"
    assert (found.facts.sensor, found.facts.protocol) == ("sensor-1", "CIP")
    assert found.custom_details["vendororiginalid"] == ("vendor-9",)


def test_lists_are_read_however_they_are_written():
    (found,) = read(
        alert(
            tactics="ImpairProcessControl, Persistence",
            techniques='["T0839", "T0843"]',
            remediationSteps='["Ask the engineer"]',
            additionalData=json.dumps(BAG),
        )
    )
    assert found.tactics == ("ImpairProcessControl", "Persistence")
    assert found.techniques == ("T0839", "T0843")
    assert found.remediation_steps == ("Ask the engineer",)
    assert found.facts.site == "Plant A"


def test_an_unknown_engine_and_title_are_normal():
    (found,) = read(alert(productComponentName="QUANTUM", alertDisplayName="Never seen before"))
    assert (found.engine, found.title) == ("QUANTUM", "Never seen before")
    assert found.flags == ("engine:unknown",)


def test_a_device_finds_its_addresses_in_the_same_answer():
    base = "/subscriptions/S/Entities/"
    device = {
        "deviceName": "PLC-A-07",
        "operatingSystem": "",
        "site": "Plant-North",
        "purdueLayer": "ProcessControl",
        "macAddress": "00:00:BC:00:00:01",
        "ipAddressEntityId": base + "IP1",
        "nicEntityIds": [base + "nic", base + "missing"],
        "isAuthorized": True,
    }
    body = {
        "entities": [
            {"id": base + "d", "name": "D", "kind": "IoTDevice", "properties": device},
            {
                "id": base.lower() + "ip1",
                "name": "i",
                "kind": "Ip",
                "properties": {"address": "10.2.4.7"},
            },
            {
                "id": base + "NIC",
                "name": "n",
                "kind": "Nic",
                "properties": {"macAddress": "00:00:BC:00:00:02"},
            },
            {"name": "f", "kind": "FutureKind", "properties": {"friendlyName": "new"}},
        ],
        "metaData": [{"entityKind": "IoTDevice", "count": 9}],
    }
    answer = read_entities(json.dumps(body).encode())
    read_device = answer.entities[0].device
    assert read_device.device_name == "PLC-A-07"
    assert read_device.operating_system is None
    assert read_device.ip_addresses == ("10.2.4.7",)
    assert read_device.mac_addresses == ("00:00:BC:00:00:01", "00:00:BC:00:00:02")
    assert (read_device.is_authorized, read_device.is_scanner) == (True, None)
    future = answer.entities[3]
    assert (future.kind, future.friendly_name, future.device) == ("FutureKind", "new", None)
    assert future.flags == ("kind:unknown",)
    assert answer.cut_short


def test_comments_are_read_with_their_author():
    one = {
        "name": "C1",
        "etag": "e",
        "properties": {
            "message": "Looked at it",
            "createdTimeUtc": "2026-11-20T08:00:00Z",
            "author": {"name": "Sam", "userPrincipalName": "sam@example.org"},
        },
    }
    page = read_comments(json.dumps({"value": [one], "nextLink": "https://x/2"}).encode())
    (comment,) = page.items
    assert (comment.name, comment.message, comment.author_name) == ("c1", "Looked at it", "Sam")
    assert comment.author_email == "sam@example.org"
    assert page.next_link == "https://x/2"
    assert read_comment(json.dumps(one).encode()) == comment
