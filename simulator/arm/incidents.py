"""The addresses of incidents: list with filter, order and pages, get, put, delete, details."""

import base64
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from simulator.arm.call import Call, Route, security_route
from simulator.automation.run import STANDARD, start_playbook
from simulator.clock import parse_time
from simulator.incident_records import (
    STATUSES,
    check_incident,
    compose,
    incident_bytes,
    incident_path,
)
from simulator.incidents import change_incident, make_incident, replace_writable, writable_from
from simulator.replies import Reply, bad_request, not_found
from simulator.schemas import PREVIEW
from simulator.store.incidents import Incident, IncidentPage

DEFAULT_PAGE, MAX_PAGE_SIZE = 50, 1000
_CLAUSE = re.compile(
    r"\s*properties/(?P<name>\w+)\s+(?P<operator>eq|ne|ge|gt|le|lt)\s+(?P<value>'[^']*'|[^\s']+)\s*",
    re.IGNORECASE,
)
_OPERATORS = {"eq": "=", "ne": "<>", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_SORTED_BY = {
    "createdTimeUtc": "created",
    "lastModifiedTimeUtc": "modified",
    "incidentNumber": "number",
    "severity": "severity",
    "status": "status",
    "title": "title",
    "owner/assignedTo": "owner",
}
Json = dict[str, Any]


def _status(value: str) -> str:
    named = value.strip("'")
    if named not in STATUSES:
        raise ValueError(named)
    return named


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "lastmodifiedtimeutc": ("modified", parse_time),
    "createdtimeutc": ("created", parse_time),
    "status": ("status", _status),
}


def read_filter(text: str) -> list[tuple[str, str, Any]]:
    """The conditions of a $filter as column, operator and value; refuses what Azure would."""
    conditions = []
    for piece in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE):
        clause = _CLAUSE.fullmatch(piece)
        reader = _READERS.get(clause["name"].lower()) if clause else None
        if clause is None or reader is None:
            raise bad_request("Invalid filter clause")
        operator = clause["operator"].lower()
        if reader[0] == "status" and operator not in {"eq", "ne"}:
            raise bad_request("Invalid filter clause")
        try:
            conditions.append((reader[0], _OPERATORS[operator], reader[1](clause["value"])))
        except ValueError:
            raise bad_request("Invalid filter clause") from None
    return conditions


def read_slice(query: dict[str, str]) -> IncidentPage:
    """Which incidents a list call asks for."""
    order = query.get("$orderby", "properties/createdTimeUtc desc").split()
    name = order[0].removeprefix("properties/") if order else ""
    way = order[1].lower() if len(order) == 2 else "asc"
    if name not in _SORTED_BY or way not in {"asc", "desc"} or len(order) > 2:
        raise bad_request("Invalid orderby clause")
    top = query.get("$top", str(DEFAULT_PAGE))
    if not top.isascii() or not top.isdigit() or not 1 <= int(top) <= MAX_PAGE_SIZE:
        raise bad_request(f"$top must be a number from 1 to {MAX_PAGE_SIZE}.")
    return IncidentPage(
        conditions=read_filter(query["$filter"]) if query.get("$filter") else [],
        column=_SORTED_BY[name],
        descending=way == "desc",
        after=_read_token(query.get("$skiptoken", "")),
        limit=int(top),
    )


def _read_token(token: str) -> tuple[Any, str] | None:
    if not token:
        return None
    try:
        key, name = orjson.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError):
        raise bad_request("Invalid skip token") from None
    return key, str(name)


def next_link(address: str, query: dict[str, str], *, key: Any, name: str) -> str:
    """The address of the page after the row with this key and name."""
    token = base64.urlsafe_b64encode(orjson.dumps([key, name])).decode()
    others = {word: value for word, value in query.items() if word != "$skiptoken"}
    return f"{address}?{urlencode({**others, '$skipToken': token}, quote_via=quote, safe='$')}"


def incident_of(call: Call) -> Incident:
    """The incident of the address; refuses with 404."""
    incident = call.azure.store.incidents.get(call.workspace.key, call.args["incident"])
    if incident is None:
        raise not_found("Incident")
    return incident


def list_incidents(call: Call) -> Reply:
    """One page of incidents, joined from stored bytes."""
    page_query = read_slice(call.query)
    listed = call.azure.store.incidents.listed(call.workspace.key, page_query)
    page = listed[: page_query.limit]
    items = b",".join(
        row.mangled or _shown(call, compose(call.workspace, row.name, row.etag, row.properties))
        for row in page
    )
    if len(listed) <= page_query.limit:
        return Reply(body=b'{"value":[%s]}' % items)
    host = call.headers.get("host") or call.azure.endpoint.removeprefix("https://")
    address = f"https://{host}{call.workspace.security_path}/incidents"
    link = next_link(address, call.query, key=page[-1].key, name=page[-1].name)
    return Reply(body=b'{"value":[%s],"nextLink":%s}' % (items, orjson.dumps(link)))


