"""Connections of Logic Apps (Microsoft.Web): each is of one connector, which it names itself.

A connection is shown, and laid out, with the members that the published type declares and no
others; one that is not in the resource group of its address is not found.
"""

from typing import Any

from simulator.arm.call import Call, Route, plain_route
from simulator.arm.provisioned import of_subscription
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply
from simulator.store.resources import Resource

Json = dict[str, Any]
_PROVIDER = "/providers/Microsoft.Web/connections"
_MEMBERS = frozenset({"location", "tags", "properties"})
_PROPERTIES = frozenset(
    {
        *("api", "changedTime", "createdTime", "customParameterValues", "displayName"),
        *("nonSecretParameterValues", "parameterValues", "statuses", "testLinks"),
    }
)
_API = frozenset(
    {
        *("id", "name", "type", "displayName", "description"),
        *("brandColor", "iconUri", "swagger"),
    }
)


def check_connection(body: Json) -> None:
    """Refuse what the published type of a connection does not declare. Raises ValueError."""
    properties = body.get("properties") or {}
    api = properties.get("api") or {}
    for members, declared in ((body, _MEMBERS), (properties, _PROPERTIES), (api, _API)):
        if extra := sorted(members.keys() - declared):
            raise ValueError(f"a connection has no member {extra[0]}")
    if not api.get("id"):
        raise ValueError("a connection is of a connector: properties.api.id")


def _found(call: Call) -> tuple[PlantWorkspace, Resource]:
    for workspace in of_subscription(call):
        if workspace.resource_group.lower() != call.args["group"].lower():
            continue
        for resource in call.azure.store.resources.all(workspace.key, "connections"):
            if resource.name.lower() == call.args["name"].lower():
                return workspace, resource
    raise ArmRefusal(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.Web/connections/{call.args['name']}' was not found.",
    )


def _get(call: Call) -> Reply:
    workspace, resource = _found(call)
    group = f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}"
    return Reply(
        body={
            "id": f"{group}{_PROVIDER}/{resource.name}",
            "name": resource.name,
            "type": "Microsoft.Web/connections",
            **resource.body,
        }
    )


ROUTES: list[Route] = [
    plain_route(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}"
        + _PROVIDER.replace(".", r"\.")
        + "/{name}",
        "Microsoft.Web/connections/read",
        _get,
    ),
]
