"""The addresses of automation rules."""

from __future__ import annotations

from typing import Any

from simulator.arm.call import Call, Route, security_route
from simulator.automation.check import RULES_PER_WORKSPACE, check_rule, too_many_rules
from simulator.automation.run import RULES, disable_expired
from simulator.store.resources import Resource
from simulator.words import Reply, iso, not_found

Json = dict[str, Any]


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
]
