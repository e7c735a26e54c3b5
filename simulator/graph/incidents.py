"""The addresses of incidents in Graph that Tagout calls: list, read, change and comment."""

from typing import Any

from simulator.defender.records import note_comment, touch
from simulator.defender.values import (
    DETERMINATIONS,
    REASONS,
    SEVERITIES,
    one_of,
    owner_for,
    tags_of,
)
from simulator.graph.call import CONTEXT, GraphCall, GraphRoute, bad_body, bad_query, graph_route
from simulator.graph.query import next_link, read_query
from simulator.graph.render import Renderer
from simulator.identity import READ_ALERTS, READ_INCIDENTS, WRITE_ALERTS, WRITE_INCIDENTS
from simulator.incident_records import CLOSING, MAX_COMMENT_LENGTH, MAX_COMMENTS
from simulator.incidents import change_incident, put_comment
from simulator.replies import Reply
from simulator.store.incidents import Incident
from simulator.store.portal import PortalIncident, PortalQuery

Json = dict[str, Any]
_READERS = (READ_INCIDENTS, WRITE_INCIDENTS)
_WRITABLE = {
    *("displayName", "description", "summary", "status", "severity", "classification"),
    *("determination", "assignedTo", "customTags", "resolvingComment"),
}
MAX_SKIP = 1000  # beyond it pages are empty
_STATUSES = ("active", "inProgress", "resolved")
_ARM_STATUS = {"active": "New", "inProgress": "Active", "resolved": "Closed"}


def _expands_alerts(call: GraphCall) -> bool:
    text = call.query.get("$expand", "")
    if text not in {"", "alerts"}:
        raise bad_query(f"Could not find a property named '{text}' on type 'incident'.")
    return text == "alerts"


def list_incidents(call: GraphCall) -> Reply:
    """One page of the tenant's incidents, whatever their workspace."""
    query = read_query(call)
    expands = _expands_alerts(call)
    page, has_more = _page(call, query)
    renderer = Renderer(call.azure, every_member=call.shows_every_member)
    rows = [renderer.incident(row, with_alerts=expands) for row in page]
    body: Json = {"@odata.context": f"{CONTEXT}security/incidents{'(alerts())' if expands else ''}"}
    body["value"] = rows
    if has_more:
        body["@odata.nextLink"] = next_link(call, query)
    return Reply(body=body)


def _page(call: GraphCall, query: PortalQuery) -> tuple[list[PortalIncident], bool]:
    """The rows of a page, and whether another follows. Far into a long list nothing comes."""
    if not call.workspaces or query.skip > MAX_SKIP:
        return [], False
    rows = call.azure.store.portal.listed(call.workspace_keys, query)
    return rows[: query.limit], len(rows) > query.limit


def get_incident(call: GraphCall) -> Reply:
    """One incident; it carries no version mark."""
    return _answer(call, call.incident(), with_alerts=_expands_alerts(call))


def _answer(call: GraphCall, row: PortalIncident, *, with_alerts: bool = False) -> Reply:
    renderer = Renderer(call.azure, every_member=call.shows_every_member)
    body = renderer.incident(row, with_alerts=with_alerts)
    return Reply(body={"@odata.context": f"{CONTEXT}security/incidents/$entity", **body})


def list_incident_alerts(call: GraphCall) -> Reply:
    """The alerts of one incident: those that analytics rules and other products made."""
    row = call.incident()
    renderer = Renderer(call.azure, every_member=call.shows_every_member)
    context = f"{CONTEXT}security/incidents('{row.id}')/alerts"
    return Reply(body={"@odata.context": context, "value": renderer.alerts(row)})


def patch_incident(call: GraphCall) -> Reply:
    """Change the members that the body names, in Sentinel too; If-Match is not looked at."""
    row, body = call.incident(), call.json()
    changes = _checked(body)
    if row.status == "redirected":
        raise bad_body(f"The incident is redirected to '{row.more.get('redirectIncidentId')}'.")
    stored = call.azure.store.incidents.get(row.workspace, row.incident)
    if stored is None:
        raise bad_body("The incident was deleted.")
    before = stored.etag
    arm = _arm_changes(row, stored, changes)
    if arm:
        stored = change_incident(
            call.azure,
            stored,
            lambda properties: _apply(properties, arm),
            at=call.now,
            source="Application",
            by=call.author,
        )
    row = call.incident()
    row.status = changes.get("status", row.status)
    row.classification = changes.get("classification", row.classification)
    row.determination = changes.get("determination", row.determination)
    for member in ("summary", "resolvingComment"):
        if member in changes:
            row.more[member] = changes[member]
    touch(call.azure, row, at=call.now, by=call.author)
    reply = _answer(call, call.incident())
    reply.effect = f"incident {row.incident} changed: {', '.join(sorted(changes)) or 'nothing'}"
    reply.before, reply.after = before, stored.etag
    return reply


