"""What one can do to the pretend Azure from outside: what people do in it, and its switches."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from simulator.arm.connections import check_connection
from simulator.automation.check import check_rule
from simulator.automation.run import RULES
from simulator.azure import GRAPH_SETTINGS, WORKSPACE_FACTS, Azure
from simulator.clock import iso, to_moment
from simulator.defender.onboarding import onboard
from simulator.defender.records import touch
from simulator.faults import mangle
from simulator.identity import PERMISSIONS, ROLES
from simulator.incident_records import (
    WRITABLE,
    check_incident,
    incident_bytes,
    incident_path,
    merge_labels,
)
from simulator.incidents import (
    add_case,
    change_incident,
    join_alerts,
    make_incident,
    merge_incidents,
    put_comment,
    replace_writable,
    writable_from,
)
from simulator.office import add_office_incidents, mix_in_office
from simulator.people import PEOPLE, Person, person_named
from simulator.provision import empty_workspace
from simulator.replies import Reply, bad_request, not_found
from simulator.signing import replace_key, signed_token
from simulator.store.incidents import Incident
from simulator.store.resources import Resource

Json = dict[str, Any]
MADE_BY_PEOPLE = ("alertRules", "dataConnectors", "workflows", "sites", "connections")
Operation = Callable[[Azure, Json, int], Json]


def faults(azure: Azure, body: Json, _at: int) -> Json:
    """Put one fault or several in force."""
    faults_to_add = body.get("faults") or [body]
    now = azure.clock.now()
    return {"faults": [azure.faults.add(_plain(fault), now=now).name for fault in faults_to_add]}


def _plain(fault: Json) -> Json:
    return {key: value for key, value in fault.items() if key not in {"do", "at", "faults"}}


def throttle(azure: Azure, body: Json, _at: int) -> Json:
    """Switch throttling, or change its limits."""
    azure.throttle.configure(body)
    return {
        "on": azure.throttle.on,
        "windows": azure.throttle.windows,
        "buckets": azure.throttle.buckets,
    }


def workspace(azure: Azure, body: Json, at: int) -> Json:
    """Flip switches around a workspace: Sentinel, connector, plan, Defender portal."""
    target = azure.workspace(body["workspace"])
    changed = {key: value for key, value in body.items() if key not in {"do", "workspace"}}
    if unknown := changed.keys() - WORKSPACE_FACTS.keys():
        raise ValueError(f"unknown switch {sorted(unknown)[0]!r}")
    was_in_portal = azure.facts(target)["defender_portal"]
    switches = {**azure.store.fact(f"workspace:{target.key}", {}), **changed}
    azure.store.keep(f"workspace:{target.key}", switches)
    if azure.facts(target)["defender_portal"] and not was_in_portal:
        onboard(azure, target, incidents="open", at=at)
    return azure.facts(target)


def onboard_workspace(azure: Azure, body: Json, at: int) -> Json:
    """Bring a workspace to the Defender portal, with those of its incidents that shall come along;
    `primary` makes it the one that the portal correlates.
    """
    target = azure.workspace(body["workspace"])
    if body.get("primary"):
        azure.store.keep("portal_primary", target.key)
    moved = onboard(azure, target, incidents=str(body.get("incidents", "open")), at=at)
    return {**azure.facts(target), "moved": moved}


def graph(azure: Azure, body: Json, _at: int) -> Json:
    """Decide how Graph behaves where that is documented nowhere."""
    changed = {key: value for key, value in body.items() if key != "do"}
    for key, value in changed.items():
        if key not in GRAPH_SETTINGS or type(value) is not type(GRAPH_SETTINGS[key]):
            raise ValueError(f"{key!r} is no setting of Graph, or has no such value")
    azure.graph |= changed
    azure.store.keep("graph", azure.graph)
    return azure.graph


def application(azure: Azure, body: Json, _at: int) -> Json:
    """Change an application: enabled, roles, actions of a custom role, denied actions, permissions
    for Graph; or make all tokens worthless. A permission shows in tokens issued from then on.
    """
    target = azure.identities.named(body["application"])
    if unknown := set(body.get("roles", [])) - ROLES.keys():
        raise ValueError(f"unknown role {sorted(unknown)[0]!r}")
    if unknown := set(body.get("permissions", [])) - set(PERMISSIONS):
        raise ValueError(f"unknown permission {sorted(unknown)[0]!r}")
    target.permissions = list(body.get("permissions", target.permissions))
    target.enabled = bool(body.get("enabled", target.enabled))
    target.roles = list(body.get("roles", target.roles))
    target.custom = list(body.get("custom", target.custom))
    target.denied = list(body.get("denied", target.denied))
    target.secret = str(body.get("secret", target.secret))
    if body.get("revoke_tokens"):
        azure.identities.revoke_all()
    azure.identities.save()
    return {"application": target.key, "enabled": target.enabled, "roles": target.roles}


def settings(azure: Azure, body: Json, _at: int) -> Json:
    """Change how the simulator behaves: living, per_day, staffed."""
    store = azure.store
    if "living" in body:
        azure.is_living = bool(body["living"])
    if "per_day" in body:
        azure.per_day = float(body["per_day"])
        store.keep("per_day", azure.per_day)
    if "staffed" in body:
        azure.is_staffed = bool(body["staffed"])
        store.keep("staffed", azure.is_staffed)
    return {
        "living": azure.is_living,
        "per_day": azure.per_day,
        "staffed": azure.is_staffed,
    }


def _incident(azure: Azure, body: Json, member: str = "incident") -> Incident:
    named = str(body.get(member, ""))
    incidents = azure.store.incidents
    if named.isdigit() and "workspace" in body:
        incident = incidents.by_number(azure.workspace(body["workspace"]).key, int(named))
    else:
        incident = incidents.find(named)
    if incident is None:
        raise not_found("Incident")
    return incident


def _summary(azure: Azure, incident: Incident) -> Json:
    workspace = azure.workspace(incident.workspace)
    return {
        "workspace": incident.workspace,
        "name": incident.name,
        "number": incident.number,
        "id": incident_path(workspace, incident.name),
        "etag": incident.etag,
        "status": incident.properties.get("status"),
        "modified": iso(incident.modified),
    }


def _journal_incident(
    azure: Azure, incident: Incident, body: Json, at: int, effect: str, *, before: str | None
) -> None:
    path = incident_path(azure.workspace(incident.workspace), incident.name)
    reply = Reply(200, effect=effect, before=before, after=incident.etag)
    _journal(azure, path, body, at, reply)


def _journal(azure: Azure, path: str, body: Json, at: int, reply: Reply) -> None:
    azure.store.journal.write(
        at=at,
        method="PERSON",
        path=path,
        principal=_person(body).name,
        body=orjson.dumps(body),
        reply=reply,
    )


def _person(body: Json) -> Person:
    return person_named(body.get("by") or PEOPLE[0].key)


def inject(azure: Azure, body: Json, at: int) -> Json:
    """Put in incidents: a kind that the plant has, or explicit properties. What the plant does
    becomes an incident only where the connector and the rules of the workspace let it.
    """
    turns = range(int(body.get("count", 1)))
    incidents = [incident for _ in turns for incident in _inject_incidents(azure, body, at)]
    summaries = [_summary(azure, incident) for incident in incidents]
    return {**summaries[0], "incidents": summaries} if summaries else {"incidents": []}


def _inject_incidents(azure: Azure, body: Json, at: int) -> list[Incident]:
    if body.get("kind"):
        options = {"lag": 5, **body.get("options", {})}
        began = to_moment(at) - timedelta(seconds=float(options["lag"]))
        case = azure.plant.make(body["kind"], at=began, **options)
        incidents = add_case(azure, case, at=at)
    else:
        properties = body.get("properties") or {}
        properties = {
            "title": "Injected incident",
            "severity": "Medium",
            "status": "New",
            **properties,
        }
        check_incident(properties)
        details = {"alerts": body.get("alerts", []), "entities": body.get("entities", [])}
        key = body.get("workspace") or azure.workspaces[0].key
        workspace = azure.workspace(key)
        incidents = [
            make_incident(
                azure, workspace, properties, at=at, name=body.get("name"), details=details
            )
        ]
    for incident in incidents if body.get("mangle") else []:
        resource = orjson.loads(incident_bytes(azure, incident))
        incident.mangled = mangle(resource, body["mangle"])
        azure.store.incidents.put(incident)
    return incidents


def office(azure: Azure, body: Json, at: int) -> Json:
    """Add incidents of mail, endpoints and sign-ins to a workspace (`count`, spread over `days`),
    and let an alert of the office join some of the plant's newest (`mixed`).
    """
    target = azure.workspace(body["workspace"])
    joined = azure.store.incidents.newest_of_plant(target.key, int(body.get("mixed", 0)))
    planted_in_mixed = mix_in_office(azure, joined, at=at)
    made, planted = add_office_incidents(
        azure, target, count=int(body.get("count", 0)), days=float(body.get("days", 0)), at=at
    )
    return {
        "incidents": [_summary(azure, incident) for incident in made],
        "planted": planted,
        "mixed": [_summary(azure, incident) for incident in joined],
        "planted_in_mixed": planted_in_mixed,
    }


def empty(azure: Azure, body: Json, at: int) -> Json:
    """Leave a workspace without connector, content and rules, as on its first day."""
    target = azure.workspace(body["workspace"])
    empty_workspace(azure, target, at=at)
    return azure.facts(target)


def edit(azure: Azure, body: Json, at: int) -> Json:
    """A person changes an incident in Sentinel, or more alerts come into it."""
    incident = _incident(azure, body)
    before = incident.etag
    if body.get("alerts") or body.get("entities"):
        incident = join_alerts(
            azure, incident, body.get("alerts", []), body.get("entities", []), at=at
        )
    if body.keys() & {"properties", "owner", "add_labels", "remove_labels"}:
        incident = _edit_properties(azure, incident, body, at)
    if "portal" in body:
        _edit_record(azure, incident, body, at)
    _journal_incident(azure, incident, body, at, "edited", before=before)
    return _summary(azure, incident)


def _edit_properties(azure: Azure, incident: Incident, body: Json, at: int) -> Incident:
    stored = incident.properties
    properties = {member: stored[member] for member in WRITABLE if stored.get(member) is not None}
    properties.update(body.get("properties", {}))
    if "owner" in body:
        properties["owner"] = person_named(body["owner"]).owner() if body["owner"] else None
    added = [{"labelName": name} for name in body.get("add_labels", [])]
    gone = {name.casefold() for name in body.get("remove_labels", [])}
    labels = merge_labels([], [*(properties.get("labels") or []), *added])
    properties["labels"] = [label for label in labels if label["labelName"].casefold() not in gone]
    writable = writable_from(check_incident(properties), stored)
    return change_incident(
        azure,
        incident,
        lambda old: replace_writable(old, writable),
        at=at,
        source="User",
        by=_person(body).email,
    )


def _edit_record(azure: Azure, incident: Incident, body: Json, at: int) -> None:
    """Change what only the Defender portal has, such as a status of Defender's experts."""
    row = azure.store.portal.of(incident.workspace, incident.name)
    if row is None:
        raise bad_request("The incident is not in the Defender portal.")
    changes = dict(body["portal"])
    row.status = str(changes.pop("status", row.status))
    row.determination = str(changes.pop("determination", row.determination))
    row.more |= changes
    touch(azure, row, at=at, by=_person(body).email)


