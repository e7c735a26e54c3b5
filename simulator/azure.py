"""The whole pretend Azure in one object: store, clock, plant, workspaces and settings."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from simulator.clock import Clock
from simulator.identity import Identities
from simulator.store import Store
from simulator.store.incidents import Incident
from simulator.words import ArmRefusal

Json = dict[str, Any]
_IDS = uuid.UUID("a3d1b1d6-5f0c-4a51-8f6e-5ac0a9d6f2c4")
WORKSPACE_FACTS: Json = {
    "sentinel": True,
    "provider_registered": True,
    "defender_portal": False,
    "connector": "Enabled",
    "license": "Valid",
    "plan": True,
    "linked": True,
}


class WorkspaceLike(Protocol):
    """What the simulator needs to know of a workspace."""

    key: str
    subscription_id: str
    resource_group: str
    name: str
    tenant_id: str


class CaseLike(Protocol):
    """One incident as the plant makes it."""

    workspace: str
    name: str
    created: datetime
    modified: datetime
    properties: Json
    recipe: str
    truth: Any


class PlantLike(Protocol):
    """The generator behind the pretend Azure."""

    workspaces: Any

    def describe(self) -> Json:
        """Everything that stands in the plant, as data."""

    def history(self, count: int, *, start: datetime, end: datetime) -> Iterator[Any]:
        """The past, in order."""

    def happenings(self, after: datetime, until: datetime, *, per_day: float) -> Iterator[Any]:
        """What happens in a stretch of time."""

    def make(self, kind: str, *, at: datetime, **options: Any) -> Any:
        """One case on request."""

    def details(self, recipe: str) -> tuple[list[Json], list[Json]]:
        """The alerts and entities of a case."""


@dataclass(frozen=True)
class Workspace:
    """A Log Analytics workspace with Sentinel on it."""

    key: str
    subscription_id: str
    resource_group: str
    name: str
    tenant_id: str

    @property
    def path(self) -> str:
        """Its ARM id."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.OperationalInsights/workspaces/{self.name}"
        )

    @property
    def security_path(self) -> str:
        """Where everything of Sentinel lives."""
        return f"{self.path}/providers/Microsoft.SecurityInsights"

    def uid(self, what: str) -> str:
        """A fixed id for something of this workspace."""
        return str(uuid.uuid5(_IDS, f"{self.key} {what}"))


class Azure:
    """Everything the handlers work on. Used from one thread at a time: the server's event loop."""

    def __init__(self, *, store: Store, clock: Clock, plant: PlantLike) -> None:
        self.store, self.clock, self.plant = store, clock, plant
        self.endpoint = ""
        self.identities = Identities(store)
        self.workspaces = tuple(
            Workspace(one.key, one.subscription_id, one.resource_group, one.name, one.tenant_id)
            for one in plant.workspaces
        )
        self.list_lag = timedelta(seconds=float(store.fact("list_lag_seconds", 0)))

    def workspace(self, key: str) -> Workspace:
        """One workspace by its key or name; raises KeyError."""
        for one in self.workspaces:
            if key in {one.key, one.name}:
                return one
        raise KeyError(key)

    def workspace_at(self, subscription: str, group: str, name: str) -> Workspace:
        """The workspace of an address; refuses in Azure's words."""
        here = [one for one in self.workspaces if _same(one.subscription_id, subscription)]
        if not here:
            raise ArmRefusal(
                404,
                "SubscriptionNotFound",
                f"The subscription '{subscription}' could not be found.",
            )
        in_group = [one for one in here if _same(one.resource_group, group)]
        if not in_group:
            raise ArmRefusal(
                404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found."
            )
        for one in in_group:
            if _same(one.name, name):
                return one
        raise ArmRefusal(404, "ResourceNotFound", f"The workspace '{name}' was not found.")

    def facts(self, workspace: Workspace) -> Json:
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
        known = {entity.get("name") for entity in entities}
        alerts += added.get("alerts", [])
        entities += [one for one in added.get("entities", []) if one.get("name") not in known]
        return alerts, entities

    def stamp(self, at: int) -> int:
        """A moment with a seventh digit, as Azure's times have one."""
        return at - at % 10 + self.store.next_digit()


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def plain(value: Any) -> Any:
    """A truth of the plant as JSON-able data, whatever class it has."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return orjson.loads(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))
