"""Rows of the log tables, as Sentinel writes them beside its incidents: every version of an
incident and every alert, those of them, too, that never become an incident.
"""

import zlib
from typing import Any
from uuid import UUID, uuid5

import orjson

from simulator.azure import Azure
from simulator.clock import TICKS_PER_SECOND, iso, parse_time
from simulator.documents import document
from simulator.plant.catalogue import AlertType, alert_types
from simulator.store.incidents import Authorship, Incident

Json = dict[str, Any]
_IDS = UUID("0f6d4b0e-6d0c-4f6e-8f0b-7f0e4a3a9d51")
CREATED_FROM_ALERT = "Incident created from alert"  # as the logs have it
LONE_EVERY = 8  # one alert beside so many incidents is of a type that no rule selects
TABLES: dict[str, dict[str, str]] = document("log_tables")
ALERT_COLUMNS = TABLES["SecurityAlert"]
_SENSOR_PROVIDER, _RULE_PROVIDER = "IoTSecurity", "ASI Scheduled Alerts"


def incident_rows(
    azure: Azure, incident: Incident, alert_ids: list[str], *, is_new: bool
) -> list[Json]:
    """The row of an incident as it is; of one that is new to the logs also as it began."""
    now = _incident_row(azure, incident, alert_ids)
    versions = [*_closing_row(azure, incident, now), now]
    if not is_new or incident.modified <= incident.created:
        return versions
    first = {
        **now,
        "TimeGenerated": now["CreatedTime"],
        "LastModifiedTime": now["CreatedTime"],
        "Status": "New",
        "Classification": "",
        "ClassificationComment": "",
        "ClassificationReason": "",
        "ClosedTime": None,
        "ModifiedBy": CREATED_FROM_ALERT,
        "Owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None},
        "Labels": [],
    }
    return [first, *versions]


def _closing_row(azure: Azure, incident: Incident, now: Json) -> list[Json]:
    """The row of a closing after which the incident was changed again, as it is listed now."""
    found = azure.store.incidents.authorship_of(incident)
    if found is None or not found.closer or found.closed in (None, incident.modified):
        return []
    closed = now["ClosedTime"]
    return [now | {"TimeGenerated": closed, "LastModifiedTime": closed, "ModifiedBy": found.closer}]


def _incident_row(azure: Azure, incident: Incident, alert_ids: list[str]) -> Json:
    workspace, properties = azure.workspace(incident.workspace), incident.properties
    modified = iso(incident.modified)
    # What the plant's history closed, its owner did; no change of it was recorded.
    owner = (properties.get("owner") or {}).get("userPrincipalName") or CREATED_FROM_ALERT
    is_closed = properties.get("status") == "Closed"
    found = azure.store.incidents.authorship_of(incident)
    author, closed, _closer = found or Authorship(owner, incident.modified)
    return {
        "TenantId": workspace.uid("customer"),
        "TimeGenerated": modified,
        "IncidentName": incident.name,
        "Title": properties.get("title") or "",
        "Description": properties.get("description") or "",
        "Severity": properties.get("severity") or "",
        "Status": properties.get("status") or "",
        "Classification": properties.get("classification") or "",
        "ClassificationComment": properties.get("classificationComment") or "",
        "ClassificationReason": properties.get("classificationReason") or "",
        "Owner": properties.get("owner"),
        "ProviderName": properties.get("providerName") or "",
        "ProviderIncidentId": properties.get("providerIncidentId") or "",
        "FirstActivityTime": properties.get("firstActivityTimeUtc"),
        "LastActivityTime": properties.get("lastActivityTimeUtc"),
        "FirstModifiedTime": iso(incident.created),
        "LastModifiedTime": modified,
        "CreatedTime": iso(incident.created),
        "ClosedTime": iso(closed or incident.modified) if is_closed else None,
        "IncidentNumber": incident.number,
        "RelatedAnalyticRuleIds": [
            rule.rsplit("/", 1)[-1] for rule in properties.get("relatedAnalyticRuleIds") or []
        ],
        "AlertIds": alert_ids,
        "BookmarkIds": [],
        "Comments": [],
        "Tasks": [],
        "Labels": properties.get("labels") or [],
        "IncidentUrl": properties.get("incidentUrl") or "",
        "AdditionalData": properties.get("additionalData"),
        "ModifiedBy": author,
        "SourceSystem": "Azure",
        "Type": "SecurityIncident",
    }