def comment(azure: Azure, body: Json, at: int) -> Json:
    """A person writes a comment in Sentinel."""
    incident = _incident(azure, body)
    before = incident.etag
    author = _person(body).author()
    part, _ = put_comment(azure, incident, body.get("message"), author=author, at=at, source="User")
    _journal_incident(azure, incident, body, at, "commented", before=before)
    return {**_summary(azure, incident), "comment": part.name}


def merge(azure: Azure, body: Json, at: int) -> Json:
    """The Defender portal merges one incident into another."""
    loser, survivor = _incident(azure, body, "loser"), _incident(azure, body, "survivor")
    if (loser.workspace, loser.name) == (survivor.workspace, survivor.name):
        raise bad_request("An incident cannot be merged into itself.")
    before = loser.etag
    merge_incidents(azure, loser, survivor, at=at)
    _journal_incident(azure, loser, body, at, f"merged into {survivor.number}", before=before)
    return {"loser": _summary(azure, loser), "survivor": _summary(azure, survivor)}


def delete(azure: Azure, body: Json, at: int) -> Json:
    """A person deletes an incident in Sentinel."""
    incident = _incident(azure, body)
    azure.store.incidents.remove(incident.workspace, incident.name)
    _journal_incident(azure, incident, body, at, "deleted", before=incident.etag)
    return {"deleted": incident.name}


