"""The addresses of what hangs on an incident: comments and tasks."""

from functools import partial
from typing import Any

from simulator.arm.call import Call, Route, item_routes
from simulator.arm.incidents import incident_of
from simulator.clock import iso
from simulator.incident_records import MAX_TASKS, incident_path
from simulator.incidents import put_comment, recount_comments
from simulator.replies import Reply, bad_request, not_found
from simulator.store.incidents import Incident
from simulator.store.resources import Part

Json = dict[str, Any]


def _resource(call: Call, incident: Incident, kind: str, part: Part) -> Json:
    resource = {
        "id": f"{incident_path(call.workspace, incident.name)}/{kind}/{part.name}",
        "name": part.name,
        "etag": part.etag,
        "type": f"Microsoft.SecurityInsights/incidents/{kind}",
        "properties": part.properties,
    }
    return call.schema.project(f"incidents/{kind}", resource)


def _stored_part(call: Call, incident: Incident, kind: str) -> Part | None:
    parts = call.azure.store.resources.parts(incident.workspace, incident.name, kind)
    return next((part for part in parts if part.name == call.args["item"].lower()), None)


def _list(call: Call, kind: str) -> Reply:
    incident = incident_of(call)
    parts = call.azure.store.resources.parts(incident.workspace, incident.name, kind)
    return Reply(body={"value": [_resource(call, incident, kind, part) for part in parts]})


def _get(call: Call, kind: str) -> Reply:
    incident = incident_of(call)
    part = _stored_part(call, incident, kind)
    if part is None:
        raise not_found(kind.removesuffix("s").capitalize())
    return Reply(body=_resource(call, incident, kind, part))


def _delete(call: Call, kind: str) -> Reply:
    incident = incident_of(call)
    part = _stored_part(call, incident, kind)
    if part is None:
        return Reply(204, effect="nothing to delete")
    call.require_match(part)
    call.azure.store.resources.remove_part(incident.workspace, incident.name, kind, part.name)
    if kind == "comments":
        recount_comments(call.azure, incident, at=call.now, source="Application")
    return Reply(200, effect="deleted", before=part.etag)


def put_comment_call(call: Call) -> Reply:
    """Write or rewrite a comment under the id that the caller chose."""
    incident, body = incident_of(call), call.resource("incidents/comments")
    former = _stored_part(call, incident, "comments")
    call.require_match(former, body)
    part, former = put_comment(
        call.azure,
        incident,
        (body.get("properties") or {}).get("message"),
        author=call.author,
        at=call.now,
        source="Application",
        name=call.args["item"],
    )
    effect = "comment rewritten" if former else "comment added"
    resource = _resource(call, incident, "comments", part)
    return call.written(resource, former=former, etag=part.etag, effect=effect)


def put_task(call: Call) -> Reply:
    """Write or rewrite a task under the id that the caller chose."""
    incident, body = incident_of(call), call.resource("incidents/tasks")
    properties = body["properties"]
    if not properties["title"]:
        raise bad_request("Required property 'title' not found in JSON.")
    former = _stored_part(call, incident, "tasks")
    call.require_match(former, body)
    tasks = call.azure.store.resources.parts(incident.workspace, incident.name, "tasks")
    if former is None and len(tasks) >= MAX_TASKS:
        raise bad_request(f"An incident has at most {MAX_TASKS} tasks.")
    stamp = call.azure.stamp(call.now)
    created = former.created if former else stamp
    task = {
        "title": properties["title"],
        "description": properties.get("description") or "",
        "status": properties["status"],
        "createdTimeUtc": iso(created),
        "lastModifiedTimeUtc": iso(stamp),
        "createdBy": call.author,
        "lastModifiedBy": call.author,
    }
    part = Part(call.args["item"].lower(), call.azure.store.next_etag(call.now), created, task)
    call.azure.store.resources.put_part(incident.workspace, incident.name, "tasks", part)
    resource = _resource(call, incident, "tasks", part)
    return call.written(resource, former=former, etag=part.etag, effect="tasks written")


_PUTS = {"comments": put_comment_call, "tasks": put_task}
ROUTES: list[Route] = [
    route
    for kind, put in _PUTS.items()
    for route in item_routes(
        f"/incidents/{{incident}}/{kind}",
        f"incidents/{kind}",
        list_=partial(_list, kind=kind),
        get=partial(_get, kind=kind),
        put=put,
        delete=partial(_delete, kind=kind),
    )
]
