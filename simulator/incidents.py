"""What can happen to an incident: made, changed, commented, joined by alerts, merged, deleted."""

import copy
import uuid
from collections.abc import Callable
from typing import Any

from simulator.automation.conditions import Change
from simulator.automation.run import fill_owner, run_created, run_updated
from simulator.azure import Azure
from simulator.clock import iso, to_ticks
from simulator.defender.onboarding import (
    correlated_with,
    takes_part_in_correlation,
)
from simulator.defender.records import note_alerts, note_comment, redirect_record, register
from simulator.defender.values import tags_of
from simulator.incident_creation import cases_shown
from simulator.incident_records import (
    CLOSING,
    MAX_ALERTS,
    MAX_COMMENT_LENGTH,
    MAX_COMMENTS,
    NO_OWNER,
    PORTAL_PROVIDER,
    WRITABLE,
    complete,
    from_case,
    incident_path,
    merge_labels,
    save,
)
from simulator.own_rules import incidents_of_own_rules
from simulator.plant.records import Case, PlantWorkspace
from simulator.replies import bad_request
from simulator.store.incidents import Incident
from simulator.store.resources import Part

Json = dict[str, Any]
CORRELATION = "Microsoft Defender XDR - alert correlation"


def add_incident(azure: Azure, incident: Incident, *, at: int) -> Incident:
    """Store a new incident, in the Defender portal too where it comes from there, and let the
    automation rules have it.
    """
    azure.store.incidents.put(incident)
    if incident.properties["providerName"] != PORTAL_PROVIDER:
        return run_created(azure, incident, at=at)
    correlates = takes_part_in_correlation(azure, incident)
    register(azure, incident, correlates=correlates)
    incident = run_created(azure, incident, at=at)
    if correlates and (survivor := correlated_with(azure, incident)):
        merge_incidents(azure, incident, survivor, at=incident.modified)
    return incident


def add_case(azure: Azure, case: Case, *, at: int | None = None) -> list[Incident]:
    """Store what happened at the plant as incidents that its workspace makes of it, at their own
    time unless asked otherwise.
    """
    workspace = azure.workspace(case.workspace)
    facts = azure.facts(workspace)
    shown_cases = cases_shown(azure, case)
    # A case that names rules and becomes no incident was left out by all of them.
    by_rules_alone = facts["emptied"] or facts["defender_portal"]
    by_rules_alone = by_rules_alone or bool(case.properties.get("relatedAnalyticRuleIds"))
    incidents: list[Incident] = []
    if (
        by_rules_alone
        and facts["connector"] == "Enabled"
        and all(shown.recipe != case.recipe for shown in shown_cases)
    ):
        watched = bool(shown_cases)
        azure.store.portal.note_without_incident(
            workspace.key,
            case.name.lower(),
            to_ticks(case.created),
            case.recipe,
            watched=watched,
        )
        alerts = azure.plant.unwatched_alerts(case.recipe, watched=watched)
        when = to_ticks(case.created) if at is None else at
        for properties, alert, entities in incidents_of_own_rules(azure, workspace, case, alerts):
            details = {"alerts": [alert], "entities": entities}
            incidents.append(make_incident(azure, workspace, properties, at=when, details=details))
    in_portal = bool(facts["defender_portal"])
    for shown in shown_cases:
        number = azure.store.incidents.latest_number(workspace.key) + 1
        incident = from_case(azure, shown, number=number, in_portal=in_portal)
        when = incident.modified if at is None else at
        incidents.append(add_incident(azure, incident, at=when))
    return incidents


