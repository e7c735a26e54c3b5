"""Sentinel's answers about one incident: alerts, entities and comments as JSON."""

import json
from typing import Any

ENTITY = "/subscriptions/s/providers/Microsoft.SecurityInsights/Entities/"


def alert(number: int = 1, *, bag: dict[str, Any] | None = None, **properties: Any) -> dict:
    """One D4IoT alert with both ends; `bag` replaces members of its additional data."""
    extended = {
        "SensorId": "sensor-pk2",
        "SourceDevice": "EWS-07",
        "SourceDeviceAddress": "10.20.1.7",
        "DestinationDevice": "PLC-21",
        "DestinationDeviceAddress": "10.20.2.21",
        "Protocol": "CIP",
        "Category": "Programming",
        "Port": "44818",
        "SiteDisplayName": "Gdańsk",
        "SensorZone": "Packaging 2",
        "VendorOriginalId": f"vendor-{number}",
    }
    return {
        "name": f"alert-{number}",
        "kind": "SecurityAlert",
        "properties": {
            "systemAlertId": f"system-{number}",
            "vendorOriginalId": f"vendor-{number}",
            "alertDisplayName": "Unauthorized PLC Programming",
            "severity": "High",
            "status": "New",
            "productName": "Azure Security Center for IoT",
            "productComponentName": "POLICY_VIOLATION",
            "startTimeUtc": "2026-11-24T05:30:00Z",
            "endTimeUtc": "2026-11-24T05:35:00Z",
            "timeGenerated": "2026-11-24T05:35:00Z",
            "tactics": ["ImpairProcessControl"],
            "additionalData": {k: v for k, v in (extended | (bag or {})).items() if v is not None},
        }
        | properties,
    }


def rule_made(number: int = 1, **properties: Any) -> dict:
    """The same alert as an analytics rule hands it on: custom details only."""
    details = {
        "Sensor": ["sensor-pk2"],
        "Protocol": ["CIP"],
        "VendorOriginalId": [f"vendor-{number}"],
    }
    made = alert(
        number, **{"alertDisplayName": "(MDIoT) Unauthorized PLC Programming"} | properties
    )
    made["properties"] |= {
        "systemAlertId": f"rule-{number}",
        "vendorOriginalId": None,
        "additionalData": {"Custom Details": json.dumps(details)},
        "timeGenerated": "2026-11-24T06:00:00Z",
    }
    return made


def device(name: str, address: str, *, zone: str = "Packaging 2", **properties: Any) -> list[dict]:
    """An IoT device and its address, as two entities."""
    ip = {"id": ENTITY + f"ip-{name}", "name": f"ip-{name}", "kind": "Ip"}
    values = {
        "deviceName": name,
        "deviceSubType": "PLC",
        "vendor": "Rockwell",
        "site": "Gdańsk",
        "zone": zone,
        "sensor": "sensor-pk2",
        "importance": "Normal",
        "purdueLayer": "ProcessControl",
        "ipAddressEntityId": ip["id"],
        "friendlyName": name,
    }
    return [
        {
            "id": ENTITY + f"iot-{name}",
            "name": f"iot-{name}",
            "kind": "IoTDevice",
            "properties": values | properties,
        },
        ip | {"properties": {"address": address, "friendlyName": address}},
    ]


def comment(name: str, message: str = "Looked at it.", **author: Any) -> dict:
    """One comment."""
    return {
        "name": name,
        "properties": {
            "message": message,
            "createdTimeUtc": "2026-11-24T08:00:00Z",
            "author": {"name": "Sam Keller"} | author,
        },
    }


def listed(rows: list[dict], key: str = "value") -> bytes:
    """The answer that holds these."""
    return json.dumps({key: rows}).encode()
