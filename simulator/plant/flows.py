"""A flow is one stream of alerts at one site; its templates say what each alert looks like."""

from dataclasses import dataclass, field
from typing import Any

from . import rhythms
from .catalogue import AlertType
from .things import PlantDevice, PlantSite, Truth


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an alert: a device we know, an address outside, or something that turns up."""

    name: str = ""
    address: str = ""
    device: PlantDevice | None = None
    passing: str = ""
    """`new:OUI@ZONE` or `mac:OUI@ZONE`: a device whose address the recipe's bits decide."""
    zone: str = ""


@dataclass(slots=True)
class Template:
    """Everything about an alert that does not depend on when it happens."""

    index: int
    flow: int
    type: AlertType
    source: Side
    destination: Side
    function: str
    user_title: str
    protocol: str
    port: int | None
    site: PlantSite
    zone: str
    sensor: str
    workspace: int
    rule_made: bool
    truth: Truth
    cause: str
    group: int
    endpoint: int
    companions: tuple[int, ...] = ()
    frame: dict[str, Any] = field(default_factory=dict)
    """What the casebook has worked out for this template already."""


@dataclass(slots=True)
class Flow:
    """One stream of alerts at one site with its rhythm and its share of all incidents."""

    index: int
    process: str
    attack: str | None
    site: str
    time_zone: str
    engine: str
    rhythm: tuple[float, ...]
    phase_key: str
    phase: rhythms.Phase
    minutes: tuple[int, int]
    share: float
    """What part of all incidents it is while it runs."""
    exact: bool
    life: tuple[float, float]
    """From and to, as parts of a history; a plant that lives on is at the end of it."""
    templates: list[Template]
    cumulative: list[float]


def known(device: PlantDevice) -> Side:
    """The side of a device that the inventory knows."""
    return Side(device.name, device.address, device, zone=device.zone)
