"""Analytics rules run by hand, and deleted. One over rows of its own makes one alert of them."""

import uuid
from typing import Any

import orjson

from simulator.arm.call import Call, Route, security_route
from simulator.incidents import make_incident
from simulator.own_rules import alert_of_row, incident_of_alert
from simulator.replies import Reply, bad_request, not_found
from simulator.store.resources import Resource

Json = dict[str, Any]
_IDS = uuid.UUID("5c0f64c1-2a57-4f43-9f0e-1f9d2f1d7c20")
_KINDS = {"iotdevice": "IoTDevice", "ip": "Ip"}


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
    row = _first_row(call, str(properties.get("query", "")))
    if row:
        _make_incident(call, rule, row)
    effect = "rule run" if row else "rule run, nothing found"
    location = f"{call.azure.endpoint}{call.path}/operations/{call.now}"
    return Reply(202, None, headers={"Location": location}, effect=effect)


def _first_row(call: Call, query: str) -> Json:
    """The first row of a `datatable`; nothing where the query reads tables of the workspace."""
    if "datatable" not in query or call.azure.query_logs is None:
        return {}
    rows = call.azure.query_logs(call.workspace, query)
    return rows[0] if rows else {}


def _make_incident(call: Call, rule: Resource, row: Json) -> None:
    workspace = call.workspace
    alert = alert_of_row(workspace, rule, row, key=f"run at {call.now}")
    details = {"alerts": [alert], "entities": _entities(call, rule, row)}
    values = incident_of_alert(workspace, rule, alert)
    make_incident(call.azure, workspace, values, at=call.now, details=details)


def _entities(call: Call, rule: Resource, row: Json) -> list[Json]:
    """The entities in the columns that the rule maps whole; none where it maps none."""
    found: list[Json] = []
    for mapping in rule.body["properties"].get("sentinelEntitiesMappings") or []:
        for part in orjson.loads(row.get(mapping.get("columnName")) or "[]"):
            kind = _KINDS.get(str(part.get("Type")).lower())
            if kind is None:
                continue
            members = {k[0].lower() + k[1:]: v for k, v in part.items() if k not in ("$id", "Type")}
            name = str(uuid.uuid5(_IDS, f"{rule.name} {kind} {members}"))
            entity = {
                "id": f"{call.workspace.security_path}/Entities/{name}",
                "name": name,
                "type": "Microsoft.SecurityInsights/Entities",
                "kind": kind,
                "properties": members,
            }
            found.append(entity)
    return found


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
