"""Carrying out automation rules on created and updated incidents, in Sentinel's order."""

import copy
import re
from typing import Any

from simulator.automation.conditions import Change, View, conditions_hold
from simulator.automation.rule_details import with_details_of_rules
from simulator.azure import Azure
from simulator.clock import iso, parse_time
from simulator.incident_records import (
    CLOSING,
    MAX_TASKS,
    NO_OWNER,
    incident_path,
    merge_labels,
    save,
)
from simulator.people import person_by_object_id
from simulator.plant.records import PlantWorkspace
from simulator.replies import Reply
from simulator.store.incidents import Incident
from simulator.store.resources import Part, Resource

Json = dict[str, Any]
RULES = "automationRules"
# A workflow of a Standard Logic App; the store has it as `site/workflow` among the "sites".
STANDARD = re.compile(
    r"/providers/Microsoft\.Web/sites/(?P<site>[^/]+)/workflows/(?P<workflow>[^/]+)$",
    re.IGNORECASE,
)


def disable_expired(azure: Azure, workspace: PlantWorkspace, *, at: int) -> None:
    """Switch off every rule whose time is over; it stays stored and still counts."""
    for rule in azure.store.resources.all(workspace.key, RULES):
        logic = rule.body["properties"]["triggeringLogic"]
        ends = logic.get("expirationTimeUtc")
        if logic["isEnabled"] and ends and parse_time(ends) <= at:
            logic["isEnabled"] = False
            rule.body["properties"]["lastModifiedTimeUtc"] = iso(azure.stamp(at))
            rule.etag = azure.store.next_etag(at)
            azure.store.resources.put(workspace.key, RULES, rule)


def run_created(azure: Azure, incident: Incident, *, at: int) -> Incident:
    """Run the rules for a new incident, then those for what the first ones changed."""
    before = copy.deepcopy(incident.properties)
    is_changed = _run(azure, incident, when="Created", change=None, at=at)
    if is_changed:
        change = Change(before, source="Automation rule")
        _run(azure, incident, when="Updated", change=change, at=at)
    return incident


def run_updated(azure: Azure, incident: Incident, change: Change, *, at: int) -> Incident:
    """Run the rules for an update. What they change themselves wakes no rule again."""
    _run(azure, incident, when="Updated", change=change, at=at)
    return incident


def _rules(azure: Azure, workspace: PlantWorkspace, *, when: str, at: int) -> list[Resource]:
    disable_expired(azure, workspace, at=at)
    chosen = []
    for rule in azure.store.resources.all(workspace.key, RULES):
        logic = rule.body["properties"]["triggeringLogic"]
        if (logic["isEnabled"], logic["triggersOn"], logic["triggersWhen"]) == (
            True,
            "Incidents",
            when,
        ):
            chosen.append(rule)
    return sorted(chosen, key=lambda rule: (rule.body["properties"]["order"], rule.name))


def _run(azure: Azure, incident: Incident, *, when: str, change: Change | None, at: int) -> bool:
    workspace = azure.workspace(incident.workspace)
    rules = _rules(azure, workspace, when=when, at=at)
    if not rules:
        return False
    alerts, entities = azure.details(incident)
    alerts = with_details_of_rules(azure, workspace, alerts, recipe=incident.recipe)
    in_portal = bool(azure.facts(workspace)["defender_portal"])
    ignored = frozenset({"IncidentProviderName"} if in_portal else ())
    # Titles change with what is correlated, also afterwards; descriptions come without a promise.
    unreliable = frozenset({"IncidentTitle", "IncidentDescription"} if in_portal else ())
    is_changed = False
    for rule in rules:
        view = View(incident.properties, alerts, entities)
        conditions = rule.body["properties"]["triggeringLogic"].get("conditions")
        if conditions_hold(conditions, view, change, ignored=ignored, unreliable=unreliable):
            is_changed = (
                _carry_out(azure, workspace, incident, rule, when=when, at=at) or is_changed
            )
    return is_changed


