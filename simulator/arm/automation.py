"""The addresses of automation rules, and of the playbooks (Logic Apps) that they run."""

from __future__ import annotations

import re
from typing import Any

from simulator.arm.call import Call, Route, plain_route, security_route
from simulator.arm.provisioned import of_subscription
from simulator.automation.check import RULES_PER_WORKSPACE, check_rule, too_many_rules
from simulator.automation.run import RULES, disable_expired
from simulator.clock import iso
from simulator.plant import PlantWorkspace
from simulator.replies import ArmRefusal, Reply, not_found
from simulator.store.resources import Resource

Json = dict[str, Any]
_SUBSCRIPTION = "/subscriptions/{subscription}"
_LOGIC = _SUBSCRIPTION + r"/resourceGroups/{group}/providers/Microsoft\.Logic/workflows"


def rule_resource(call: Call, rule: Resource) -> Json:
    """A rule as ARM shows it."""
    return {
        "id": f"{call.workspace.security_path}/automationRules/{rule.name}",
        "name": rule.name,
        "etag": rule.etag,
        "type": "Microsoft.SecurityInsights/automationRules",
        "properties": rule.body["properties"],
    }


def _held(call: Call) -> Resource | None:
    return call.azure.store.resources.get(call.workspace.key, RULES, call.args["rule"])


def list_rules(call: Call) -> Reply:
    """All rules; those whose time is over are shown disabled."""
    with call.azure.store.transaction():
        disable_expired(call.azure, call.workspace, at=call.now)
    rules = call.azure.store.resources.all(call.workspace.key, RULES)
    return Reply(body={"value": [rule_resource(call, rule) for rule in rules]})


def get_rule(call: Call) -> Reply:
    """One rule."""
    with call.azure.store.transaction():
        disable_expired(call.azure, call.workspace, at=call.now)
    rule = _held(call)
    if rule is None:
        raise not_found("Automation rule")
    return Reply(body=rule_resource(call, rule))


def put_rule(call: Call) -> Reply:
    """Create a rule or replace it whole."""
    told = call.json()
    properties = check_rule(told.get("properties"))
    held = _held(call)
    call.require_match(held.etag if held else None, told)
    known = call.azure.store.resources.all(call.workspace.key, RULES)
    if held is None and len(known) >= RULES_PER_WORKSPACE:
        raise too_many_rules()
    stamp = iso(call.azure.stamp(call.now))
    made = held.body["properties"] if held else {}
    kept = {
        "displayName": properties["displayName"],
        "order": properties["order"],
        "triggeringLogic": properties["triggeringLogic"],
        "actions": properties["actions"],
        "createdTimeUtc": made.get("createdTimeUtc", stamp),
        "createdBy": made.get("createdBy", call.author),
        "lastModifiedTimeUtc": stamp,
        "lastModifiedBy": call.author,
    }
    name = held.name if held else call.args["rule"]
    rule = Resource(name, call.azure.store.next_etag(call.now), {"properties": kept})
    call.azure.store.resources.put(call.workspace.key, RULES, rule)
    return Reply(
        200 if held else 201,
        rule_resource(call, rule),
        effect="rule written",
        before=held.etag if held else None,
        after=rule.etag,
    )


def delete_rule(call: Call) -> Reply:
    """Delete a rule: 200 with an empty body, 204 when there was none."""
    held = _held(call)
    if held is None:
        return Reply(204, effect="nothing to delete")
    call.require_match(held.etag)
    call.azure.store.resources.remove(call.workspace.key, RULES, held.name)
    return Reply(200, effect="rule deleted", before=held.etag)


def _workflows(call: Call) -> list[tuple[PlantWorkspace, Resource]]:
    here = [
        one
        for one in of_subscription(call)
        if one.resource_group.lower() == call.args.get("group", one.resource_group).lower()
    ]
    seen: dict[str, tuple[PlantWorkspace, Resource]] = {}
    for place in here:
        for one in call.azure.store.resources.all(place.key, "workflows"):
            seen.setdefault(f"{place.resource_group}/{one.name}".lower(), (place, one))
    return list(seen.values())


def _workflow(place: PlantWorkspace, one: Resource) -> Json:
    path = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    return {
        "id": f"{path}/providers/Microsoft.Logic/workflows/{one.name}",
        "name": one.name,
        "type": "Microsoft.Logic/workflows",
        **one.body,
    }


def _list_workflows(call: Call) -> Reply:
    return Reply(body={"value": [_workflow(place, one) for place, one in _workflows(call)]})


def _list_runs(call: Call) -> Reply:
    asked = call.args["name"]
    known = {one.name.lower() for _, one in _workflows(call)}
    if asked.lower() not in known:
        raise ArmRefusal(404, "ResourceNotFound", f"The workflow '{asked}' was not found.")
    runs = call.azure.store.journal.runs(kind="playbook", name=asked)
    return Reply(body={"value": [_run(call, one) for one in reversed(runs)]})


def _get_run(call: Call) -> Reply:
    runs = call.azure.store.journal.runs(kind="playbook", name=call.args["name"])
    for one in runs:
        if f"{one['id']:020d}" == call.args["run"]:
            return Reply(body=_run(call, one))
    raise ArmRefusal(404, "WorkflowRunNotFound", "The workflow run was not found.")


def _run(call: Call, one: Json) -> Json:
    number = f"{one['id']:020d}"
    where = re.sub(r"/runs(/.*)?$", "", call.path)
    return {
        "id": f"{where}/runs/{number}",
        "name": number,
        "type": "Microsoft.Logic/workflows/runs",
        "properties": {
            "status": one["status"],
            "startTime": one["at"],
            "endTime": one["at"],
            "correlation": {"clientTrackingId": one["incident"]},
        },
    }


ROUTES: list[Route] = [
    security_route(
        "GET", "/automationRules", "automationRules/read", list_rules, limit="GET automationRules"
    ),
    security_route(
        "GET",
        "/automationRules/{rule}",
        "automationRules/read",
        get_rule,
        limit="GET automationRules",
    ),
    security_route(
        "PUT",
        "/automationRules/{rule}",
        "automationRules/write",
        put_rule,
        limit="PUT automationRules",
    ),
    security_route("DELETE", "/automationRules/{rule}", "automationRules/delete", delete_rule),
    plain_route(
        "GET",
        _SUBSCRIPTION + r"/providers/Microsoft\.Logic/workflows",
        "Microsoft.Logic/workflows/read",
        _list_workflows,
    ),
    plain_route("GET", _LOGIC, "Microsoft.Logic/workflows/read", _list_workflows),
    plain_route("GET", _LOGIC + "/{name}/runs", "Microsoft.Logic/workflows/runs/read", _list_runs),
    plain_route(
        "GET", _LOGIC + "/{name}/runs/{run}", "Microsoft.Logic/workflows/runs/read", _get_run
    ),
]
