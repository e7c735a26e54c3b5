"""The addresses of what hangs on an incident: comments, relations and tasks."""

from __future__ import annotations

from functools import partial
from typing import Any

from simulator.arm.call import Call, Route, security_route
from simulator.arm.incidents import incident_of
from simulator.clock import iso
from simulator.incident_records import MAX_TASKS, check_enum, incident_path
from simulator.incidents import put_comment, recount_comments
from simulator.replies import Reply, bad_request, not_found
from simulator.store.incidents import Incident
from simulator.store.resources import Part

Json = dict[str, Any]


def _shown(call: Call, incident: Incident, kind: str, part: Part) -> Json:
    return {
        "id": f"{incident_path(call.workspace, incident.name)}/{kind}/{part.name}",
        "name": part.name,
        "etag": part.etag,
        "type": f"Microsoft.SecurityInsights/incidents/{kind}",
        "properties": part.properties,
    }


def _held(call: Call, incident: Incident, kind: str) -> Part | None:
    parts = call.azure.store.resources.parts(incident.workspace, incident.name, kind)
    return next((one for one in parts if one.name == call.args["part"].lower()), None)


def _list(call: Call, kind: str) -> Reply:
    incident = incident_of(call)
    parts = call.azure.store.resources.parts(incident.workspace, incident.name, kind)
    if kind == "relations":
        parts = [*_alert_relations(call, incident), *parts]
    return Reply(body={"value": [_shown(call, incident, kind, one) for one in parts]})


def _get(call: Call, kind: str) -> Reply:
    incident = incident_of(call)
    part = _held(call, incident, kind)
    if part is None:
        raise not_found(kind.removesuffix("s").capitalize())
    return Reply(body=_shown(call, incident, kind, part))


def _delete(call: Call, kind: str) -> Reply:
    incident = incident_of(call)
    part = _held(call, incident, kind)
    if part is None:
        return Reply(204, effect="nothing to delete")
    call.require_match(part.etag)
    call.azure.store.resources.remove_part(incident.workspace, incident.name, kind, part.name)
    if kind == "comments":
        recount_comments(call.azure, incident, at=call.now, source="Application")
    return Reply(200, effect="deleted", before=part.etag)


def _alert_relations(call: Call, incident: Incident) -> list[Part]:
    alerts, _ = call.azure.details(incident)
    return [
        Part(
            str(alert["name"]),
            str(alert["name"]),
            incident.created,
            {
                "relatedResourceId": alert["id"],
                "relatedResourceName": alert["name"],
                "relatedResourceType": "Microsoft.SecurityInsights/entities",
                "relatedResourceKind": "SecurityAlert",
            },
        )
        for alert in alerts
    ]


def put_comment_call(call: Call) -> Reply:
    """Write or rewrite a comment under the id that the caller chose."""
    incident, told = incident_of(call), call.json()
    former = _held(call, incident, "comments")
    call.require_match(former.etag if former else None, told)
    part, former = put_comment(
        call.azure,
        incident,
        (told.get("properties") or {}).get("message"),
        author=call.author,
        at=call.now,
        source="Application",
        name=call.args["part"],
    )
    return Reply(
        200 if former else 201,
        _shown(call, incident, "comments", part),
        effect="comment rewritten" if former else "comment added",
        before=former.etag if former else None,
        after=part.etag,
    )


def put_task(call: Call) -> Reply:
    """Write or rewrite a task under the id that the caller chose."""
    incident, told = incident_of(call), call.json()
    properties = told.get("properties") or {}
    if not properties.get("title"):
        raise bad_request("Required property 'title' not found in JSON.")
    check_enum("status", properties.get("status"), ("New", "Completed"))
    former = _held(call, incident, "tasks")
    call.require_match(former.etag if former else None, told)
    held = call.azure.store.resources.parts(incident.workspace, incident.name, "tasks")
    if former is None and len(held) >= MAX_TASKS:
        raise bad_request(f"An incident has at most {MAX_TASKS} tasks.")
    stamp = call.azure.stamp(call.now)
    created = former.created if former else stamp
    kept = {
        "title": properties["title"],
        "description": properties.get("description") or "",
        "status": properties["status"],
        "createdTimeUtc": iso(created),
        "lastModifiedTimeUtc": iso(stamp),
        "createdBy": call.author,
        "lastModifiedBy": call.author,
    }
    return _store(call, incident, "tasks", kept, former=former, created=created)


def put_relation(call: Call) -> Reply:
    """Relate an incident to a bookmark or to another resource."""
    incident, told = incident_of(call), call.json()
    related = str((told.get("properties") or {}).get("relatedResourceId") or "")
    if "/" not in related:
        raise bad_request("Required property 'relatedResourceId' not found in JSON.")
    former = _held(call, incident, "relations")
    call.require_match(former.etag if former else None, told)
    kind, name = related.rstrip("/").rsplit("/", 2)[-2:]
    kept = {
        "relatedResourceId": related,
        "relatedResourceName": name,
        "relatedResourceType": f"Microsoft.SecurityInsights/{kind}",
    }
    created = former.created if former else call.azure.stamp(call.now)
    return _store(call, incident, "relations", kept, former=former, created=created)


def _store(
    call: Call, incident: Incident, kind: str, kept: Json, *, former: Part | None, created: int
) -> Reply:
    etag = call.azure.store.next_etag(call.now, quoted=kind == "tasks")
    part = Part(call.args["part"].lower(), etag, created, kept)
    call.azure.store.resources.put_part(incident.workspace, incident.name, kind, part)
    return Reply(
        200 if former else 201,
        _shown(call, incident, kind, part),
        effect=f"{kind} written",
        before=former.etag if former else None,
        after=etag,
    )


_PUTS = {"comments": put_comment_call, "tasks": put_task, "relations": put_relation}
ROUTES: list[Route] = []
for _kind, _put in _PUTS.items():
    _limited = _kind != "tasks"
    ROUTES += [
        security_route(
            "GET",
            f"/incidents/{{incident}}/{_kind}",
            f"incidents/{_kind}/read",
            partial(_list, kind=_kind),
            limit=f"GET {_kind}" if _limited else "",
        ),
        security_route(
            "GET",
            f"/incidents/{{incident}}/{_kind}/{{part}}",
            f"incidents/{_kind}/read",
            partial(_get, kind=_kind),
            limit=f"GET {_kind}" if _limited else "",
        ),
        security_route(
            "PUT",
            f"/incidents/{{incident}}/{_kind}/{{part}}",
            f"incidents/{_kind}/write",
            _put,
            limit=f"PUT {_kind}" if _limited else "",
        ),
        security_route(
            "DELETE",
            f"/incidents/{{incident}}/{_kind}/{{part}}",
            f"incidents/{_kind}/delete",
            partial(_delete, kind=_kind),
        ),
    ]
