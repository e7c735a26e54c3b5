"""What a scenario consists of: places, devices, planned work, incidents, and people's answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

type Verdict = Literal["routine", "maintenance", "suspicious", "not-sure"]
type Criticality = Literal["normal", "important", "crown-jewel", "safety"]
type Density = Literal["few", "many"]
"""How many attacks there are: `few`, about a dozen incidents in the later half, of which the SOC
finds one in two; or `many`, about twelve incidents a site and month, of which it finds nine in ten.
"""
type GuardClass = Literal["never", "second-product", "protected", "outside", "strict", ""]
"""Which guard must keep an attack open, whatever was learned; empty where none does.

never: an alert type that is never closed. second-product: another product saw something, too.
protected: a safety or crown-jewel device takes part. outside: a source outside the plant, or a
destination that is in none of the networks routine uses. strict: a High or timeboxed type of
which one side is new, or at an hour at which its source never did it, outside planned work.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A segment of a site's network with the sensor that watches it."""

    name: str
    subnet: str
    purdue_level: float
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place with its own clock."""

    name: str
    time_zone: str
    workspace: str
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device of the inventory. Its key is site, zone and address, never the address alone."""

    name: str
    site: str
    zone: str
    kind: str
    purdue_level: float
    criticality: Criticality
    addresses: tuple[tuple[datetime, str, str], ...]
    """From when, which address, in which subnet; more than one where it is leased or renumbered."""
    since: datetime
    until: datetime | None = None
    replaces: str = ""

    @property
    def address(self) -> str:
        """Return the first address."""
        return self.addresses[0][1]

    @property
    def subnet(self) -> str:
        """Return the first subnet."""
        return self.addresses[0][2]

    def is_there(self, at: datetime) -> bool:
        """Return whether the device is in the plant at this moment."""
        return self.since <= at and (self.until is None or at < self.until)

    def place_at(self, at: datetime) -> tuple[str, str]:
        """Return address and subnet at this moment."""
        if len(self.addresses) > 1:
            for start, address, subnet in reversed(self.addresses):
                if start <= at:
                    return address, subnet
        return self.addresses[0][1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One window of planned work, as the calendar has it."""

    id: str
    series: str
    """Shared by the occurrences of recurring work; empty for a one-off."""
    recurrence: str
    """An RFC 5545 rule in the site's time, empty for a one-off."""
    site: str
    kind: str
    title: str
    order: str
    vendor: str
    zones: tuple[str, ...]
    devices: tuple[str, ...]
    """Names; empty where the work is about whole zones."""
    starts_at: datetime
    ends_at: datetime
    entered_at: datetime
    """When somebody wrote it down; before that nobody could know."""
    ran_until: datetime
    """Truth: when the work was over. Later than `ends_at` where it overran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert: the fields a suppression rule may see, and where its two sides are."""

    id: str
    workspace: str
    site: str
    zone: str
    sensor: str
    alert_type: str
    user_defined_title: str
    engine: str
    category: str
    severity: int
    protocol: str
    port: int | None
    function: str
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    product_name: str
    source_device: str
    source_address: str
    destination_device: str
    destination_address: str
    any_device: tuple[str, ...]
    any_address: tuple[str, ...]
    at: datetime
    alerts_in_incident: int
    entities_in_incident: int
    # where the two sides stand
    source_kind: str
    source_zone: str
    source_subnet: str
    source_criticality: Criticality
    destination_kind: str
    destination_zone: str
    destination_subnet: str
    destination_criticality: Criticality

    def facts(self) -> dict[str, Any]:
        """Return the fields of the rules' own record by name, without those of the two sides."""
        return {name: getattr(self, name) for name in FACT_FIELDS}


FACT_FIELDS: Final = (
    *("workspace", "site", "zone", "sensor", "alert_type", "user_defined_title", "engine"),
    *("category", "severity", "protocol", "port", "function", "techniques", "tactics"),
    *("product_name", "source_device", "source_address", "destination_device"),
    *("destination_address", "any_device", "any_address", "at", "alerts_in_incident"),
    "entities_in_incident",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident with its alerts, and the truth, which only a measurement may read."""

    id: str
    at: datetime
    site: str
    alerts: tuple[Alert, ...]
    truth: str
    """The process, or the class of the attack if any of its alerts belongs to one."""
    alert_truths: tuple[str, ...]
    """The same for each alert; more than one name where Sentinel grouped what only met."""
    is_attack: bool
    guard_class: GuardClass
    right_verdict: Verdict
    right_cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be asked. Leads are asked last."""

    name: str
    site: str
    role: Literal["engineer", "lead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One engineer's answer about one incident."""

    incident_id: str
    verdict: Verdict
    cause: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How the SOC closed one incident, in Sentinel's words."""

    incident_id: str
    classification: Literal["BenignPositive", "TruePositive", "Undetermined"]
    reason: str
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Truth: one thing a site does, and the incidents that hold nothing but its alerts."""

    name: str
    site: str
    verdict: Verdict
    cause: str
    recurs: bool
    """False for the long tail, storms and one-off work: no rule should be made of them."""
    incident_ids: tuple[str, ...]
