"""What people do in the pretend Azure, from outside; and the list of all that one can do to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from simulator.automation.check import check_rule
from simulator.automation.run import RULES
from simulator.incident_words import WRITABLE, check_incident, merge_labels
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
from simulator.mangle import mangled
from simulator.people import PEOPLE, person_named
from simulator.records import from_case, incident_bytes, incident_path
from simulator.store.incidents import Incident
from simulator.store.resources import Resource
from simulator.switches import application, faults, settings, throttle, workspace
from simulator.words import Reply, bad_request, iso, not_found, to_moment

if TYPE_CHECKING:
    from simulator.simulator import Simulator

Json = dict[str, Any]
Operation = Callable[["Simulator", Json, int], Json]


def _incident(one: Simulator, asked: Json, member: str = "incident") -> Incident:
    named = str(asked.get(member, ""))
    incidents = one.azure.store.incidents
    if named.isdigit() and "workspace" in asked:
        found = incidents.by_number(one.azure.workspace(asked["workspace"]).key, int(named))
    else:
        found = incidents.find(named)
    if found is None:
        raise not_found("Incident")
    return found


def _summary(one: Simulator, incident: Incident) -> Json:
    workspace = one.azure.workspace(incident.workspace)
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
    one: Simulator, incident: Incident, asked: Json, at: int, effect: str, *, before: str | None
) -> None:
    path = incident_path(one.azure.workspace(incident.workspace), incident.name)
    person = person_named(asked.get("by") or PEOPLE[0].key)
    one.azure.store.journal.write(
        at=at,
        method="PERSON",
        path=path,
        principal=person.name,
        body=orjson.dumps(asked),
        reply=Reply(200, effect=effect, before=before, after=incident.etag),
    )


def inject(one: Simulator, asked: Json, at: int) -> Json:
    """Put in incidents: a kind that the plant knows, or explicit properties."""
    made = [_inject_one(one, asked, at) for _ in range(int(asked.get("count", 1)))]
    summaries = [_summary(one, incident) for incident in made]
    return {**summaries[0], "incidents": summaries} if summaries else {"incidents": []}


def _inject_one(one: Simulator, asked: Json, at: int) -> Incident:
    azure = one.azure
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


def edit(one: Simulator, asked: Json, at: int) -> Json:
    """A person changes an incident in Sentinel, or more alerts come into it."""
    incident = _incident(one, asked)
    before = incident.etag
    if asked.get("alerts") or asked.get("entities"):
        incident = join_alerts(
            one.azure, incident, asked.get("alerts", []), asked.get("entities", []), at=at
        )
    if asked.keys() & {"properties", "owner", "add_labels", "remove_labels"}:
        incident = _edit_properties(one, incident, asked, at)
    _journal(one, incident, asked, at, "edited", before=before)
    return _summary(one, incident)


def _edit_properties(one: Simulator, incident: Incident, asked: Json, at: int) -> Incident:
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
        one.azure, incident, lambda kept: replace_writable(kept, taken), at=at, source="User"
    )


def comment(one: Simulator, asked: Json, at: int) -> Json:
    """A person writes a comment in Sentinel."""
    incident = _incident(one, asked)
    before = incident.etag
    author = person_named(asked.get("by") or PEOPLE[0].key).author()
    part, _ = put_comment(
        one.azure, incident, asked.get("message"), author=author, at=at, source="User"
    )
    _journal(one, incident, asked, at, "commented", before=before)
    return {**_summary(one, incident), "comment": part.name}


def merge(one: Simulator, asked: Json, at: int) -> Json:
    """The Defender portal merges one incident into another."""
    loser, survivor = _incident(one, asked, "loser"), _incident(one, asked, "survivor")
    if (loser.workspace, loser.name) == (survivor.workspace, survivor.name):
        raise bad_request("An incident cannot be merged into itself.")
    before = loser.etag
    merge_incidents(one.azure, loser, survivor, at=at)
    _journal(one, loser, asked, at, f"merged into {survivor.number}", before=before)
    return {"loser": _summary(one, loser), "survivor": _summary(one, survivor)}


def delete(one: Simulator, asked: Json, at: int) -> Json:
    """A person deletes an incident in Sentinel."""
    incident = _incident(one, asked)
    one.azure.store.incidents.remove(incident.workspace, incident.name)
    _journal(one, incident, asked, at, "deleted", before=incident.etag)
    return {"deleted": incident.name}


def rule(one: Simulator, asked: Json, at: int) -> Json:
    """A person makes, edits, disables or deletes an automation rule by hand."""
    azure = one.azure
    workspace = azure.workspace(asked["workspace"])
    name = str(asked["rule"])
    held = azure.store.resources.get(workspace.key, RULES, name)
    if held is None and "properties" not in asked:
        raise not_found("Automation rule")
    kept: Resource | None = None
    if asked.get("delete"):
        azure.store.resources.remove(workspace.key, RULES, name)
    else:
        kept = _edited_rule(one, held, asked, at)
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


def _edited_rule(one: Simulator, held: Resource | None, asked: Json, at: int) -> Resource:
    told = {**(held.body["properties"] if held else {}), **asked.get("properties", {})}
    if "enabled" in asked:
        told["triggeringLogic"] = {**told["triggeringLogic"], "isEnabled": asked["enabled"]}
    author = person_named(asked.get("by") or PEOPLE[0].key).author()
    stamp = iso(one.azure.stamp(at))
    body = {
        "createdTimeUtc": stamp,
        "createdBy": author,
        **check_rule(told),
        "lastModifiedTimeUtc": stamp,
        "lastModifiedBy": author,
    }
    name = held.name if held else str(asked["rule"])
    return Resource(name, one.azure.store.next_etag(at), {"properties": body})


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
