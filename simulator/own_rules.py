"""Scheduled rules that the customer wrote: what their query finds becomes an alert and an incident.

The rules of the solution are known by what they watch, so nobody asks the logs for them, unless
somebody has changed their query: then alerts that no rule of the solution watches are looked for by
it, too. A rule of one's own is run when something happens, not once an hour; of its answer only the
rows about this happening count, found by `VendorOriginalId`.
"""

import re
import uuid
from typing import Any

import orjson

from simulator.azure import Azure
from simulator.plant.records import Case, PlantWorkspace
from simulator.solution import query_of, solution_rules
from simulator.store.resources import Resource

Json = dict[str, Any]
_IDS = uuid.UUID("7a0c7b0e-55a1-4f0e-9a39-2a4f3c9b1d10")
_FIELD = re.compile(r"\{\{(\w+)\}\}")


def incidents_of_own_rules(
    azure: Azure, workspace: PlantWorkspace, case: Case, alerts: list[Json]
) -> list[tuple[Json, Json, list[Json]]]:
    """What rules of one's own make of alerts that no rule of the solution watches: properties of an
    incident, its alert and its entities, for each alert and rule.
    """
    rules = _own_rules(azure, workspace)
    if not rules or azure.query_logs is None:
        return []
    ids = {str(alert["properties"]["additionalData"].get("VendorOriginalId")) for alert in alerts}
    _, entities = azure.plant.details(case.recipe)
    made = []
    for rule in rules:
        rows = azure.query_logs(workspace, str(rule.body["properties"].get("query")))
        by_id = {str(row.get("VendorOriginalId")): row for row in rows}
        for original_id in sorted(ids & by_id.keys()):
            row = by_id[original_id]
            alert = alert_of_row(workspace, rule, row, key=f"{case.name} {original_id}")
            made.append((incident_of_alert(workspace, rule, alert), alert, entities))
    return made


def _own_rules(azure: Azure, workspace: PlantWorkspace) -> list[Resource]:
    shipped = {template.lower(): query_of(rule) for template, rule in solution_rules().items()}
    rules = []
    for rule in azure.store.resources.all(workspace.key, "alertRules"):
        properties = rule.body["properties"]
        template = str(properties.get("alertRuleTemplateName") or rule.name).lower()
        grouping = properties.get("incidentConfiguration") or {}
        if (
            rule.body.get("kind") == "Scheduled"
            and properties.get("enabled")
            and grouping.get("createIncident", True)
            and properties.get("query") != shipped.get(template)
        ):
            rules.append(rule)
    return rules


def alert_of_row(workspace: PlantWorkspace, rule: Resource, row: Json, *, key: str) -> Json:
    """The alert that a rule makes of a row of its answer; `key` distinguishes it from its
    others.
    """
    properties = rule.body["properties"]
    override = properties.get("alertDetailsOverride") or {}
    title = title_by_rule(rule, row)
    described = _filled(override.get("alertDescriptionFormat"), row)
    severity = row.get(str(override.get("alertSeverityColumnName"))) or properties.get("severity")
    tactics = str(row.get(str(override.get("alertTacticsColumnName"))) or "")
    system_id = str(uuid.uuid5(_IDS, f"{rule.name} {key}"))
    details = {
        name: [str(row[column])]
        for name, column in (properties.get("customDetails") or {}).items()
        if row.get(column)
    }
    generated = row.get("TimeGenerated")
    return {
        "id": f"{workspace.security_path}/Entities/{system_id}",
        "name": system_id,
        "type": "Microsoft.SecurityInsights/Entities",
        "kind": "SecurityAlert",
        "properties": {
            "systemAlertId": system_id,
            "providerAlertId": system_id,
            "alertDisplayName": title,
            "friendlyName": title,
            "alertType": f"{workspace.key}_{rule.name}",
            "severity": severity,
            "status": "New",
            "vendorName": "Microsoft",
            "productName": row.get("ProductName") or "Azure Sentinel",
            "productComponentName": row.get("ProductComponentName") or "Scheduled Alerts",
            "description": described or properties.get("description") or "",
            "remediationSteps": [],
            "tactics": [word for word in tactics.replace(" ", "").split(",") if word],
            "techniques": [],
            "startTimeUtc": generated,
            "endTimeUtc": generated,
            "timeGenerated": generated,
            "processingEndTime": generated,
            "resourceIdentifiers": [],
            "additionalData": {
                "Custom Details": orjson.dumps(details).decode(),
                "Analytic Rule Name": properties["displayName"],
                "Analytic Rule Ids": orjson.dumps([rule.name]).decode(),
                "ProcessedBySentinel": "True",
                "ProviderName": "ASI Scheduled Alerts",
            },
        },
    }


def title_by_rule(rule: Resource, row: Json) -> str:
    """The title that a rule gives to the alert of a row: by its format, else its own name."""
    properties = rule.body["properties"]
    title_format = (properties.get("alertDetailsOverride") or {}).get("alertDisplayNameFormat")
    return _filled(title_format, row) or str(properties["displayName"])


def _filled(text: Any, row: Json) -> str:
    """A format of a rule with the columns of a row put in."""
    return _FIELD.sub(lambda match: str(row.get(match[1]) or ""), str(text or ""))


def incident_of_alert(workspace: PlantWorkspace, rule: Resource, alert: Json) -> Json:
    """The properties of the incident that holds this alert alone."""
    properties = alert["properties"]
    return {
        "title": properties["alertDisplayName"],
        "description": properties["description"],
        "severity": properties["severity"],
        "status": "New",
        "relatedAnalyticRuleIds": [f"{workspace.security_path}/alertRules/{rule.name}"],
        "additionalData": {
            "alertProductNames": [properties["productName"]],
            "tactics": properties["tactics"],
            "techniques": [],
        },
    }
