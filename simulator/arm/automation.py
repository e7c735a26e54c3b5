"""The addresses of automation rules, and of the playbooks (Logic Apps) that they run."""

from typing import Any

from simulator.arm.call import Call, Route, item_routes, plain_route
from simulator.arm.provisioned import of_subscription
from simulator.automation.check import RULES_PER_WORKSPACE, check_rule
from simulator.automation.run import RULES, disable_expired
from simulator.clock import iso
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply, bad_request, not_found
from simulator.store.resources import Resource

Json = dict[str, Any]
_SUBSCRIPTION = "/subscriptions/{subscription}"
_LOGIC = _SUBSCRIPTION + r"/resourceGroups/{group}/providers/Microsoft\.Logic/workflows"


def rule_resource(call: Call, rule: Resource) -> Json:
    """A rule as ARM shows it."""
    resource = {
        "id": f"{call.workspace.security_path}/automationRules/{rule.name}",
        "name": rule.name,
        "etag": rule.etag,
        "type": "Microsoft.SecurityInsights/automationRules",
        "properties": rule.body["properties"],
    }
    return call.schema.project("automationRules", resource)


def _stored_rule(call: Call) -> Resource | None:
    return call.azure.store.resources.get(call.workspace.key, RULES, call.args["item"])


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
    rule = _stored_rule(call)
    if rule is None:
        raise not_found("Automation rule")
    return Reply(body=rule_resource(call, rule))


def put_rule(call: Call) -> Reply:
    """Create a rule or replace it whole."""
    body = call.resource("automationRules")
    properties = check_rule(body.get("properties"), version=call.schema.version)
    stored = _stored_rule(call)
    call.require_match(stored, body)
    rules = call.azure.store.resources.all(call.workspace.key, RULES)
    if stored is None and len(rules) >= RULES_PER_WORKSPACE:
        raise bad_request(f"A workspace holds at most {RULES_PER_WORKSPACE} automation rules.")
    stamp = iso(call.azure.stamp(call.now))
    former = stored.body["properties"] if stored else {}
    saved = {
        "displayName": properties["displayName"],
        "order": properties["order"],
        "triggeringLogic": properties["triggeringLogic"],
        "actions": properties["actions"],
        "createdTimeUtc": former.get("createdTimeUtc", stamp),
        "createdBy": former.get("createdBy", call.author),
        "lastModifiedTimeUtc": stamp,
        "lastModifiedBy": call.author,
    }
    name = stored.name if stored else call.args["item"]
    rule = Resource(name, call.azure.store.next_etag(call.now), {"properties": saved})
    call.azure.store.resources.put(call.workspace.key, RULES, rule)
    resource = rule_resource(call, rule)
    return call.written(resource, former=stored, etag=rule.etag, effect="rule written")


def delete_rule(call: Call) -> Reply:
    """Delete a rule: 200 with an empty body, 204 when there was none."""
    stored = _stored_rule(call)
    if stored is None:
        return Reply(204, effect="nothing to delete")
    call.require_match(stored)
    call.azure.store.resources.remove(call.workspace.key, RULES, stored.name)
    return Reply(200, effect="rule deleted", before=stored.etag)


def _workflows(call: Call) -> list[tuple[PlantWorkspace, Resource]]:
    workspaces = [
        workspace
        for workspace in of_subscription(call)
        if workspace.resource_group.lower()
        == call.args.get("group", workspace.resource_group).lower()
    ]
    by_path: dict[str, tuple[PlantWorkspace, Resource]] = {}
    for workspace in workspaces:
        for workflow in call.azure.store.resources.all(workspace.key, "workflows"):
            by_path.setdefault(
                f"{workspace.resource_group}/{workflow.name}".lower(), (workspace, workflow)
            )
    return list(by_path.values())


def _workflow(workspace: PlantWorkspace, workflow: Resource) -> Json:
    path = f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}"
    return {
        "id": f"{path}/providers/Microsoft.Logic/workflows/{workflow.name}",
        "name": workflow.name,
        "type": "Microsoft.Logic/workflows",
        **workflow.body,
    }


def _list_workflows(call: Call) -> Reply:
    return Reply(
        body={"value": [_workflow(workspace, workflow) for workspace, workflow in _workflows(call)]}
    )


def _get_workflow(call: Call) -> Reply:
    name = call.args["name"]
    for workspace, workflow in _workflows(call):
        if workflow.name.lower() == name.lower():
            return Reply(body=_workflow(workspace, workflow))
    raise ArmRefusal(404, "ResourceNotFound", f"The workflow '{name}' was not found.")


def _list_runs(call: Call) -> Reply:
    name = call.args["name"]
    names = {workflow.name.lower() for _, workflow in _workflows(call)}
    if name.lower() not in names:
        raise ArmRefusal(404, "ResourceNotFound", f"The workflow '{name}' was not found.")
    runs = call.azure.store.journal.runs(kind="playbook", name=name)
    return Reply(body={"value": [_run(call, run) for run in reversed(runs)]})


def _run(call: Call, run: Json) -> Json:
    number = f"{run['id']:020d}"
    return {
        "id": f"{call.path}/{number}",
        "name": number,
        "type": "Microsoft.Logic/workflows/runs",
        "properties": {
            "status": run["status"],
            "startTime": run["at"],
            "endTime": run["at"],
            "correlation": {"clientTrackingId": run["incident"]},
        },
    }


ROUTES: list[Route] = [
    *item_routes(
        "/automationRules",
        "automationRules",
        list_=list_rules,
        get=get_rule,
        put=put_rule,
        delete=delete_rule,
    ),
    plain_route(
        "GET",
        _SUBSCRIPTION + r"/providers/Microsoft\.Logic/workflows",
        "Microsoft.Logic/workflows/read",
        _list_workflows,
    ),
    plain_route("GET", _LOGIC + "/{name}", "Microsoft.Logic/workflows/read", _get_workflow),
    plain_route("GET", _LOGIC + "/{name}/runs", "Microsoft.Logic/workflows/runs/read", _list_runs),
]
