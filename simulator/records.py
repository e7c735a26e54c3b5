"""Incidents as ARM shows them, and the one place where a changed incident is written."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from simulator.azure import Azure, CaseLike, Workspace, plain
from simulator.incident_words import NO_OWNER
from simulator.store.incidents import Incident
from simulator.words import iso, to_ticks

Json = dict[str, Any]


def incident_path(workspace: Workspace, name: str) -> str:
    """The ARM id of an incident; now and then with a capital, as Azure does it."""
    noun = "Incidents" if zlib.crc32(name.encode()) % 4 == 0 else "incidents"
    return f"{workspace.security_path}/{noun}/{name}"


def compose(workspace: Workspace, name: str, etag: str, properties: bytes) -> bytes:
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


def complete(azure: Azure, workspace: Workspace, told: Json, *, name: str, number: int) -> Json:
    """Properties with everything that Azure adds by itself."""
    portal = "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident"
    defender = azure.facts(workspace)["defender_portal"]
    more = {
        "alertsCount": 0,
        "bookmarksCount": 0,
        "commentsCount": 0,
        "alertProductNames": [],
        "tactics": [],
        "techniques": [],
        **(told.get("additionalData") or {}),
    }
    provider_id = str(90_000 + number) if defender else str(number)
    if defender:
        more["providerIncidentUrl"] = f"https://security.microsoft.com/incidents/{provider_id}"
    owner = {**NO_OWNER, **(told.get("owner") or {})}
    return {
        "description": "",
        "relatedAnalyticRuleIds": [],
        **told,
        "owner": owner,
        "labels": told.get("labels") or [],
        "incidentNumber": number,
        "incidentUrl": portal + incident_path(workspace, name),
        "providerName": "Microsoft XDR" if defender else "Azure Sentinel",
        "providerIncidentId": provider_id,
        "additionalData": more,
    }


def from_case(azure: Azure, case: CaseLike, *, number: int) -> Incident:
    """An incident of the plant as a row, no rule run on it."""
    workspace = azure.workspace(case.workspace)
    told = complete(azure, workspace, dict(case.properties), name=case.name, number=number)
    created = to_ticks(case.created) + number % 9 + 1
    modified = max(created, to_ticks(case.modified) + number % 7 + 1)
    told["createdTimeUtc"], told["lastModifiedTimeUtc"] = iso(created), iso(modified)
    return Incident(
        workspace.key,
        case.name.lower(),
        number,
        created,
        modified,
        azure.store.next_etag(modified),
        told,
        case.recipe,
        truth=orjson.dumps(plain(case.truth)).decode(),
    )


def save(azure: Azure, incident: Incident, *, at: int, before: Incident | None = None) -> None:
    """Write a changed incident: a later time, a new version mark, the former version kept."""
    if before is not None:
        workspace = azure.workspace(before.workspace)
        incident.previous = compose(
            workspace, before.name, before.etag, orjson.dumps(before.properties)
        )
        at = max(at, before.modified + 10)
    incident.modified = azure.stamp(at)
    incident.properties["lastModifiedTimeUtc"] = iso(incident.modified)
    incident.etag = azure.store.next_etag(incident.modified)
    azure.store.incidents.put(incident)