def alert_rows(azure: Azure, incident: Incident, alerts: list[Json], entities: str) -> list[Json]:
    """The rows of an incident's alerts: each at its first sight and, where it went on, at its
    latest; of those that a rule made also what the sensor itself had reported.
    """
    rows: list[Json] = []
    for alert in alerts:
        rows += _versions(_alert_row(azure, incident, alert["properties"], entities))
    if incident.recipe:
        for alert in azure.plant.sensor_alerts(incident.recipe):
            rows.append(_alert_row(azure, incident, alert["properties"], entities))
    sensor_rows = [row for row in rows if row["ProviderName"] == _SENSOR_PROVIDER]
    if sensor_rows and zlib.crc32(incident.name.encode()) % LONE_EVERY == 0:
        rows.append(_lone_alert(sensor_rows[-1]))
    return rows


def _alert_row(azure: Azure, incident: Incident, properties: Json, entities: str) -> Json:
    workspace = azure.workspace(incident.workspace)
    bag = dict(properties.get("additionalData") or {})
    is_rule_made = "Custom Details" in bag
    provider = bag.pop("ProviderName", None) or (
        _SENSOR_PROVIDER if "SensorId" in bag else "MicrosoftDefenderATP"
    )
    vendor_id = bag.pop("VendorOriginalId", None) or properties.get("providerAlertId") or ""
    techniques = (
        bag.pop("techniques", None) or orjson.dumps(properties.get("techniques") or []).decode()
    )
    title = properties.get("alertDisplayName") or ""
    generated = properties.get("timeGenerated") or properties.get("endTimeUtc")
    return {
        "TenantId": workspace.uid("customer"),
        "TimeGenerated": generated or iso(incident.created),
        "DisplayName": title,
        "AlertName": title,
        "AlertSeverity": properties.get("severity") or "",
        "Description": properties.get("description") or "",
        "ProviderName": _RULE_PROVIDER if is_rule_made else provider,
        "VendorName": properties.get("vendorName") or "",
        "VendorOriginalId": vendor_id,
        "SystemAlertId": properties["systemAlertId"],
        "ResourceId": "",
        "SourceComputerId": "",
        "AlertType": properties.get("alertType") or "",
        "ConfidenceLevel": "",
        "ConfidenceScore": None,
        "IsIncident": False,
        "StartTime": properties.get("startTimeUtc"),
        "EndTime": properties.get("endTimeUtc"),
        "ProcessingEndTime": properties.get("processingEndTime") or generated,
        "RemediationSteps": orjson.dumps(properties.get("remediationSteps") or []).decode(),
        "ExtendedProperties": orjson.dumps(bag).decode(),
        "Entities": entities,
        "SourceSystem": "Detection",
        "WorkspaceSubscriptionId": workspace.subscription_id,
        "WorkspaceResourceGroup": workspace.resource_group,
        "ExtendedLinks": "",
        "ProductName": properties.get("productName") or "",
        "ProductComponentName": properties.get("productComponentName") or "",
        "AlertLink": properties.get("alertLink") or "",
        "Status": properties.get("status") or "",
        "CompromisedEntity": properties.get("compromisedEntity") or "",
        "Tactics": ", ".join(properties.get("tactics") or []),
        "Techniques": techniques,
        "SubTechniques": "[]",
        "Type": "SecurityAlert",
    }