def make_incident(
    azure: Azure,
    workspace: PlantWorkspace,
    values: Json,
    *,
    at: int,
    name: str | None = None,
    details: dict[str, list[Json]] | None = None,
    recipe: str | None = None,
    by_api: bool = False,
    by_xdr: bool = False,
) -> Incident:
    """A new incident from explicit properties, numbered and completed, rules run. One that is made
    by the API of Sentinel does not reach the Defender portal; one that the connector of Defender
    XDR brings comes from there, also where the workspace does not live in the portal.
    """
    name = (name or str(uuid.uuid4())).lower()
    number = azure.store.incidents.latest_number(workspace.key) + 1
    stamp = azure.stamp(at)
    properties = complete(
        azure,
        workspace,
        values,
        name=name,
        number=number,
        in_portal=by_xdr or (azure.facts(workspace)["defender_portal"] and not by_api),
    )
    properties["createdTimeUtc"] = properties["lastModifiedTimeUtc"] = iso(stamp)
    for member in ("firstActivityTimeUtc", "lastActivityTimeUtc"):
        properties.setdefault(member, iso(stamp))
    if details:
        properties["additionalData"]["alertsCount"] = len(details.get("alerts", []))
    incident = Incident(
        workspace.key,
        name,
        number,
        stamp,
        stamp,
        azure.store.next_etag(stamp),
        properties,
        recipe,
        details,
    )
    return add_incident(azure, incident, at=at)


def change_incident(
    azure: Azure,
    incident: Incident,
    mutate: Callable[[Json], None],
    *,
    at: int,
    source: str,
    alerts_added: int = 0,
    comments_added: int = 0,
    by: str = "",
    author: str = "",
) -> Incident:
    """Change and write an incident, run the rules. `by` is who to the portal, `author` to logs."""
    before = copy.deepcopy(incident)
    mutate(incident.properties)
    save(azure, incident, at=at, before=before, by=by, author=author)
    change = Change(
        before.properties, source=source, alerts_added=alerts_added, comments_added=comments_added
    )
    return run_updated(azure, incident, change, at=incident.modified)


def writable_from(values: Json, stored: Json | None) -> Json:
    """The writable members of a PUT: what it leaves out is cleared, what is read-only ignored."""
    writable = {member: values[member] for member in WRITABLE if values.get(member) is not None}
    if writable["status"] != "Closed":
        for member in CLOSING:
            writable.pop(member, None)
    automatic = [
        label for label in (stored or {}).get("labels") or [] if label.get("labelType") != "User"
    ]
    writable["labels"] = merge_labels(automatic, writable.get("labels") or [])
    writable["owner"] = fill_owner(writable["owner"]) if writable.get("owner") else dict(NO_OWNER)
    writable.setdefault("description", "")
    return writable


def replace_writable(properties: Json, writable: Json) -> None:
    """Put new writable members in the place of the old ones; activity times stay if not given."""
    for member in WRITABLE:
        if member in writable:
            properties[member] = writable[member]
        elif not member.endswith("ActivityTimeUtc"):
            properties.pop(member, None)


def put_comment(
    azure: Azure,
    incident: Incident,
    message: Any,
    *,
    author: Json,
    at: int,
    source: str,
    name: str | None = None,
) -> tuple[Part, Part | None]:
    """Write a comment: the new one and, when its id was known, the one it replaces."""
    if not isinstance(message, str) or not message:
        raise bad_request("A comment needs a message.")
    if len(message) > MAX_COMMENT_LENGTH:
        raise bad_request(f"A comment has at most {MAX_COMMENT_LENGTH} characters.")
    name = (name or str(uuid.uuid4())).lower()
    comments = azure.store.resources.parts(incident.workspace, incident.name, "comments")
    former = next((part for part in comments if part.name == name), None)
    if former is None and len(comments) >= MAX_COMMENTS:
        raise bad_request(f"An incident has at most {MAX_COMMENTS} comments.")
    stamp = azure.stamp(at)
    created = former.created if former else stamp
    properties = {
        "message": message,
        "createdTimeUtc": iso(created),
        "lastModifiedTimeUtc": iso(stamp),
        "author": former.properties["author"] if former else author,
    }
    part = Part(name, azure.store.next_etag(stamp, quoted=False), created, properties)
    azure.store.resources.put_part(incident.workspace, incident.name, "comments", part)
    recount_comments(azure, incident, at=at, source=source, added=int(former is None))
    if former is None:
        note_comment(azure, incident, message, author, at=at)
    return part, former


