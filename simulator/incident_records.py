"""Incidents as ARM shows them: values that are allowed, what Azure adds by itself, and the one
place where a changed incident is written.
"""

import zlib
from collections.abc import Collection
from typing import Any

import orjson

from simulator.azure import Azure, plain
from simulator.clock import iso, parse_time, to_ticks
from simulator.defender.records import follow, next_portal_id, portal_address
from simulator.plant.records import Case, PlantWorkspace
from simulator.replies import bad_request
from simulator.store.incidents import Authorship, Incident

Json = dict[str, Any]
PORTAL_PROVIDER = "Microsoft XDR"
SEVERITIES = ("High", "Medium", "Low", "Informational")
ALERT_GROUPING = "Alert Grouping"  # what the logs call a change that nobody made
STATUSES = ("New", "Active", "Closed")
REASONS: dict[str, tuple[str | None, ...]] = {
    "TruePositive": ("SuspiciousActivity",),
    "BenignPositive": ("SuspiciousButExpected",),
    "FalsePositive": ("IncorrectAlertLogic", "InaccurateData"),
    "Undetermined": (None,),
}
CLOSING = ("classification", "classificationReason", "classificationComment")
WRITABLE = (
    "title",
    "description",
    "severity",
    "status",
    *CLOSING,
    "owner",
    "labels",
    "firstActivityTimeUtc",
    "lastActivityTimeUtc",
)
NO_OWNER: Json = {
    "objectId": None,
    "email": None,
    "assignedTo": None,
    "userPrincipalName": None,
}
MAX_DESCRIPTION_LENGTH, MAX_COMMENT_LENGTH = 5_000, 30_000
MAX_ALERTS, MAX_COMMENTS, MAX_TASKS = 150, 100, 40


def check_enum(member: str, value: Any, allowed: Collection[str]) -> None:
    """Refuse a value that Azure does not have, naming the member."""
    if not isinstance(value, str) or value not in allowed:
        raise bad_request(f"Invalid value for property '{member}': '{value}'.")


def check_closing(properties: Json, *, required: Collection[str]) -> None:
    """Refuse unknown severities and states, and a closing without a fitting classification."""
    if "severity" in required or properties.get("severity"):
        check_enum("severity", properties.get("severity"), SEVERITIES)
    if "status" in required or properties.get("status"):
        check_enum("status", properties.get("status"), STATUSES)
    if properties.get("status") != "Closed":
        return
    if not properties.get("classification"):
        raise bad_request("Classification is required when the status is Closed.")
    check_enum("classification", properties["classification"], REASONS)
    reason = properties.get("classificationReason") or None
    if reason not in REASONS[properties["classification"]]:
        raise bad_request(
            f"classificationReason '{reason}' does not fit classification"
            f" '{properties['classification']}'."
        )


def check_incident(properties: Any) -> Json:
    """The properties of a PUT when Azure would take them; refuses with 400 otherwise."""
    if not isinstance(properties, dict):
        raise bad_request("Required property 'properties' not found in JSON.")
    title = properties.get("title")
    if not isinstance(title, str) or not title:
        raise bad_request("Required property 'title' not found in JSON.")
    check_closing(properties, required=("severity", "status"))
    if len(properties.get("description") or "") > MAX_DESCRIPTION_LENGTH:
        raise bad_request(f"description is longer than {MAX_DESCRIPTION_LENGTH} characters.")
    labels = properties.get("labels") or []
    if not isinstance(labels, list) or not all(
        isinstance(label, dict) and isinstance(label.get("labelName"), str) and label["labelName"]
        for label in labels
    ):
        raise bad_request("labels must be a list of objects with a labelName.")
    if not isinstance(properties.get("owner") or {}, dict):
        raise bad_request("owner must be an object.")
    for member in ("firstActivityTimeUtc", "lastActivityTimeUtc"):
        if properties.get(member) is not None:
            try:
                parse_time(str(properties[member]))
            except ValueError:
                raise bad_request(f"{member} is not a valid time.") from None
    return properties


def merge_labels(labels: list[Json], added: list[Any]) -> list[Json]:
    """Labels by name, each once whatever its case; auto-assigned ones always stay."""
    by_name = {str(label["labelName"]).casefold(): label for label in labels}
    for label in added:
        name = str(label["labelName"])
        by_name.setdefault(name.casefold(), {"labelName": name, "labelType": "User"})
    return list(by_name.values())


def incident_path(workspace: PlantWorkspace, name: str) -> str:
    """The ARM id of an incident; now and then with a capital, as Azure does it."""
    noun = "Incidents" if zlib.crc32(name.encode()) % 4 == 0 else "incidents"
    return f"{workspace.security_path}/{noun}/{name}"


