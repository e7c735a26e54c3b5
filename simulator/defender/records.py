"""The portal's record of an incident and its alerts: made with the incident, kept up with it."""

from typing import Any

import orjson

from simulator.azure import Azure
from simulator.clock import TICKS_PER_SECOND, iso, parse_time
from simulator.defender.values import (
    assignee_of,
    classification_of,
    severity_of,
    status_of,
)
from simulator.store.incidents import Incident
from simulator.store.portal import PortalAlert, PortalIncident

Json = dict[str, Any]
MADE_BY = "Microsoft 365 Defender-IncidentCreation"
SYNCED_BY = "Microsoft Sentinel"
FIRST_ID = 8_700
OTHER_PRODUCTS = {
    "Microsoft Defender for Endpoint": ("da", "microsoftDefenderForEndpoint"),
    "Office 365 Advanced Threat Protection": ("fa", "microsoftDefenderForOffice365"),
    "Azure Active Directory Identity Protection": ("ad", "azureAdIdentityProtection"),
    "Azure Advanced Threat Protection": ("aa", "microsoftDefenderForIdentity"),
    "Microsoft Cloud App Security": ("ca", "microsoftDefenderForCloudApps"),
}


def next_portal_id(azure: Azure) -> int:
    """A number for one more incident of the tenant; numbers of the portal leave gaps."""
    latest = max(int(azure.store.fact("portal_id", FIRST_ID)), azure.store.portal.latest_id())
    number = latest + 1 + latest % 3
    azure.store.keep("portal_id", number)
    return number


def portal_address(number: int, tenant: str) -> str:
    """Where people open an incident in the Defender portal."""
    return f"https://security.microsoft.com/incident2/{number}/overview?tid={tenant}"


def portal_alert_id(alert: Json) -> str | None:
    """The id of an ARM alert in the portal; None for one that never gets there, as the raw alerts
    of Defender for IoT: only the copies that analytics rules make do.
    """
    properties = alert.get("properties") or {}
    system_id = str(properties.get("systemAlertId") or alert.get("name") or "")
    product = OTHER_PRODUCTS.get(str(properties.get("productName")))
    if product is not None:
        return f"{product[0]}{system_id}"
    return f"sn{system_id}" if rule_ids_of(alert) else None


def rule_ids_of(alert: Json) -> list[str]:
    """The analytics rules that made an ARM alert."""
    bag = (alert.get("properties") or {}).get("additionalData") or {}
    try:
        ids = orjson.loads(bag.get("Analytic Rule Ids") or "[]")
    except (TypeError, orjson.JSONDecodeError):
        return []
    return [str(rule) for rule in ids] if isinstance(ids, list) else []


def register(azure: Azure, incident: Incident, *, correlates: bool = False) -> None:
    """Give an incident that carries a portal id its record there, alerts included."""
    properties = incident.properties
    row = PortalIncident(
        id=int(properties["providerIncidentId"]),
        workspace=incident.workspace,
        incident=incident.name,
        created=incident.created - (1 + incident.number % 3) * TICKS_PER_SECOND,
        updated=incident.modified,
        status=status_of(properties),
        severity=severity_of(properties),
        classification=classification_of(properties),
        assigned_to=assignee_of(properties),
        more={"lastModifiedBy": MADE_BY, "comments": [], "correlates": correlates},
    )
    azure.store.portal.put(row)
    note_alerts(azure, row, azure.details(incident)[0])


def note_alerts(azure: Azure, row: PortalIncident, alerts: list[Json]) -> None:
    """Store the alerts of an incident; those of another one move here."""
    for alert in alerts:
        alert_id = portal_alert_id(alert)
        if alert_id is None:
            continue
        stored = azure.store.portal.get_alert(alert_id)
        if stored is not None:
            stored.incident = row.id
            azure.store.portal.put_alert(stored)
            continue
        properties = alert["properties"]
        made = _time_of(properties, "processingEndTime", default=row.created)
        product = OTHER_PRODUCTS.get(str(properties.get("productName")))
        azure.store.portal.put_alert(
            PortalAlert(
                id=alert_id,
                incident=row.id,
                created=made,
                updated=max(made, row.created),
                status="resolved" if row.status == "resolved" else "new",
                severity=severity_of(properties),
                assigned_to=row.assigned_to,
                service_source=product[1] if product else "microsoftSentinel",
            )
        )


def _time_of(properties: Json, member: str, *, default: int) -> int:
    try:
        return parse_time(str(properties[member]))
    except (KeyError, ValueError):
        return default


def follow(
    azure: Azure, incident: Incident, before: Incident | None, *, at: int, by: str = ""
) -> None:
    """Bring what changed in Sentinel to the portal; what it cannot express is lost on both
    sides.
    """
    row = azure.store.portal.of(incident.workspace, incident.name)
    if row is None:
        return
    properties = incident.properties
    if properties.get("classificationReason") == "IncorrectAlertLogic":
        properties["classificationReason"] = "InaccurateData"
    former = before.properties if before else {}
    if status_of(properties) != status_of(former) and row.status != "redirected":
        row.status = status_of(properties)
    if severity_of(properties) != severity_of(former):
        row.severity = severity_of(properties)
    if properties.get("classification") != former.get("classification"):
        row.classification = classification_of(properties)
        row.determination = "unknown"
    if properties.get("classificationComment") != former.get("classificationComment"):
        row.more.pop("resolvingComment", None)
    if assignee_of(properties) != assignee_of(former):
        row.assigned_to = assignee_of(properties)
    touch(azure, row, at=at, by=by or SYNCED_BY)


def touch(azure: Azure, row: PortalIncident, *, at: int, by: str) -> None:
    """Write a changed record; resolving and assigning reach its alerts."""
    stored = azure.store.portal.get(row.id)
    row.updated = azure.stamp(max(at, row.updated + 10))
    row.more["lastModifiedBy"] = by
    azure.store.portal.put(row)
    if stored is None:
        return
    is_resolved = row.status == "resolved" and stored.status != "resolved"
    is_assigned = row.assigned_to is not None and row.assigned_to != stored.assigned_to
    for alert in azure.store.portal.alerts_of(row.id) if is_resolved or is_assigned else ():
        if is_resolved and alert.status != "resolved":
            alert.status = "resolved"
            alert.more["resolvedAt"] = iso(row.updated)
        if is_assigned:
            alert.assigned_to = row.assigned_to
        alert.updated = row.updated
        azure.store.portal.put_alert(alert)


def redirect_record(azure: Azure, loser: Incident, survivor: Incident) -> bool:
    """Point the record of an incident at the one it is merged into; false where one has none."""
    row = azure.store.portal.of(loser.workspace, loser.name)
    target = azure.store.portal.of(survivor.workspace, survivor.name)
    if row is None or target is None:
        return False
    row.status = "redirected"
    row.more["redirectIncidentId"] = str(target.id)
    azure.store.portal.put(row)
    return True


def note_comment(azure: Azure, incident: Incident, message: str, author: Json, *, at: int) -> None:
    """Bring a new comment to the portal; a later edit of it in Sentinel stays there."""
    row = azure.store.portal.of(incident.workspace, incident.name)
    if row is None:
        return
    name = author.get("userPrincipalName") or f"API-App:{author.get('name')}"
    comment = {"comment": message, "createdByDisplayName": name, "createdDateTime": iso(at)}
    row.more["comments"] = [*row.more.get("comments", []), comment]
    touch(azure, row, at=at, by=str(name))