def _carry_out(
    azure: Azure,
    workspace: PlantWorkspace,
    incident: Incident,
    rule: Resource,
    *,
    when: str,
    at: int,
) -> bool:
    properties = rule.body["properties"]
    before, done, runs = copy.deepcopy(incident), 0, []
    for action in sorted(properties["actions"], key=lambda entry: entry["order"]):
        configuration = action["actionConfiguration"]
        if action["actionType"] == "ModifyProperties":
            modify(incident.properties, configuration)
            done += 1
        elif action["actionType"] == "RunPlaybook":
            run = start_playbook(
                azure,
                workspace,
                incident.name,
                configuration["logicAppResourceId"],
                by=f"rule {properties['displayName']}",
                at=at,
            )
            runs.append(run)
            done += run is not None
        else:
            done += add_task(azure, incident, configuration, at=at)
    is_changed = incident.properties != before.properties
    if is_changed:
        author = f"Automation rule - {properties['displayName']}"
        save(azure, incident, at=at, before=before, author=author)
    total = len(properties["actions"])
    azure.store.journal.note_run(
        at=at,
        kind="rule",
        workspace=workspace.key,
        name=rule.name,
        incident=incident.name,
        detail={
            "displayName": properties["displayName"],
            "triggeredWhen": when,
            "totalActions": total,
            "actionsTriggeredSuccessfully": done,
            "playbookRuns": runs,
            "status": "Success" if done == total else "Partial success",
        },
    )
    azure.store.journal.write(
        at=at,
        method="RULE",
        path=incident_path(workspace, incident.name),
        principal=f"automation rule {rule.name}",
        body=b"",
        reply=Reply(
            200,
            effect=f"rule '{properties['displayName']}' ran",
            before=before.etag,
            after=incident.etag,
        ),
    )
    return is_changed


def modify(properties: Json, configuration: Json) -> None:
    """What a ModifyProperties action does; labels are added, never taken away."""
    if configuration.get("severity"):
        properties["severity"] = configuration["severity"]
    if configuration.get("status"):
        properties["status"] = configuration["status"]
        for member in CLOSING:
            properties.pop(member, None)
            if configuration["status"] == "Closed" and configuration.get(member):
                properties[member] = configuration[member]
    if configuration.get("labels"):
        properties["labels"] = merge_labels(properties.get("labels") or [], configuration["labels"])
    if configuration.get("owner"):
        properties["owner"] = fill_owner(configuration["owner"])


def fill_owner(owner: Json) -> Json:
    """An owner as the service completes it from the object id."""
    person = person_by_object_id(str(owner.get("objectId")))
    if person is not None:
        return person.owner()
    return {**NO_OWNER, **owner}


def add_task(azure: Azure, incident: Incident, configuration: Json, *, at: int) -> bool:
    """Put a task on an incident; false when it already carries as many as it may."""
    tasks = azure.store.resources.parts(incident.workspace, incident.name, "tasks")
    if len(tasks) >= MAX_TASKS:
        return False
    stamp = azure.stamp(at)
    etag = azure.store.next_etag(stamp)
    workspace = azure.workspace(incident.workspace)
    properties = {
        "title": configuration["title"],
        "description": configuration.get("description") or "",
        "status": "New",
        "createdTimeUtc": iso(stamp),
        "lastModifiedTimeUtc": iso(stamp),
    }
    part = Part(workspace.uid(f"task {etag}"), etag, stamp, properties)
    azure.store.resources.put_part(incident.workspace, incident.name, "tasks", part)
    return True


def start_playbook(
    azure: Azure, workspace: PlantWorkspace, incident: str, logic_app: str, *, by: str, at: int
) -> Json | None:
    """Start a Logic App on an incident; nothing when there is no such Logic App."""
    name = logic_app.rstrip("/").rsplit("/", 1)[-1]
    kind = "workflows"
    if found := STANDARD.search(logic_app):
        kind, name = "sites", f"{found['site']}/{found['workflow']}"
    playbook = azure.store.resources.get(workspace.key, kind, name)
    if playbook is None:
        return None
    number = azure.store.journal.note_run(
        at=at,
        kind="playbook",
        workspace=workspace.key,
        name=playbook.name,
        incident=incident,
        detail={"by": by, "status": "Succeeded"},
    )
    return {"RunId": f"{number:020d}", "WorkflowId": workspace.uid(f"workflow {playbook.name}")}
