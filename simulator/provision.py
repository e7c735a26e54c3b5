"""What every pretend workspace has from the first day: rules, connectors, content."""

from collections.abc import Iterator
from typing import Any

from simulator.azure import Azure
from simulator.clock import iso
from simulator.documents import document
from simulator.plant.catalogue import AnalyticsRule
from simulator.plant.records import PlantWorkspace
from simulator.solution import TEMPLATE_VERSION, scheduled_rule, solution_rules
from simulator.store.resources import Resource

Json = dict[str, Any]
_WHAT_PEOPLE_ADD = (
    "alertRules",
    "automationRules",
    "contentPackages",
    "dataConnectors",
    "settings",
    "watchlists",
)


def provision(azure: Azure) -> None:
    """Fill workspaces that were never filled before."""
    if azure.store.fact("provisioned"):
        return
    at = azure.clock.ticks()
    with azure.store.transaction():
        for workspace in azure.workspaces:
            for kind, name, body in _resources(workspace, iso(at)):
                resource = Resource(name, azure.store.next_etag(at), body)
                azure.store.resources.put(workspace.key, kind, resource)
        azure.store.keep("provisioned", True)


def _resources(workspace: PlantWorkspace, at: str) -> Iterator[tuple[str, str, Json]]:
    for name, rule in solution_rules().items():
        yield "alertRules", name, _scheduled(rule, at)
    for kind, bodies in _first_day(workspace, at).items():
        for name, body in bodies.items():
            yield kind, name, body


def _first_day(workspace: PlantWorkspace, at: str) -> dict[str, dict[str, Json]]:
    """What there is beside the rules of the solution, by kind and name."""
    by_kind: dict[str, dict[str, Json]] = document(
        "first_day",
        at=at,
        subscription=workspace.subscription_id,
        group=workspace.resource_group,
        creation_rule=workspace.uid("creation rule"),
        connector=workspace.uid("iot connector"),
        foreign_rule=workspace.uid("foreign rule"),
    )
    return by_kind


def empty_workspace(azure: Azure, workspace: PlantWorkspace, *, at: int) -> None:
    """Leave a workspace as it is on the day on which Sentinel is switched on: the plan is there and
    linked, but no connector, content, rule or setting is; only Fusion is on from the start.
    """
    for kind in _WHAT_PEOPLE_ADD:
        for resource in azure.store.resources.all(workspace.key, kind):
            azure.store.resources.remove(workspace.key, kind, resource.name)
    fusion = _first_day(workspace, iso(at))["alertRules"]["BuiltInFusion"]
    resource = Resource("BuiltInFusion", azure.store.next_etag(at), fusion)
    azure.store.resources.put(workspace.key, "alertRules", resource)
    switches = azure.store.fact(f"workspace:{workspace.key}", {})
    bare = {"connector": "Disabled", "emptied": True, "playbook_permission": False}
    azure.store.keep(f"workspace:{workspace.key}", {**switches, **bare})


def _scheduled(rule: AnalyticsRule, at: str) -> Json:
    origin = {"alertRuleTemplateName": rule.id, "templateVersion": TEMPLATE_VERSION}
    properties = {**scheduled_rule(rule, is_enabled=True), **origin, "lastModifiedUtc": at}
    return {"kind": "Scheduled", "properties": properties}
