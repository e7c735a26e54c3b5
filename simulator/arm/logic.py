"""The addresses of Logic Apps: which playbooks there are, and how their runs went."""

from __future__ import annotations

import re
from typing import Any

from simulator.arm.call import Call, Route, plain_route
from simulator.arm.provisioned import of_subscription
from simulator.azure import Workspace
from simulator.store.resources import Resource
from simulator.words import ArmRefusal, Reply

Json = dict[str, Any]


def _workflows(call: Call) -> list[tuple[Workspace, Resource]]:
    here = [
        one
        for one in of_subscription(call)
        if one.resource_group.lower() == call.args.get("group", one.resource_group).lower()
    ]
    seen: dict[str, tuple[Workspace, Resource]] = {}
    for place in here:
        for one in call.azure.store.resources.all(place.key, "workflows"):
            seen.setdefault(f"{place.resource_group}/{one.name}".lower(), (place, one))
    return list(seen.values())


def _workflow(place: Workspace, one: Resource) -> Json:
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


_SUBSCRIPTION = "/subscriptions/{subscription}"
_LOGIC = _SUBSCRIPTION + r"/resourceGroups/{group}/providers/Microsoft\.Logic/workflows"
ROUTES: list[Route] = [
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
