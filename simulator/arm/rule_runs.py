"""Analytics rules run by hand, and deleted. One over rows of its own makes one alert of them."""

from __future__ import annotations

import re
from typing import Any

from simulator.arm.call import Call, Route, security_route
from simulator.clock import iso
from simulator.incidents import make_incident
from simulator.replies import Reply, bad_request, not_found
from simulator.store.resources import Resource

Json = dict[str, Any]
_ROWS = re.compile(r"datatable\s*\((?P<columns>[^)]*)\)\s*\[(?P<values>[^\]]*)\]")


def _rule(call: Call) -> Resource:
    rule = call.azure.store.resources.get(call.workspace.key, "alertRules", call.args["name"])
    if rule is None:
        raise not_found("Alert rule")
    return rule


def _run(call: Call) -> Reply:
    """Accept the run: what the query finds becomes an alert in an incident of its own."""
    rule = _rule(call)
    properties = rule.body["properties"]
    if rule.body.get("kind") != "Scheduled":
        raise bad_request("Only scheduled rules can be run by hand.")
    if not (call.json().get("properties") or {}).get("executionTimeUtc"):
        raise bad_request("Required property 'executionTimeUtc' not found in JSON.")
    row = _first_row(str(properties.get("query", "")))
    if row:
        _make_incident(call, rule, row)
    effect = "rule run" if row else "rule run, nothing found"
    location = f"{call.azure.endpoint}{call.path}/operations/{call.now}"
    return Reply(202, None, headers={"Location": location}, effect=effect)


def _first_row(query: str) -> Json:
    """The first row of a `datatable`; nothing where the query reads tables of the workspace."""
    found = _ROWS.search(query)
    if found is None:
        return {}
    names = [column.partition(":")[0].strip() for column in found["columns"].split(",")]
    values = [value.strip().strip("\"'") for value in found["values"].split(",")]
    return dict(zip(names, values, strict=False))


def _make_incident(call: Call, rule: Resource, row: Json) -> None:
    properties, workspace = rule.body["properties"], call.workspace
    path = f"{workspace.security_path}/alertRules/{rule.name}"
    details = {
        name: [row[column]]
        for name, column in (properties.get("customDetails") or {}).items()
        if column in row
    }
    name = workspace.uid(f"alert of {rule.name} at {call.now}")
    at = iso(call.azure.stamp(call.now))
    alert = {
        "id": f"{workspace.security_path}/Entities/{name}",
        "name": name,
        "type": "Microsoft.SecurityInsights/Entities",
        "kind": "SecurityAlert",
        "properties": {
            "systemAlertId": name,
            "alertDisplayName": properties["displayName"],
            "alertType": f"{workspace.uid('customer')}_{rule.name}",
            "severity": properties.get("severity", "Medium"),
            "status": "New",
            "vendorName": "Microsoft",
            "productName": "Azure Sentinel",
            "startTimeUtc": at,
            "endTimeUtc": at,
            "timeGenerated": at,
            "additionalData": {"Custom Details": str(details).replace("'", '"')},
        },
    }
    values = {
        "title": properties["displayName"],
        "description": properties.get("description", ""),
        "severity": properties.get("severity", "Medium"),
        "status": "New",
        "relatedAnalyticRuleIds": [path],
    }
    make_incident(call.azure, workspace, values, at=call.now, details={"alerts": [alert]})


def _delete(call: Call) -> Reply:
    """Delete a rule: 200, or 204 where there was none."""
    stored = call.azure.store.resources.get(call.workspace.key, "alertRules", call.args["name"])
    if stored is None:
        return Reply(204, effect="nothing to delete")
    call.azure.store.resources.remove(call.workspace.key, "alertRules", stored.name)
    return Reply(200, effect="rule deleted", before=stored.etag)


ROUTES: list[Route] = [
    security_route(
        "POST", "/alertRules/{name}/triggerRuleRun", "alertRules/triggerRuleRun/action", _run
    ),
    security_route("DELETE", "/alertRules/{name}", "alertRules/delete", _delete),
]
