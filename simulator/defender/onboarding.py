"""A workspace comes to the Defender portal: from then on analytics rules alone make incidents, the
portal numbers and names them, and may join those whose rules ask for it.
"""

import copy
from typing import Any

from simulator.azure import Azure
from simulator.clock import TICKS_PER_SECOND
from simulator.defender.records import (
    next_portal_id,
    portal_address,
    register,
)
from simulator.incident_records import PORTAL_PROVIDER, save
from simulator.plant.records import PlantWorkspace
from simulator.store.incidents import Incident, IncidentPage

Json = dict[str, Any]
WHICH = ("open", "all", "none")
CORRELATED_WITHIN = 24 * 3600 * TICKS_PER_SECOND
INCLUDED, EXCLUDED = "#inc_corr#", "#dont_corr#"


def onboard(azure: Azure, workspace: PlantWorkspace, *, incidents: str, at: int | None) -> int:
    """Bring a workspace to the portal; returns how many of its incidents came along, changed `at`
    this time, or where that is None when they had been changed last.

    Which do is documented nowhere: `open` ones, `all`, or `none`. One that came along is changed in
    Sentinel: its provider is the portal now, and its provider id the number there.
    """
    if incidents not in WHICH:
        raise ValueError(f"incidents must be one of {', '.join(WHICH)}")
    switches = azure.store.fact(f"workspace:{workspace.key}", {})
    azure.store.keep(f"workspace:{workspace.key}", {**switches, "defender_portal": True})
    if azure.store.fact("portal_primary") is None:
        azure.store.keep("portal_primary", workspace.key)
    moved = 0
    for name in _names(azure, workspace, incidents):
        incident = azure.store.incidents.get(workspace.key, name)
        if incident is not None and incident.properties["providerName"] != PORTAL_PROVIDER:
            _move(azure, workspace, incident, at=incident.modified if at is None else at)
            moved += 1
    return moved


def begin_in_portal(azure: Azure, workspace: PlantWorkspace) -> None:
    """Let a workspace live in the portal from its first day, as new ones do: all its history is
    there with its times, and the rules of the solution name the alert type in a custom detail.
    """
    if has_begun_in_portal(azure, workspace):
        return
    for rule in azure.store.resources.all(workspace.key, "alertRules"):
        properties = rule.body["properties"]
        if rule.body.get("kind") == "Scheduled" and "customDetails" in properties:
            properties["customDetails"] |= {"AlertName": "AlertName"}
            azure.store.resources.put(workspace.key, "alertRules", rule)
    onboard(azure, workspace, incidents="all", at=None)
    azure.store.keep(f"began in the portal: {workspace.key}", True)


def has_begun_in_portal(azure: Azure, workspace: PlantWorkspace) -> bool:
    """Whether a workspace has lived in the portal from its first day."""
    return bool(azure.store.fact(f"began in the portal: {workspace.key}"))


def _names(azure: Azure, workspace: PlantWorkspace, incidents: str) -> list[str]:
    if incidents == "none":
        return []
    conditions: list[tuple[str, str, Any]] = []
    if incidents == "open":
        conditions.append(("status", "<>", "Closed"))
    no_limit = -2  # a list asks for one row more, and -1 is SQLite's word for all
    page = IncidentPage(conditions=conditions, column="number", descending=False, limit=no_limit)
    return [row.name for row in azure.store.incidents.listed(workspace.key, page)]


def _move(azure: Azure, workspace: PlantWorkspace, incident: Incident, *, at: int) -> None:
    before = copy.deepcopy(incident)
    number = next_portal_id(azure)
    incident.properties |= {"providerName": PORTAL_PROVIDER, "providerIncidentId": str(number)}
    incident.properties["additionalData"] = {
        **incident.properties["additionalData"],
        "providerIncidentUrl": portal_address(number, workspace.tenant_id),
    }
    save(azure, incident, at=at, before=before)
    register(azure, incident)


def takes_part_in_correlation(azure: Azure, incident: Incident) -> bool:
    """Whether the portal may join a new incident with others: it looks at the rules that made the
    alerts, each by the mark its description begins with, else by the default of the tenant; and in
    the primary workspace only.
    """
    if azure.store.fact("portal_primary") != incident.workspace:
        return False
    default = bool(azure.facts(azure.workspace(incident.workspace))["correlation"])
    named = incident.properties.get("relatedAnalyticRuleIds") or []
    names = {str(rule).rsplit("/", 1)[-1].lower() for rule in named}
    rules = azure.store.resources.all(incident.workspace, "alertRules")
    descriptions = [
        str(rule.body["properties"].get("description") or "").strip().lower()
        for rule in rules
        if (rule.body["properties"].get("alertRuleTemplateName") or rule.name).lower() in names
    ]
    return bool(descriptions) and all(
        text.startswith(INCLUDED) or (default and not text.startswith(EXCLUDED))
        for text in descriptions
    )


def correlated_with(azure: Azure, incident: Incident) -> Incident | None:
    """The older open incident that the portal joins this one to: it shares a device, and both take
    part in correlation.
    """
    devices = _devices(azure, incident)
    page = IncidentPage(
        conditions=[
            ("status", "<>", "Closed"),
            ("created", ">=", incident.created - CORRELATED_WITHIN),
        ]
    )
    for listed in azure.store.incidents.listed(incident.workspace, page):
        row = azure.store.portal.of(incident.workspace, listed.name)
        if listed.name == incident.name or row is None or not row.more.get("correlates"):
            continue
        other = azure.store.incidents.get(incident.workspace, listed.name)
        if other is not None and devices & _devices(azure, other):
            return other
    return None


def _devices(azure: Azure, incident: Incident) -> set[str]:
    _, entities = azure.details(incident)
    return {str(entity.get("name")) for entity in entities if entity.get("kind") == "IoTDevice"}