def compose(workspace: PlantWorkspace, name: str, etag: str, properties: bytes) -> bytes:
    """The bytes of an incident resource, from stored bytes and without parsing them."""
    path = incident_path(workspace, name)
    kind = "Incidents" if "/Incidents/" in path else "incidents"
    head = orjson.dumps(
        {"id": path, "name": name, "etag": etag, "type": f"Microsoft.SecurityInsights/{kind}"}
    )
    return b'%s,"properties":%s}' % (head[:-1], properties)


def incident_bytes(azure: Azure, incident: Incident) -> bytes:
    """One incident as ARM answers it, mangled where someone asked for that."""
    if incident.mangled is not None:
        return incident.mangled
    workspace = azure.workspace(incident.workspace)
    return compose(workspace, incident.name, incident.etag, orjson.dumps(incident.properties))


def complete(
    azure: Azure,
    workspace: PlantWorkspace,
    properties: Json,
    *,
    name: str,
    number: int,
    in_portal: bool,
) -> Json:
    """Properties with everything that Azure adds by itself; `in_portal` where the incident is made
    in the Defender portal and comes to Sentinel from there.
    """
    portal = "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident"
    more = {
        "alertsCount": 0,
        "bookmarksCount": 0,
        "commentsCount": 0,
        "alertProductNames": [],
        "tactics": [],
        "techniques": [],
        **(properties.get("additionalData") or {}),
    }
    portal_id = next_portal_id(azure) if in_portal else None
    if portal_id is not None:
        more["providerIncidentUrl"] = portal_address(portal_id, workspace.tenant_id)
    owner = {**NO_OWNER, **(properties.get("owner") or {})}
    return {
        "description": "",
        "relatedAnalyticRuleIds": [],
        **properties,
        "owner": owner,
        "labels": properties.get("labels") or [],
        "incidentNumber": number,
        "incidentUrl": portal + incident_path(workspace, name),
        "providerName": "Azure Sentinel" if portal_id is None else PORTAL_PROVIDER,
        "providerIncidentId": str(portal_id or number),
        "additionalData": more,
    }


def from_case(azure: Azure, case: Case, *, number: int, in_portal: bool = False) -> Incident:
    """An incident of the plant as a row, no rule run on it."""
    workspace = azure.workspace(case.workspace)
    properties = complete(
        azure,
        workspace,
        dict(case.properties),
        name=case.name,
        number=number,
        in_portal=in_portal,
    )
    created = to_ticks(case.created) + number % 9 + 1
    modified = max(created, to_ticks(case.modified) + number % 7 + 1)
    properties["createdTimeUtc"], properties["lastModifiedTimeUtc"] = iso(created), iso(modified)
    return Incident(
        workspace.key,
        case.name.lower(),
        number,
        created,
        modified,
        azure.store.next_etag(modified),
        properties,
        case.recipe,
        _differing_details(case),
        truth=orjson.dumps(plain(case.truth)).decode(),
    )


def _differing_details(case: Case) -> Json | None:
    """What rules made of the alerts and entities of a case otherwise than the plant has them."""
    found: Json = {}
    if case.entity_kinds is not None:
        found["entity_kinds"] = list(case.entity_kinds)
    if case.titles:
        found["titles"] = case.titles
    return found or None


def save(
    azure: Azure,
    incident: Incident,
    *,
    at: int,
    before: Incident | None = None,
    by: str = "",
    author: str = "",
) -> None:
    """Write a changed incident with new time and etag; the portal follows, with who did it (`by`),
    and so do the logs (`author`).
    """
    if before is not None:
        workspace = azure.workspace(before.workspace)
        incident.previous = compose(
            workspace, before.name, before.etag, orjson.dumps(before.properties)
        )
        at = max(at, before.modified + 10)
    incident.modified = azure.stamp(at)
    follow(azure, incident, before, at=at, by=by)
    incident.properties["lastModifiedTimeUtc"] = iso(incident.modified)
    incident.etag = azure.store.next_etag(incident.modified)
    azure.store.incidents.put(incident)
    _note_author(azure, incident, before, author or by or ALERT_GROUPING)


def _note_author(azure: Azure, incident: Incident, before: Incident | None, author: str) -> None:
    if incident.properties.get("status") != "Closed":
        authorship = Authorship(author)
    elif before is None or before.properties.get("status") != "Closed":
        authorship = Authorship(author, incident.modified, author)
    else:
        earlier = azure.store.incidents.authorship_of(before)
        authorship = (earlier or Authorship("", before.modified))._replace(author=author)
    azure.store.incidents.note_author(incident, authorship)
