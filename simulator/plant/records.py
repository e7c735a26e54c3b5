"""The nouns of the plant: workspaces, sites, zones, sensors, devices, and the cases they make."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

_IDS = UUID("a3d1b1d6-5f0c-4a51-8f6e-5ac0a9d6f2c4")
Verdict = Literal["routine", "maintenance", "suspicious"]


@dataclass(frozen=True, slots=True)
class PlantWorkspace:
    """A Sentinel workspace that receives alerts of the plant."""

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
        """The ARM path under which Sentinel's resources of this workspace live."""
        return f"{self.path}/providers/Microsoft.SecurityInsights"

    def uid(self, purpose: str) -> str:
        """Return a fixed id for something of this workspace."""
        return str(uuid5(_IDS, f"{self.key} {purpose}"))


@dataclass(frozen=True, slots=True)
class PlantZone:
    """A network segment of a site."""

    name: str
    purdue_level: float
    subnet: str


@dataclass(frozen=True, slots=True)
class PlantSensor:
    """A Defender for IoT network sensor; it belongs to exactly one zone."""

    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class PlantSite:
    """One plant: a place with its own clock."""

    key: str
    name: str
    time_zone: str
    zones: tuple[PlantZone, ...]
    sensors: tuple[PlantSensor, ...]
    control_room_phone: str


@dataclass(frozen=True, slots=True)
class PlantDevice:
    """One device on the control network. Its key is zone and address, never the address alone."""

    name: str
    site: str
    zone: str
    ip: str | None
    mac: str
    type: str
    sub_type: str
    vendor: str
    model: str
    firmware: str
    os: str
    purdue_level: float
    importance: str
    is_programming: bool
    is_scanner: bool
    is_authorized: bool
    role: str
    criticality: str
    owner: str
    serial: str
    protocols: tuple[str, ...]

    @property
    def address(self) -> str:
        """What an alert names: the IP address, or the MAC address where there is none."""
        return self.ip or self.mac


@dataclass(frozen=True, slots=True)
class Truth:
    """What really was behind an incident. Nobody but the measuring side may look."""

    process: str
    benign: bool
    attack: str | None
    verdict: Verdict
    site: str
    cause: str = ""  # what OT would give as the reason


@dataclass(frozen=True, slots=True)
class Case:
    """One Sentinel incident, as it is when somebody first lists it, and the truth behind it."""

    workspace: str
    name: str
    created: datetime
    modified: datetime
    properties: dict[str, Any]
    recipe: str
    truth: Truth
    entity_kinds: tuple[str, ...] | None = None  # those that its rules map; None for all
    titles: dict[str, str] = field(default_factory=dict)  # that a rule gives to alerts, by name