def _checked(body: Json) -> Json:
    """The members to change, spelt as Graph does; refuses what it does not take."""
    changes: Json = {}
    for member, value in body.items():
        if member.startswith("@odata."):
            continue
        if member not in _WRITABLE:
            raise bad_body(f"The property '{member}' cannot be changed.")
        changes[member] = _checked_value(member, value)
    return changes


def _checked_value(member: str, value: Any) -> Any:
    allowed: dict[str, tuple[str, ...]] = {
        "status": _STATUSES,
        "severity": SEVERITIES,
        "classification": tuple(REASONS),
        "determination": DETERMINATIONS,
    }
    if member in allowed:
        named = one_of(value if value is not None else "unknown", allowed[member])
        if named is None:
            raise bad_body(f"Invalid value '{value}' for the property '{member}'.")
        return named
    if member == "customTags":
        if not isinstance(value, list) or not all(isinstance(tag, str) and tag for tag in value):
            raise bad_body("customTags must be a list of texts.")
        return list(dict.fromkeys(value))
    if value is not None and not isinstance(value, str):
        raise bad_body(f"The property '{member}' must be a text.")
    return value


def _arm_changes(row: PortalIncident, stored: Incident, changes: Json) -> Json:
    """What of it Sentinel sees, as ARM members; None where a member goes."""
    arm: Json = {}
    if "displayName" in changes:
        arm["title"] = changes["displayName"] or stored.properties["title"]
    if "description" in changes:
        arm["description"] = changes["description"] or ""
    if "severity" in changes:
        arm["severity"] = changes["severity"].capitalize()
    if "assignedTo" in changes and changes["assignedTo"] != row.assigned_to:
        arm["owner"] = owner_for(changes["assignedTo"])
    if "customTags" in changes:
        custom, _ = tags_of(stored.properties)
        if custom != changes["customTags"]:
            kept = [
                label
                for label in stored.properties.get("labels") or []
                if label.get("labelType", "User") != "User"
            ]
            tags = [{"labelName": tag, "labelType": "User"} for tag in changes["customTags"]]
            arm["labels"] = [*kept, *tags]
    status = changes.get("status", row.status)
    if status == "resolved":
        classification = changes.get("classification", row.classification)
        comment = changes.get("resolvingComment", row.more.get("resolvingComment"))
        named, reason = REASONS[classification]
        closing = {
            "classification": named,
            "classificationReason": reason,
            "classificationComment": comment or stored.properties.get("classificationComment"),
        }
        if {"status", "classification", "resolvingComment"} & changes.keys():
            arm |= {"status": "Closed", **closing}
    elif "status" in changes:
        arm |= {"status": _ARM_STATUS[status], **dict.fromkeys(CLOSING)}
    return {
        member: value for member, value in arm.items() if stored.properties.get(member) != value
    }


def _apply(properties: Json, arm: Json) -> None:
    for member, value in arm.items():
        if value is None:
            properties.pop(member, None)
        else:
            properties[member] = value


def post_comment(call: GraphCall) -> Reply:
    """Write a comment, in Sentinel too; the answer is all of them, and none has an id."""
    row, body = call.incident(), call.json()
    text = body.get("comment")
    if not isinstance(text, str) or not text:
        raise bad_body("A comment needs a text.")
    if len(text) > MAX_COMMENT_LENGTH:
        raise bad_body(f"A comment has at most {MAX_COMMENT_LENGTH} characters.")
    stored = call.azure.store.incidents.get(row.workspace, row.incident)
    if stored is None:
        raise bad_body("The incident was deleted.")
    author = {
        "objectId": call.application.object_id,
        "email": None,
        "name": call.application.key,
        "userPrincipalName": None,
    }
    parts = call.azure.store.resources.parts(row.workspace, row.incident, "comments")
    if len(parts) < MAX_COMMENTS:
        put_comment(call.azure, stored, text, author=author, at=call.now, source="Application")
    else:
        note_comment(call.azure, stored, text, author, at=call.now)
    comments = call.incident().more["comments"]
    context = f"{CONTEXT}security/alerts_v2('{row.id}')/comments"
    return Reply(
        body={"@odata.context": context, "value": comments},
        effect=f"incident {row.incident} commented",
    )


ROUTES: list[GraphRoute] = [
    graph_route("GET", "/incidents", _READERS, list_incidents),
    graph_route("GET", "/incidents/{incident}", _READERS, get_incident),
    graph_route("PATCH", "/incidents/{incident}", (WRITE_INCIDENTS,), patch_incident),
    graph_route(
        "GET",
        "/incidents/{incident}/alerts",
        (*_READERS, READ_ALERTS, WRITE_ALERTS),
        list_incident_alerts,
    ),
    graph_route("POST", "/incidents/{incident}/comments", (WRITE_INCIDENTS,), post_comment),
]
