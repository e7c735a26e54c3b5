"""A scenario's incidents as Azure sends them: ARM bodies of incidents, alerts and entities."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from simulator.scenarios.records import Alert, Closing, Incident

SEVERITIES = ("Informational", "Informational", "Low", "Medium", "High")
PATH = "/subscriptions/s/resourceGroups/r/providers/Microsoft.SecurityInsights"
SHIFTS = 3  # a day, each of one analyst, with two teams that take turns

type Body = dict[str, Any]


def analyst_at(moment: datetime) -> Body:
    """Return the analyst on duty as Sentinel names the owner of an incident: a SOC around the clock
    is several people.
    """
    at = moment.astimezone(UTC)
    number = 1 + at.hour * SHIFTS // 24 + SHIFTS * (at.toordinal() % 2)
    email = f"analyst{number}@soc.example"
    return {
        "objectId": f"5c0d1f5e-0000-4000-8000-00000000000{number}",
        "email": email,
        "assignedTo": f"Analyst {number}",
        "userPrincipalName": email,
        "ownerType": "User",
    }


def name_of(text: str) -> str:
    """Return Azure's GUID of a thing of the scenario, the same each time."""
    return str(uuid5(NAMESPACE_URL, text))


def stamp(moment: datetime) -> str:
    """Return a moment as Azure writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def incident_properties(incident: Incident, *, number: int) -> Body:
    """Return the properties of an incident that nobody has touched."""
    alerts, created = incident.alerts, stamp(incident.at)
    gravest = max(alerts, key=lambda alert: alert.severity)
    return {
        "title": alerts[0].user_defined_title or alerts[0].alert_type,
        "description": f"{alerts[0].alert_type} at {incident.site}.",
        "severity": SEVERITIES[gravest.severity],
        "status": "New",
        "owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None},
        "labels": [],
        "firstActivityTimeUtc": stamp(min(alert.at for alert in alerts)),
        "lastActivityTimeUtc": stamp(max(alert.at for alert in alerts)),
        "lastModifiedTimeUtc": created,
        "createdTimeUtc": created,
        "incidentNumber": number,
        "providerName": "Azure Sentinel",
        "providerIncidentId": str(number),
        "relatedAnalyticRuleIds": [],
        "additionalData": {
            "alertsCount": len(alerts),
            "bookmarksCount": 0,
            "commentsCount": 0,
            "alertProductNames": sorted({alert.product_name for alert in alerts}),
            "tactics": sorted({tactic for alert in alerts for tactic in alert.tactics}),
            "techniques": sorted({name for alert in alerts for name in alert.techniques}),
        },
    }


def closing_properties(closing: Closing, *, at: datetime, is_taken: bool) -> Body:
    """Return what the SOC sets when it closes an incident, perhaps as its owner."""
    found: Body = {"status": "Closed", "classification": closing.classification}
    if closing.reason:
        found["classificationReason"] = closing.reason
    if closing.comment:
        found["classificationComment"] = closing.comment
    return found | ({"owner": analyst_at(at)} if is_taken else {})


def alert_body(alert: Alert) -> Body:
    """Return one alert with the bag of strings that Defender for IoT puts into it."""
    system_id, original_id = name_of(alert.id), name_of(f"{alert.id} at the sensor")
    at = stamp(alert.at)
    bag: Body = {"VendorOriginalId": original_id, "ProcessedBySentinel": "True"}
    if alert.zone:
        bag |= _facts_of_sensor(alert)
    properties: Body = {
        "systemAlertId": system_id,
        "providerAlertId": original_id,
        "alertDisplayName": alert.alert_type,
        "friendlyName": alert.alert_type,
        "alertType": f"IoT_{''.join(filter(str.isalnum, alert.alert_type.title()))}",
        "severity": SEVERITIES[alert.severity],
        "status": "New",
        "vendorName": "Microsoft",
        "productName": alert.product_name,
        "compromisedEntity": alert.source_device or alert.source_address,
        "tactics": list(alert.tactics),
        "techniques": list(alert.techniques),
        "startTimeUtc": at,
        "endTimeUtc": at,
        "timeGenerated": at,
        "additionalData": bag,
    }
    if alert.zone and alert.engine:
        properties["productComponentName"] = alert.engine
    return _resource("SecurityAlert", system_id, properties)


def _facts_of_sensor(alert: Alert) -> Body:
    bag = {
        "SensorId": alert.sensor,
        "SourceDevice": alert.source_device,
        "SourceDeviceAddress": alert.source_address,
        "DestinationDevice": alert.destination_device,
        "DestinationDeviceAddress": alert.destination_address,
        "Protocol": alert.protocol,
        "Category": alert.category,
        "SiteDisplayName": alert.site,
        "SensorZone": alert.zone,
        "Port": str(alert.port) if alert.port else "",
        "Function": alert.function,
        "User Defined Title": alert.user_defined_title,
    }
    return {name: text for name, text in bag.items() if text}


def entity_bodies(incident: Incident) -> list[Body]:
    """Return the entities of an incident, each once: what is in the plant as a device with its
    place and address, the rest as an address.
    """
    found: dict[str, Body] = {}
    for alert in incident.alerts:
        for side in ("source", "destination"):
            for entity in _entities_of(alert, side):
                found[entity["name"]] = entity
    return list(found.values())


def _entities_of(alert: Alert, side: str) -> Iterator[Body]:
    device, address, kind, zone = (
        getattr(alert, f"{side}_{name}") for name in ("device", "address", "kind", "zone")
    )
    if not address:
        return
    key = f"{alert.site}/{zone}/{address}"
    ip = _resource("Ip", name_of(f"ip {key}"), {"address": address, "friendlyName": address})
    yield ip
    if zone:
        properties = {
            "deviceId": name_of(f"iot {key}"),
            "deviceName": device,
            "source": "Azure Security Center for IoT",
            "deviceSubType": kind,
            "site": alert.site,
            "zone": zone,
            "ipAddressEntityId": ip["id"],
            "friendlyName": device or address,
        }
        yield _resource("IoTDevice", name_of(f"device {key}/{device}"), properties)


def _resource(kind: str, name: str, properties: Body) -> Body:
    return {
        "id": f"{PATH}/Entities/{name}",
        "name": name,
        "type": "Microsoft.SecurityInsights/Entities",
        "kind": kind,
        "properties": properties,
    }