def rule(azure: Azure, body: Json, at: int) -> Json:
    """A person makes, edits, disables or deletes an automation rule by hand."""
    workspace = azure.workspace(body["workspace"])
    name = str(body["rule"])
    stored = azure.store.resources.get(workspace.key, RULES, name)
    if stored is None and "properties" not in body:
        raise not_found("Automation rule")
    saved: Resource | None = None
    if body.get("delete"):
        azure.store.resources.remove(workspace.key, RULES, name)
    else:
        saved = _edited_rule(azure, stored, body, at)
        azure.store.resources.put(workspace.key, RULES, saved)
    etag = saved.etag if saved else None
    reply = Reply(
        200,
        effect="rule edited" if saved else "rule deleted",
        before=stored.etag if stored else None,
        after=etag,
    )
    _journal(azure, f"{workspace.security_path}/automationRules/{name}", body, at, reply)
    return {"rule": name, "etag": etag}


def _edited_rule(azure: Azure, stored: Resource | None, changes: Json, at: int) -> Resource:
    properties = {**(stored.body["properties"] if stored else {}), **changes.get("properties", {})}
    if "enabled" in changes:
        properties["triggeringLogic"] = {
            **properties["triggeringLogic"],
            "isEnabled": changes["enabled"],
        }
    author = _person(changes).author()
    stamp = iso(azure.stamp(at))
    body = {
        "createdTimeUtc": stamp,
        "createdBy": author,
        **check_rule(properties),
        "lastModifiedTimeUtc": stamp,
        "lastModifiedBy": author,
    }
    name = stored.name if stored else str(changes["rule"])
    return Resource(name, azure.store.next_etag(at), {"properties": body})