def recount_comments(
    azure: Azure, incident: Incident, *, at: int, source: str, added: int = 0
) -> None:
    """Store on the incident how many comments it has now."""
    total = len(azure.store.resources.parts(incident.workspace, incident.name, "comments"))

    def count(properties: Json) -> None:
        properties["additionalData"] = {**properties["additionalData"], "commentsCount": total}

    change_incident(azure, incident, count, at=at, source=source, comments_added=added)


def join_alerts(
    azure: Azure, incident: Incident, alerts: list[Json], entities: list[Json], *, at: int
) -> Incident:
    """More alerts come into an incident, as Sentinel's grouping does it."""
    alerts_before, _ = azure.details(incident)
    if len(alerts_before) + len(alerts) > MAX_ALERTS:
        raise bad_request(f"An incident has at most {MAX_ALERTS} alerts.")
    added = incident.details or {}
    incident.details = {
        **added,
        "alerts": [*added.get("alerts", []), *alerts],
        "entities": [*added.get("entities", []), *entities],
    }
    total = len(alerts_before) + len(alerts)

    def grow(properties: Json) -> None:
        more = dict(properties["additionalData"])
        for member, key in (
            ("alertProductNames", "productName"),
            ("tactics", "tactics"),
            ("techniques", "techniques"),
        ):
            more[member] = _with_values_of(more.get(member) or [], alerts, key)
        properties["additionalData"] = {**more, "alertsCount": total}
        properties["lastActivityTimeUtc"] = iso(at)

    if row := azure.store.portal.of(incident.workspace, incident.name):
        note_alerts(azure, row, alerts)
    return change_incident(
        azure, incident, grow, at=at, source="Alert grouping", alerts_added=len(alerts)
    )


def _with_values_of(values: list[str], alerts: list[Json], key: str) -> list[str]:
    result = list(values)
    for alert in alerts:
        value = (alert.get("properties") or {}).get(key) or []
        result += list(value) if isinstance(value, list) else [value]
    return list(dict.fromkeys(result))


def merge_incidents(azure: Azure, loser: Incident, survivor: Incident, *, at: int) -> None:
    """Merge as the Defender portal does: the loser is closed and points at the survivor, which
    gets its alerts and tags, and another name where both are in the portal.
    """
    alerts, entities = azure.details(loser)
    workspace = azure.workspace(survivor.workspace)
    portal = "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident"

    def redirect(properties: Json) -> None:
        for member in CLOSING:
            properties.pop(member, None)
        properties["status"], properties["classification"] = "Closed", "Undetermined"
        mark = {"labelName": "Redirected", "labelType": "AutoAssigned"}
        properties["labels"] = [*(properties.get("labels") or []), mark]
        properties["additionalData"] = {
            **properties["additionalData"],
            "mergedIncidentNumber": str(survivor.number),
            "mergedIncidentUrl": portal + incident_path(workspace, survivor.name),
        }

    custom, _ = tags_of(loser.properties)
    is_in_portal = redirect_record(azure, loser, survivor)
    source = "Other" if is_in_portal else "Microsoft Defender XDR"
    change_incident(azure, loser, redirect, at=at, source=source, by=CORRELATION)
    room = MAX_ALERTS - len(azure.details(survivor)[0])
    survivor = join_alerts(azure, survivor, alerts[:room], entities, at=at)
    if is_in_portal:

        def rename(properties: Json) -> None:
            tactics = properties["additionalData"].get("tactics") or ["suspicious activity"]
            properties["title"] = f"Multi-stage incident involving {tactics[0]} on multiple assets"
            added = [{"labelName": name} for name in custom]
            properties["labels"] = merge_labels(properties.get("labels") or [], added)

        change_incident(azure, survivor, rename, at=at, source=source, by=CORRELATION)
