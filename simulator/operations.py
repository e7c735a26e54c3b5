"""What one can do to the pretend Azure from outside: what people do in it, and its switches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from simulator.automation.check import check_rule
from simulator.automation.run import RULES
from simulator.azure import WORKSPACE_FACTS, Azure
from simulator.clock import iso, to_moment
from simulator.faults import mangled
from simulator.identity import ROLES
from simulator.incident_records import (
    WRITABLE,
    check_incident,
    from_case,
    incident_bytes,
    incident_path,
    merge_labels,
)
from simulator.incidents import (
    add_incident,
    change_incident,
    join_alerts,
    make_incident,
    merge_incidents,
    put_comment,
    replace_writable,
    writable_from,
)
from simulator.people import PEOPLE, person_named
from simulator.replies import Reply, bad_request, not_found
from simulator.store.incidents import Incident
from simulator.store.resources import Resource

Json = dict[str, Any]
Operation = Callable[[Azure, Json, int], Json]


def faults(azure: Azure, asked: Json, _at: int) -> Json:
    """Put one fault or several in force."""
    told = asked.get("faults") or [asked]
    now = azure.clock.now()
    return {"faults": [azure.faults.add(_plain(fault), now=now).name for fault in told]}


def _plain(fault: Json) -> Json:
    return {key: value for key, value in fault.items() if key not in {"do", "at", "faults"}}


def throttle(azure: Azure, asked: Json, _at: int) -> Json:
    """Switch throttling, or change its limits."""
    azure.throttle.configure(asked)
    return {
        "on": azure.throttle.on,
        "windows": azure.throttle.windows,
        "buckets": azure.throttle.buckets,
    }


def workspace(azure: Azure, asked: Json, _at: int) -> Json:
    """Flip switches around a workspace: Sentinel, connector, plan, Defender portal."""
    place = azure.workspace(asked["workspace"])
    changed = {key: value for key, value in asked.items() if key not in {"do", "workspace"}}
    if unknown := changed.keys() - WORKSPACE_FACTS.keys():
        raise ValueError(f"there is no switch called {sorted(unknown)[0]}")
    kept = {**azure.store.fact(f"workspace:{place.key}", {}), **changed}
    azure.store.keep(f"workspace:{place.key}", kept)
    return azure.facts(place)


def application(azure: Azure, asked: Json, _at: int) -> Json:
    """Change an application: enabled, roles, denied actions; or make all tokens worthless."""
    found = azure.identities.named(asked["application"])
    if unknown := set(asked.get("roles", [])) - ROLES.keys():
        raise ValueError(f"there is no role called {sorted(unknown)[0]}")
    found.enabled = bool(asked.get("enabled", found.enabled))
    found.roles = list(asked.get("roles", found.roles))
    found.denied = list(asked.get("denied", found.denied))
    found.secret = str(asked.get("secret", found.secret))
    if asked.get("revoke_tokens"):
        azure.identities.revoke_all()
    azure.identities.save()
    return {"application": found.key, "enabled": found.enabled, "roles": found.roles}


def settings(azure: Azure, asked: Json, _at: int) -> Json:
    """Change how the simulator behaves: living, per_day, list_lag_seconds, token_seconds."""
    store = azure.store
    if "living" in asked:
        azure.is_living = bool(asked["living"])
    if "per_day" in asked:
        azure.per_day = float(asked["per_day"])
        store.keep("per_day", azure.per_day)
    if "list_lag_seconds" in asked:
        azure.list_lag = timedelta(seconds=float(asked["list_lag_seconds"]))
        store.keep("list_lag_seconds", asked["list_lag_seconds"])
    if "token_seconds" in asked:
        azure.identities.lifetime = int(asked["token_seconds"])
        azure.identities.save()
    return {
        "living": azure.is_living,
        "per_day": azure.per_day,
        "list_lag_seconds": azure.list_lag.total_seconds(),
        "token_seconds": azure.identities.lifetime,
    }


def _incident(azure: Azure, asked: Json, member: str = "incident") -> Incident:
    named = str(asked.get(member, ""))
    incidents = azure.store.incidents
    if named.isdigit() and "workspace" in asked:
        found = incidents.by_number(azure.workspace(asked["workspace"]).key, int(named))
    else:
        found = incidents.find(named)
    if found is None:
        raise not_found("Incident")
    return found


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


def _journal(
    azure: Azure, incident: Incident, asked: Json, at: int, effect: str, *, before: str | None
) -> None:
    path = incident_path(azure.workspace(incident.workspace), incident.name)
    person = person_named(asked.get("by") or PEOPLE[0].key)
    azure.store.journal.write(
        at=at,
        method="PERSON",
        path=path,
        principal=person.name,
        body=orjson.dumps(asked),
        reply=Reply(200, effect=effect, before=before, after=incident.etag),
    )


def inject(azure: Azure, asked: Json, at: int) -> Json:
    """Put in incidents: a kind that the plant knows, or explicit properties."""
    made = [_inject_one(azure, asked, at) for _ in range(int(asked.get("count", 1)))]
    summaries = [_summary(azure, incident) for incident in made]
    return {**summaries[0], "incidents": summaries} if summaries else {"incidents": []}


def _inject_one(azure: Azure, asked: Json, at: int) -> Incident:
    if asked.get("kind"):
        options = {"lag": 5, **asked.get("options", {})}
        seen = to_moment(at) - timedelta(seconds=float(options["lag"]))
        case = azure.plant.make(asked["kind"], at=seen, **options)
        number = azure.store.incidents.latest_number(azure.workspace(case.workspace).key) + 1
        incident = add_incident(azure, from_case(azure, case, number=number), at=at)
    else:
        told = asked.get("properties") or {}
        told = {"title": "Injected incident", "severity": "Medium", "status": "New", **told}
        check_incident(told)
        details = {"alerts": asked.get("alerts", []), "entities": asked.get("entities", [])}
        key = asked.get("workspace") or azure.workspaces[0].key
        incident = make_incident(
            azure, azure.workspace(key), told, at=at, name=asked.get("name"), details=details
        )
    if asked.get("mangle"):
        resource = orjson.loads(incident_bytes(azure, incident))
        incident.mangled = mangled(resource, asked["mangle"])
        azure.store.incidents.put(incident)
    return incident


def edit(azure: Azure, asked: Json, at: int) -> Json:
    """A person changes an incident in Sentinel, or more alerts come into it."""
    incident = _incident(azure, asked)
    before = incident.etag
    if asked.get("alerts") or asked.get("entities"):
        incident = join_alerts(
            azure, incident, asked.get("alerts", []), asked.get("entities", []), at=at
        )
    if asked.keys() & {"properties", "owner", "add_labels", "remove_labels"}:
        incident = _edit_properties(azure, incident, asked, at)
    _journal(azure, incident, asked, at, "edited", before=before)
    return _summary(azure, incident)


def _edit_properties(azure: Azure, incident: Incident, asked: Json, at: int) -> Incident:
    held = incident.properties
    told = {member: held[member] for member in WRITABLE if held.get(member) is not None}
    told.update(asked.get("properties", {}))
    if "owner" in asked:
        told["owner"] = person_named(asked["owner"]).owner() if asked["owner"] else None
    added = [{"labelName": name} for name in asked.get("add_labels", [])]
    gone = {name.casefold() for name in asked.get("remove_labels", [])}
    labels = merge_labels([], [*(told.get("labels") or []), *added])
    told["labels"] = [label for label in labels if label["labelName"].casefold() not in gone]
    taken = writable_from(check_incident(told), held)
    return change_incident(
        azure, incident, lambda kept: replace_writable(kept, taken), at=at, source="User"
    )


def comment(azure: Azure, asked: Json, at: int) -> Json:
    """A person writes a comment in Sentinel."""
    incident = _incident(azure, asked)
    before = incident.etag
    author = person_named(asked.get("by") or PEOPLE[0].key).author()
    part, _ = put_comment(
        azure, incident, asked.get("message"), author=author, at=at, source="User"
    )
    _journal(azure, incident, asked, at, "commented", before=before)
    return {**_summary(azure, incident), "comment": part.name}


def merge(azure: Azure, asked: Json, at: int) -> Json:
    """The Defender portal merges one incident into another."""
    loser, survivor = _incident(azure, asked, "loser"), _incident(azure, asked, "survivor")
    if (loser.workspace, loser.name) == (survivor.workspace, survivor.name):
        raise bad_request("An incident cannot be merged into itself.")
    before = loser.etag
    merge_incidents(azure, loser, survivor, at=at)
    _journal(azure, loser, asked, at, f"merged into {survivor.number}", before=before)
    return {"loser": _summary(azure, loser), "survivor": _summary(azure, survivor)}


def delete(azure: Azure, asked: Json, at: int) -> Json:
    """A person deletes an incident in Sentinel."""
    incident = _incident(azure, asked)
    azure.store.incidents.remove(incident.workspace, incident.name)
    _journal(azure, incident, asked, at, "deleted", before=incident.etag)
    return {"deleted": incident.name}


def rule(azure: Azure, asked: Json, at: int) -> Json:
    """A person makes, edits, disables or deletes an automation rule by hand."""
    workspace = azure.workspace(asked["workspace"])
    name = str(asked["rule"])
    held = azure.store.resources.get(workspace.key, RULES, name)
    if held is None and "properties" not in asked:
        raise not_found("Automation rule")
    kept: Resource | None = None
    if asked.get("delete"):
        azure.store.resources.remove(workspace.key, RULES, name)
    else:
        kept = _edited_rule(azure, held, asked, at)
        azure.store.resources.put(workspace.key, RULES, kept)
    etag = kept.etag if kept else None
    azure.store.journal.write(
        at=at,
        method="PERSON",
        path=f"{workspace.security_path}/automationRules/{name}",
        principal=person_named(asked.get("by") or PEOPLE[0].key).name,
        body=orjson.dumps(asked),
        reply=Reply(
            200,
            effect="rule edited" if kept else "rule deleted",
            before=held.etag if held else None,
            after=etag,
        ),
    )
    return {"rule": name, "etag": etag}


def _edited_rule(azure: Azure, held: Resource | None, asked: Json, at: int) -> Resource:
    told = {**(held.body["properties"] if held else {}), **asked.get("properties", {})}
    if "enabled" in asked:
        told["triggeringLogic"] = {**told["triggeringLogic"], "isEnabled": asked["enabled"]}
    author = person_named(asked.get("by") or PEOPLE[0].key).author()
    stamp = iso(azure.stamp(at))
    body = {
        "createdTimeUtc": stamp,
        "createdBy": author,
        **check_rule(told),
        "lastModifiedTimeUtc": stamp,
        "lastModifiedBy": author,
    }
    name = held.name if held else str(asked["rule"])
    return Resource(name, azure.store.next_etag(at), {"properties": body})


OPERATIONS: dict[str, Operation] = {
    "inject": inject,
    "edit": edit,
    "comment": comment,
    "merge": merge,
    "delete": delete,
    "rule": rule,
    "faults": faults,
    "throttle": throttle,
    "workspace": workspace,
    "application": application,
    "settings": settings,
}
