"""Incidents and alerts of the Defender portal as Graph shows them."""

from typing import Any

import orjson

from simulator.azure import Azure
from simulator.clock import iso
from simulator.defender.records import portal_address, portal_alert_id, rule_ids_of
from simulator.defender.values import (
    FIRST_DETECTION_SOURCES,
    FIRST_REMEDIATIONS,
    FIRST_SERVICE_SOURCES,
    FIRST_STATUSES,
    FUTURE,
    tags_of,
)
from simulator.graph.evidence import evidence_of
from simulator.store.incidents import Incident
from simulator.store.portal import PortalAlert, PortalIncident

Json = dict[str, Any]
_PRODUCTS = {
    "microsoftSentinel": ("Microsoft Sentinel", "scheduledAlerts"),
    "microsoftDefenderForEndpoint": (
        "Microsoft Defender for Endpoint",
        "microsoftDefenderForEndpoint",
    ),
    "microsoftDefenderForOffice365": (
        "Microsoft Defender for Office 365",
        "microsoftDefenderForOffice365",
    ),
    "azureAdIdentityProtection": ("Microsoft Entra ID Protection", "azureAdIdentityProtection"),
    "microsoftDefenderForIdentity": (
        "Microsoft Defender for Identity",
        "microsoftDefenderForIdentity",
    ),
    "microsoftDefenderForCloudApps": ("Microsoft Defender for Cloud Apps", "cloudAppSecurity"),
}
_LIMITED = {
    "serviceSource": FIRST_SERVICE_SOURCES,
    "detectionSource": FIRST_DETECTION_SOURCES,
}


class Renderer:
    """Writes what one answer needs; incidents whose details it has read it keeps ready."""

    def __init__(self, azure: Azure, *, every_member: bool) -> None:
        self._azure, self._every_member = azure, every_member
        self._details: dict[tuple[str, str], tuple[list[Json], list[Json]]] = {}

    def incident(self, row: PortalIncident, *, with_alerts: bool = False) -> Json:
        """One incident, its alerts among its members where they are asked for."""
        stored = self._stored(row)
        workspace = self._azure.workspace(row.workspace)
        properties = stored.properties
        custom, system = tags_of(properties)
        status = row.status
        if not self._every_member and status not in FIRST_STATUSES:
            status = FUTURE
        body: Json = {
            "id": str(row.id),
            "tenantId": workspace.tenant_id,
            "status": status,
            "incidentWebUrl": portal_address(row.id, workspace.tenant_id),
            "redirectIncidentId": row.more.get("redirectIncidentId"),
            "displayName": properties.get("title"),
            "createdDateTime": iso(row.created),
            "lastUpdateDateTime": iso(row.updated),
            "assignedTo": row.assigned_to,
            "classification": row.classification,
            "determination": row.determination,
            "severity": row.severity,
            "customTags": custom,
            "systemTags": [*row.more.get("systemTags", []), *system],
            "description": properties.get("description") or "",
            "lastModifiedBy": row.more.get("lastModifiedBy"),
            "resolvingComment": row.more.get("resolvingComment")
            or properties.get("classificationComment"),
            "summary": row.more.get("summary", ""),
            "priorityScore": row.more.get("priorityScore"),
            "comments": row.more.get("comments", []),
        }
        if with_alerts:
            body["alerts"] = self.alerts(row)
        return body

    def alerts(self, row: PortalIncident) -> list[Json]:
        """The alerts of one incident."""
        return [self.alert(alert, row) for alert in self._azure.store.portal.alerts_of(row.id)]

    def alert(self, alert: PortalAlert, row: PortalIncident) -> Json:
        """One alert of an incident."""
        workspace = self._azure.workspace(row.workspace)
        alerts, entities = self._details_of(row)
        place, arm = next(
            (place, arm) for place, arm in enumerate(alerts) if portal_alert_id(arm) == alert.id
        )
        properties = arm["properties"]
        product, detection = _PRODUCTS[alert.service_source]
        rules = self._stored(row).properties.get("relatedAnalyticRuleIds") or []
        if len(rules) != 1:
            rules = rule_ids_of(arm)
        details, extra = _custom_details(properties)
        body: Json = {
            "id": alert.id,
            "providerAlertId": alert.id[2:],
            "incidentId": str(row.id),
            "status": alert.status,
            "severity": alert.severity,
            "classification": alert.classification,
            "determination": alert.determination,
            "serviceSource": alert.service_source,
            "detectionSource": detection,
            "productName": product,
            "detectorId": str(rules[0]).rsplit("/", 1)[-1] if rules else None,
            "tenantId": workspace.tenant_id,
            "title": properties.get("alertDisplayName"),
            "description": properties.get("description") or "",
            "recommendedActions": "\n".join(properties.get("remediationSteps") or []),
            "category": (properties.get("tactics") or ["SuspiciousActivity"])[0],
            "assignedTo": alert.assigned_to,
            "alertWebUrl": f"https://security.microsoft.com/alerts/{alert.id}"
            f"?tid={workspace.tenant_id}",
            "incidentWebUrl": portal_address(row.id, workspace.tenant_id),
            "actorDisplayName": None,
            "threatDisplayName": None,
            "threatFamilyName": None,
            "mitreTechniques": list(properties.get("techniques") or []),
            "createdDateTime": iso(alert.created),
            "lastUpdateDateTime": iso(alert.updated),
            "resolvedDateTime": alert.more.get("resolvedAt"),
            "firstActivityDateTime": properties.get("startTimeUtc"),
            "lastActivityDateTime": properties.get("endTimeUtc"),
            "systemTags": [],
            "alertPolicyId": None,
            "investigationState": "unsupportedAlertType",
            "comments": alert.more.get("comments", []),
            "customDetails": {**details, **alert.more.get("customDetails", {})},
            "evidence": evidence_of(
                arm,
                entities,
                created=iso(alert.created),
                how=str(self._azure.graph["evidence"]),
                sides=self._sides(row, place),
            ),
            "additionalData": extra,
        }
        return body if self._every_member else _with_first_members(body)

    def _stored(self, row: PortalIncident) -> Incident:
        stored = self._azure.store.incidents.get(row.workspace, row.incident)
        if stored is None:
            raise KeyError(row.incident)
        return stored

    def _details_of(self, row: PortalIncident) -> tuple[list[Json], list[Json]]:
        key = (row.workspace, row.incident)
        if key not in self._details:
            self._details[key] = self._azure.details(self._stored(row))
        return self._details[key]

    def _sides(self, row: PortalIncident, place: int) -> tuple[str, str, int | None] | None:
        """Source, destination and port of the alert at this place, where the plant made it."""
        recipe = self._stored(row).recipe
        sides = self._azure.plant.sides(recipe) if recipe else []
        return sides[place] if place < len(sides) else None


def _custom_details(properties: Json) -> tuple[Json, Json]:
    """The custom details of an analytics rule, each list as JSON text, and what else there is."""
    bag = properties.get("additionalData") or {}
    try:
        details = orjson.loads(bag.get("Custom Details") or "{}")
    except (TypeError, orjson.JSONDecodeError):
        details = {}
    texts = {key: orjson.dumps(value).decode() for key, value in details.items()}
    link = properties.get("alertLink")
    return texts, {"AlertManagementUri": link} if link else {}


def _with_first_members(body: Json) -> Json:
    for member, first in _LIMITED.items():
        if body[member] not in first:
            body[member] = FUTURE
    for evidence in body["evidence"]:
        if evidence["remediationStatus"] not in FIRST_REMEDIATIONS:
            evidence["remediationStatus"] = FUTURE
    return body
