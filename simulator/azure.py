"""The whole pretend Azure in one object: store, clock, plant, workspaces, limits and settings."""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

import orjson

from simulator.clock import Clock
from simulator.faults import Faults
from simulator.identity import Identities
from simulator.plant.plant import Plant
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal
from simulator.store import Store
from simulator.store.incidents import Incident
from simulator.throttle import Throttle

Json = dict[str, Any]
type AskLogs = Callable[[PlantWorkspace, str], list[Json]]
PER_DAY = 40.0  # incidents of a plant without a history
WORKSPACE_FACTS: Json = {
    "sentinel": True,
    "provider_registered": True,
    "defender_portal": False,
    "connector": "Enabled",
    "license": "Valid",
    "plan": True,
    "linked": True,
    "correlation": False,
    "playbook_permission": True,
    "emptied": False,
    "preview_api": True,
}
GRAPH_SETTINGS: Json = {"orderby": "honoured", "evidence": "devices"}
"""What is documented nowhere, or differs between reports, of Graph: each can be set otherwise."""


class Azure:
    """Everything the handlers work on. Used from one thread at a time: the server's event loop."""

    def __init__(
        self, *, store: Store, clock: Clock, plant: Plant, is_throttled: bool, is_living: bool
    ) -> None:
        self.store, self.clock, self.plant = store, clock, plant
        self.throttle, self.faults = Throttle(on=is_throttled), Faults()
        self.is_living = is_living
        self.is_staffed = bool(store.fact("staffed", True))  # whether the SOC desk works
        self.per_day = float(store.fact("per_day", PER_DAY))
        self.endpoint = ""
        self.query_logs: AskLogs | None = None
        self.identities = Identities(store)
        self.workspaces = plant.workspaces
        self.graph: Json = {**GRAPH_SETTINGS, **store.fact("graph", {})}

    def workspace(self, key: str) -> PlantWorkspace:
        """One workspace by its key or name; raises KeyError."""
        for workspace in self.workspaces:
            if key in {workspace.key, workspace.name}:
                return workspace
        raise KeyError(key)

    def workspace_at(self, subscription: str, group: str, name: str) -> PlantWorkspace:
        """The workspace of an address; refuses in Azure's words."""
        candidates = [
            workspace
            for workspace in self.workspaces
            if _same(workspace.subscription_id, subscription)
        ]
        if not candidates:
            raise ArmRefusal(
                404,
                "SubscriptionNotFound",
                f"The subscription '{subscription}' could not be found.",
            )
        in_group = [workspace for workspace in candidates if _same(workspace.resource_group, group)]
        if not in_group:
            raise ArmRefusal(
                404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found."
            )
        for workspace in in_group:
            if _same(workspace.name, name):
                return workspace
        raise ArmRefusal(404, "ResourceNotFound", f"The workspace '{name}' was not found.")

    def facts(self, workspace: PlantWorkspace) -> Json:
        """What is switched on and off around a workspace."""
        return {**WORKSPACE_FACTS, **self.store.fact(f"workspace:{workspace.key}", {})}

    def details(self, incident: Incident) -> tuple[list[Json], list[Json]]:
        """The alerts and entities of an incident: by its recipe, and what was added since."""
        alerts: list[Json] = []
        entities: list[Json] = []
        if incident.recipe:
            made_alerts, made_entities = self.plant.details(incident.recipe)
            alerts, entities = list(made_alerts), list(made_entities)
        added = incident.details or {}
        if titles := added.get("titles"):
            alerts = [_titled(alert, titles.get(alert["name"])) for alert in alerts]
        if (kinds := added.get("entity_kinds")) is not None:
            entities = [entity for entity in entities if entity.get("kind") in kinds]
        names = {entity.get("name") for entity in entities}
        alerts += added.get("alerts", [])
        entities += [
            entity for entity in added.get("entities", []) if entity.get("name") not in names
        ]
        return alerts, entities

    def stamp(self, at: int) -> int:
        """A moment with a seventh digit, as Azure's times have one."""
        return at - at % 10 + self.store.next_digit()


def _titled(alert: Json, title: str | None) -> Json:
    """The alert with the title that a rule gave it."""
    if title is None:
        return alert
    titles = {"alertDisplayName": title, "friendlyName": title}
    return {**alert, "properties": {**alert["properties"], **titles}}


def _same(first: str, second: str) -> bool:
    return first.casefold() == second.casefold()


def plain(value: Any) -> Any:
    """A truth of the plant as JSON-able data, whatever class it has."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return orjson.loads(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))