def resource(azure: Azure, body: Json, at: int) -> Json:
    """A person makes, replaces or deletes an analytics rule, a connector or a playbook by hand:
    `kind` as in its address, `name`, and its whole `body`.
    """
    workspace = azure.workspace(body["workspace"])
    kind, name = str(body["kind"]), str(body["name"])
    if kind not in MADE_BY_PEOPLE:
        raise ValueError(f"kind must be one of {', '.join(MADE_BY_PEOPLE)}")
    if body.get("delete"):
        azure.store.resources.remove(workspace.key, kind, name)
        return {"name": name, "etag": None}
    if kind == "connections":
        check_connection(body["body"])
    made = Resource(name, azure.store.next_etag(at), dict(body["body"]))
    azure.store.resources.put(workspace.key, kind, made)
    return {"name": name, "etag": made.etag}


def playbook_token(azure: Azure, body: Json, _at: int) -> Json:
    """The token that a playbook's managed identity gets for an audience; `claims` change it."""
    if body.get("new_key"):
        replace_key(azure.store)
    now, tenant = int(time.time()), azure.workspace(body["workspace"]).tenant_id
    claims = {
        "aud": body["audience"],
        "iss": f"{azure.endpoint}/{tenant}/",
        "iat": now,
        "nbf": now,
        "exp": now + 86_400,
        "appid": body["identity"],
        "oid": body["identity"],
        "tid": tenant,
        "ver": "1.0",
        **body.get("claims", {}),
    }
    return {"token": signed_token(azure.store, claims)}


OPERATIONS: dict[str, Operation] = {
    "inject": inject,
    "edit": edit,
    "comment": comment,
    "merge": merge,
    "delete": delete,
    "rule": rule,
    "resource": resource,
    "faults": faults,
    "throttle": throttle,
    "workspace": workspace,
    "onboard": onboard_workspace,
    "graph": graph,
    "office": office,
    "empty": empty,
    "application": application,
    "settings": settings,
    "playbook_token": playbook_token,
}