def _versions(row: Json) -> list[Json]:
    """Every new or updated alert adds a row: one that went on was first told when it began."""
    if row["ProviderName"] != _SENSOR_PROVIDER or row["StartTime"] in (None, row["TimeGenerated"]):
        return [row]
    bag = orjson.loads(row["ExtendedProperties"])
    first = orjson.dumps({**bag, "isNew": "True"}).decode()
    latest = orjson.dumps({**bag, "isNew": "False"}).decode()
    start = row["StartTime"]
    return [
        {**row, "TimeGenerated": start, "EndTime": start, "ExtendedProperties": first},
        {**row, "ExtendedProperties": latest},
    ]


def _lone_alert(row: Json) -> Json:
    """An alert of a type that no rule selects, by the same devices a minute before."""
    types = _types_without_rule()
    kind = types[zlib.crc32(row["SystemAlertId"].encode()) % len(types)]
    vendor_id = str(uuid5(_IDS, f"vendor {row['SystemAlertId']}"))
    bag = orjson.loads(row["ExtendedProperties"])
    uri = str(bag.get("AlertManagementUri") or "").rpartition("/")[0] + f"/{vendor_id}"
    bag |= {"Category": kind.category, "isNew": "True", "AlertManagementUri": uri}
    for member in ("Function", "Additional Information"):
        bag.pop(member, None)
    at = iso(parse_time(row["StartTime"] or row["TimeGenerated"]) - 60 * TICKS_PER_SECOND)
    return {
        **row,
        **dict.fromkeys(("TimeGenerated", "StartTime", "EndTime", "ProcessingEndTime"), at),
        "DisplayName": kind.title,
        "AlertName": kind.title,
        "AlertSeverity": kind.severity,
        "Description": kind.text,
        "VendorOriginalId": vendor_id,
        "SystemAlertId": str(uuid5(_IDS, f"system {row['SystemAlertId']}")),
        "AlertType": "IoT_" + "".join(c for c in kind.title.title() if c.isalnum()),
        "ExtendedProperties": orjson.dumps(bag).decode(),
        "ProductComponentName": kind.engine,
        "AlertLink": uri,
        "Tactics": ", ".join(kind.tactics),
        "Techniques": orjson.dumps(kind.techniques).decode(),
    }


def _types_without_rule() -> list[AlertType]:
    return [kind for kind in alert_types().values() if kind.rule is None]


def entities_text(entities: list[Json]) -> str:
    """Entities as the log tables spell them: a list in which they point at each other by `$id`."""
    numbers = {entity["id"]: str(place) for place, entity in enumerate(entities, 1)}
    listed = []
    for entity in entities:
        row: Json = {"$id": numbers[entity["id"]]}
        for member, value in entity["properties"].items():
            if member in ("friendlyName", "nicEntityIds") or value is None:
                continue
            if member.endswith("EntityId"):
                if value in numbers:
                    name = member.removesuffix("EntityId")
                    row[name[:1].upper() + name[1:]] = {"$ref": numbers[value]}
                continue
            row[member[:1].upper() + member[1:]] = value
        listed.append({**row, "Type": entity["kind"].lower()})
    return orjson.dumps(listed).decode()


def health_row(azure: Azure, workspace_key: str, run: Json) -> Json:
    """One run of an automation rule, as the table of Sentinel's health has it."""
    workspace = azure.workspace(workspace_key)
    path = f"{workspace.security_path}/automationRules/{run['name']}"
    return {
        "TenantId": workspace.uid("customer"),
        "TimeGenerated": run["at"],
        "OperationName": "Automation rule run",
        "SentinelResourceId": path,
        "SentinelResourceName": run["name"],
        "SentinelResourceType": "Automation rule",
        "Status": "Success",
        "Description": "The automation rule ran.",
        "Reason": "",
        "WorkspaceId": workspace.uid("customer"),
        "ExtendedProperties": {
            "IncidentName": f"{workspace.security_path}/Incidents/{run['incident']}",
            "TriggeredOn": "Incident",
            **{key: value for key, value in run.items() if key not in ("at", "name", "incident")},
        },
        "Type": "SentinelHealth",
    }