def _shown(call: Call, resource: bytes) -> bytes:
    """An incident as the version of the call declares it. What is stored is what the preview
    declares, which therefore need not be parsed.
    """
    if call.schema.version == PREVIEW:
        return resource
    return orjson.dumps(call.schema.project("incidents", orjson.loads(resource)))


def _body(call: Call, incident: Incident) -> bytes:
    resource = incident_bytes(call.azure, incident)
    return resource if incident.mangled is not None else _shown(call, resource)


def get_incident(call: Call) -> Reply:
    """One incident."""
    return Reply(body=_body(call, incident_of(call)))


def put_incident(call: Call) -> Reply:
    """Create an incident, or replace everything writable of an existing one."""
    body = call.resource("incidents")
    properties = check_incident(body.get("properties"))
    stored = call.azure.store.incidents.get(call.workspace.key, call.args["incident"])
    call.require_match(stored, body)
    writable = writable_from(properties, stored.properties if stored else None)
    if stored is None:
        incident = make_incident(
            call.azure,
            call.workspace,
            writable,
            at=call.now,
            name=call.args["incident"],
            by_api=True,
        )
        return Reply(201, _body(call, incident), effect="created", after=incident.etag)
    before = stored.etag
    updated = change_incident(
        call.azure,
        stored,
        lambda old: replace_writable(old, writable),
        at=call.now,
        source="Application",
        author=call.application.key,
    )
    return Reply(
        200,
        _body(call, updated),
        effect="updated",
        before=before,
        after=updated.etag,
    )


def delete_incident(call: Call) -> Reply:
    """Delete an incident: 200 when it was there, 204 when it was not."""
    incident = call.azure.store.incidents.get(call.workspace.key, call.args["incident"])
    if incident is None:
        return Reply(204, effect="nothing to delete")
    call.require_match(incident)
    call.azure.store.incidents.remove(call.workspace.key, incident.name)
    return Reply(200, effect="deleted", before=incident.etag)


def list_alerts(call: Call) -> Reply:
    """The alerts of an incident."""
    alerts, _ = call.azure.details(incident_of(call))
    return Reply(body=call.schema.project("incidents/alerts", {"value": alerts}))


def list_entities(call: Call) -> Reply:
    """The entities of an incident, of the kinds and with the members of the version."""
    _, entities = call.azure.details(incident_of(call))
    declared = [
        entity for entity in entities if call.schema.has_kind("Entity", str(entity.get("kind")))
    ]
    kinds = Counter(str(entity.get("kind")) for entity in declared)
    counts = [{"entityKind": kind, "count": number} for kind, number in kinds.items()]
    answer = {"entities": declared, "metaData": counts}
    return Reply(body=call.schema.project("incidents/entities", answer))


def run_playbook(call: Call) -> Reply:
    """Start a Logic App on an incident: 204 and no body at all."""
    incident, body = incident_of(call), call.json()
    logic_app = str(body.get("logicAppsResourceId", ""))
    space = "Microsoft.Logic"
    if STANDARD.search(logic_app):
        space = "Microsoft.Web/sites/hostruntime/webhooks/api"
    call.require_action(f"{space}/workflows/triggers/listCallbackUrl/action")
    run = start_playbook(
        call.azure,
        call.workspace,
        incident.name,
        logic_app,
        by=call.application.key,
        at=call.now,
    )
    if run is None:
        raise not_found("Playbook")
    path = incident_path(call.workspace, incident.name)
    return Reply(204, effect=f"playbook run {run['RunId']} on {path}")


ROUTES: list[Route] = [
    security_route("GET", "/incidents", "incidents/read", list_incidents),
    security_route("GET", "/incidents/{incident}", "incidents/read", get_incident),
    security_route(
        "PUT", "/incidents/{incident}", "incidents/write", put_incident, limit="PUT incidents"
    ),
    security_route("DELETE", "/incidents/{incident}", "incidents/delete", delete_incident),
    security_route(
        "POST",
        "/incidents/{incident}/alerts",
        "incidents/alerts/action",
        list_alerts,
        limit="alerts",
        reads=True,
    ),
    security_route(
        "POST",
        "/incidents/{incident}/entities",
        "incidents/entities/action",
        list_entities,
        limit="entities",
        reads=True,
    ),
    security_route(
        "POST", "/incidents/{incident}/runPlaybook", "incidents/runPlaybook/action", run_playbook
    ),
]
