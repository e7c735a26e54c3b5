"""The addresses of alerts in Graph (alerts_v2): only such as belong to an incident."""

from typing import Any

from simulator.clock import iso
from simulator.defender.values import ALERT_STATUSES, DETERMINATIONS, REASONS, one_of
from simulator.graph.call import (
    CONTEXT,
    GraphCall,
    GraphRoute,
    bad_body,
    bad_query,
    graph_route,
    missing,
)
from simulator.graph.query import (
    ALERT_COLUMNS,
    MAX_ALERT_SKIP,
    MAX_ALERTS,
    next_link,
    read_query,
)
from simulator.graph.render import Renderer
from simulator.identity import READ_ALERTS, WRITE_ALERTS
from simulator.replies import Reply
from simulator.store.portal import PortalAlert, PortalIncident

Json = dict[str, Any]
_READERS = (READ_ALERTS, WRITE_ALERTS)
_ENUMS: dict[str, tuple[str, ...]] = {
    "status": ALERT_STATUSES,
    "classification": tuple(REASONS),
    "determination": DETERMINATIONS,
}


def list_alerts(call: GraphCall) -> Reply:
    """One page of the tenant's alerts, newest first."""
    query = read_query(call, columns=ALERT_COLUMNS, max_top=MAX_ALERTS)
    if query.skip > MAX_ALERT_SKIP:
        raise bad_query(f"The limit of '{MAX_ALERT_SKIP}' for Skip query has been exceeded.")
    store = call.azure.store.portal
    rows = store.alerts_listed(call.workspace_keys, query) if call.workspaces else []
    renderer = Renderer(call.azure, every_member=call.shows_every_member)
    page = [(alert, store.get(alert.incident)) for alert in rows[: query.limit]]
    body: Json = {
        "@odata.context": f"{CONTEXT}security/alerts_v2",
        "value": [renderer.alert(alert, row) for alert, row in page if row is not None],
    }
    if len(rows) > query.limit:
        body["@odata.nextLink"] = next_link(call, query)
    return Reply(body=body)


def _alert_of(call: GraphCall) -> tuple[PortalAlert, PortalIncident]:
    alert = call.azure.store.portal.get_alert(call.args["alert"])
    if alert is None:
        raise missing("Alert")
    call.args["incident"] = str(alert.incident)
    return alert, call.incident()


def _answer(call: GraphCall, alert: PortalAlert, row: PortalIncident) -> Reply:
    renderer = Renderer(call.azure, every_member=call.shows_every_member)
    context = f"{CONTEXT}security/alerts_v2/$entity"
    return Reply(body={"@odata.context": context, **renderer.alert(alert, row)})


def get_alert(call: GraphCall) -> Reply:
    """One alert."""
    return _answer(call, *_alert_of(call))


def patch_alert(call: GraphCall) -> Reply:
    """Change status, classification, determination, assignee or custom details."""
    alert, row = _alert_of(call)
    for member, value in call.json().items():
        if member in _ENUMS:
            named = one_of(value, _ENUMS[member]) if value is not None else None
            if named is None and value is not None:
                raise bad_body(f"Invalid value '{value}' for the property '{member}'.")
            setattr(alert, member, named or (alert.status if member == "status" else None))
        elif member == "assignedTo" and (value is None or isinstance(value, str)):
            alert.assigned_to = value
        elif member == "customDetails" and isinstance(value, dict):
            alert.more["customDetails"] = value
        elif not member.startswith("@odata."):
            raise bad_body(f"The property '{member}' cannot be changed.")
    alert.updated = call.azure.stamp(max(call.now, alert.updated + 10))
    if alert.status == "resolved":
        alert.more.setdefault("resolvedAt", iso(alert.updated))
    call.azure.store.portal.put_alert(alert)
    reply = _answer(call, alert, row)
    reply.effect = f"alert of incident {row.incident} changed"
    return reply


def post_comment(call: GraphCall) -> Reply:
    """Write a comment on an alert; the answer is all of them."""
    alert, row = _alert_of(call)
    text = call.json().get("comment")
    if not isinstance(text, str) or not text:
        raise bad_body("A comment needs a text.")
    alert.updated = call.azure.stamp(max(call.now, alert.updated + 10))
    comment = {
        "comment": text,
        "createdByDisplayName": call.author,
        "createdDateTime": iso(alert.updated),
    }
    alert.more["comments"] = [*alert.more.get("comments", []), comment]
    call.azure.store.portal.put_alert(alert)
    context = f"{CONTEXT}security/alerts_v2('{alert.id}')/comments"
    body = {"@odata.context": context, "value": alert.more["comments"]}
    return Reply(body=body, effect=f"alert of incident {row.incident} commented")


ROUTES: list[GraphRoute] = [
    graph_route("GET", "/alerts_v2", _READERS, list_alerts),
    graph_route("GET", "/alerts_v2/{alert}", _READERS, get_alert),
    graph_route("PATCH", "/alerts_v2/{alert}", (WRITE_ALERTS,), patch_alert),
    graph_route("POST", "/alerts_v2/{alert}/comments", (WRITE_ALERTS,), post_comment),
]
