"""Sites of Microsoft.Web: Standard Logic Apps with their workflows, and others that are none.

The store has a workflow as `site/workflow` among the resources "sites", and a site that runs
something else by its bare name.
"""

from collections.abc import Iterator
from typing import Any

from simulator.arm.call import Call, Route, plain_route
from simulator.arm.provisioned import of_subscription
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply
from simulator.store.resources import Resource

Json = dict[str, Any]
_SITES = r"/providers/Microsoft\.Web/sites"
_SITE = "/subscriptions/{subscription}/resourceGroups/{group}" + _SITES + "/{site}"
_RUNTIME = _SITE + "/hostruntime/runtime/webhooks/workflow/api/management/workflows/{workflow}"


def _stored(call: Call) -> Iterator[tuple[PlantWorkspace, Resource]]:
    for workspace in of_subscription(call):
        for resource in call.azure.store.resources.all(workspace.key, "sites"):
            yield workspace, resource


def _path(workspace: PlantWorkspace, site: str) -> str:
    group = f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}"
    return f"{group}/providers/Microsoft.Web/sites/{site}"


def _list_sites(call: Call) -> Reply:
    sites: dict[str, Json] = {}
    for workspace, resource in _stored(call):
        name, has_workflows, _ = resource.name.partition("/")
        kind = "functionapp,workflowapp" if has_workflows else "app"
        path = _path(workspace, name)
        row = {"id": path, "name": name, "type": "Microsoft.Web/sites", "kind": kind}
        sites.setdefault(path.lower(), row)
    return Reply(body={"value": list(sites.values())})


def _workflow(workspace: PlantWorkspace, resource: Resource, *, is_whole: bool) -> Json:
    site, _, name = resource.name.partition("/")
    properties = dict(resource.body["properties"])
    if not is_whole:
        properties.pop("files", None)
    return {
        "id": f"{_path(workspace, site)}/workflows/{name}",
        "name": resource.name,
        "type": "Microsoft.Web/sites/workflows",
        "location": "westeurope",
        "properties": properties,
    }


def _list_workflows(call: Call) -> Reply:
    site = call.args["site"].lower()
    rows = [
        _workflow(workspace, resource, is_whole=False)
        for workspace, resource in _stored(call)
        if resource.name.lower().startswith(f"{site}/")
    ]
    return Reply(body={"value": rows})


def _wanted(call: Call) -> tuple[PlantWorkspace, Resource]:
    name = f"{call.args['site']}/{call.args['workflow']}".lower()
    for workspace, resource in _stored(call):
        if resource.name.lower() == name:
            return workspace, resource
    raise ArmRefusal(404, "WorkflowNotFound", f"The workflow '{name}' was not found.")


def _get_workflow(call: Call) -> Reply:
    return Reply(body=_workflow(*_wanted(call), is_whole=True))


def _list_runs(call: Call) -> Reply:
    _, resource = _wanted(call)
    runs = call.azure.store.journal.runs(kind="playbook", name=resource.name)
    rows = [
        {
            "name": f"{run['id']:020d}",
            "properties": {
                "status": run["status"],
                "startTime": run["at"],
                "endTime": run["at"],
                "correlation": {"clientTrackingId": run["incident"]},
            },
        }
        for run in reversed(runs)
    ]
    return Reply(body={"value": rows})


_HOST = "Microsoft.Web/sites/hostruntime/webhooks/api/workflows"
ROUTES: list[Route] = [
    plain_route(
        "GET", "/subscriptions/{subscription}" + _SITES, "Microsoft.Web/sites/read", _list_sites
    ),
    plain_route("GET", _SITE + "/workflows", "Microsoft.Web/sites/workflows/read", _list_workflows),
    plain_route(
        "GET",
        _SITE + "/workflows/{workflow}",
        "Microsoft.Web/sites/workflows/read",
        _get_workflow,
    ),
    plain_route("GET", _RUNTIME + "/runs", f"{_HOST}/runs/read", _list_runs),
]
