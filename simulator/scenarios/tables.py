"""Reads the tables of a shape (`data/<shape>/*.toml`) into rows with names and defaults. Tables,
seed and begin are the setting that every part of a scenario is built from.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from simulator.plant.catalogue import AlertType, alert_types
from simulator.scenarios.chance import dice
from simulator.scenarios.records import Verdict

_DATA = Path(__file__).parent / "data"
DAYS: Final = 120
SPLIT_DAY: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A site that a scenario may have; `net` is the second byte of its addresses."""

    name: str
    code: str
    time_zone: str
    net: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow:
    """A zone that every site of the shape has, with its devices: `stem | count | kind | class`.

    A row that is to `repeat` means as many zones, with their number where it states `{n}`.
    """

    key: str
    name: str
    level: float
    subnet: str
    devices: list[str]
    dhcp: bool = False
    repeat: int = 0

    def zones(self) -> Iterator["ZoneRow"]:
        """Yield the row itself, or its repetitions."""
        if not self.repeat:
            yield self
        for number in (f"{place:02d}" for place in range(1, self.repeat + 1)):
            yield replace(
                self,
                key=self.key + number,
                name=self.name.replace("{n}", number),
                subnet=self.subnet.replace("{n}", number),
                devices=[line.replace("{n}", number) for line in self.devices],
                repeat=0,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """A change of the inventory: replaced, joins or renumbered, on one day of a range."""

    change: str
    day: list[float]
    selector: str = ""
    zone: str = ""
    stem: str = ""
    count: list[float] = field(default_factory=lambda: [1, 1])
    subnet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow:
    """A network outside and how many of its addresses a site meets."""

    cidr: list[str]
    addresses: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """One kind of alerts of a process; the fields that matter depend on `mode`.

    flow: `rate` incidents a week by `rhythm`. job: `hits` incidents a run, on `days` at `start`.
    work: `hits` incidents in each planned work of kind `during`. scatter: `pairs`, each met `hits`
    times in all. storm: `storms` single days on which one source makes `hits` incidents.
    """

    types: list[str]
    source: str = ""
    destination: str = ""
    mode: str = "flow"
    rate: list[float] = field(default_factory=lambda: [0, 0])
    rhythm: str = "always"
    hits: list[float] = field(default_factory=lambda: [1, 1])
    pairs: list[float] = field(default_factory=lambda: [0, 0])
    storms: list[float] = field(default_factory=lambda: [0, 0])
    days: list[str] = field(default_factory=list)
    start: str = "00:00"
    clock: str = "plant"
    spread: int = 45
    moved_to: str = ""
    during: str = ""
    port: int | None = None
    protocol: str = ""
    title: str = ""
    product: str = ""
    fan: int = 0
    same_zone: bool = False
    together: float = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """One thing that a plant does."""

    name: str
    cause: str
    stream: list[StreamRow]
    verdict: Verdict = "routine"
    chance: float = 1.0
    recurs: bool = True
    begins: list[float] = field(default_factory=lambda: [0, 0])
    ends: list[float] = field(default_factory=lambda: [999, 999])
    moves: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """Planned work: recurring (`days`, `every` so many weeks) or one-off (`count` in 120 days)."""

    kind: str
    title: str
    start: str
    hours: list[float]
    zones: str = ""
    devices: str = ""
    days: list[str] = field(default_factory=list)
    every: int = 1
    count: list[float] = field(default_factory=lambda: [0, 0])
    vendor: str = ""
    overruns: float = 0.15
    unlisted: float = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step of an attack: the stream it imitates, and in what it differs."""

    like: str = ""
    types: list[str] = field(default_factory=list)
    source: str = ""
    destination: str = ""
    rhythm: str = ""
    port: int | None = None
    incidents: list[float] = field(default_factory=lambda: [1, 2])
    company: bool = False
    product: str = ""
    outside_work: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRow:
    """One class of attack; its steps follow each other over a few days."""

    name: str
    step: list[StepRow]
    future_only: bool = False
    lasts: list[float] = field(default_factory=lambda: [1, 6])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Everything that is written down about one shape."""

    shape: str
    site_counts: list[int]
    incidents_per_week: list[float]
    shrink: dict[str, float]
    sites: list[SiteRow]
    zones: list[ZoneRow]
    drift: list[DriftRow]
    networks: dict[str, NetworkRow]
    processes: list[ProcessRow]
    works: list[WorkRow]
    attacks: list[AttackRow]
    levels: dict[str, float]
    people: list[str]


@cache
def tables_of(shape: str) -> Tables:
    """Return the tables of one shape."""
    fleet, common = _read(shape, "fleet"), _read("", "common")
    return Tables(
        shape=shape,
        site_counts=fleet["site_counts"],
        incidents_per_week=fleet["incidents_per_week"],
        shrink=fleet.get("shrink", {}),
        sites=[SiteRow(**row) for row in fleet["site"]],
        zones=[zone for row in fleet["zone"] for zone in ZoneRow(**row).zones()],
        drift=[DriftRow(**row) for row in fleet["drift"]],
        networks={
            name: NetworkRow(**row) for name, row in (common["network"] | fleet["network"]).items()
        },
        processes=[
            ProcessRow(**{**row, "stream": [StreamRow(**stream) for stream in row["stream"]]})
            for row in (_read(shape, "processes")["process"] + common["process"])
        ],
        works=[WorkRow(**row) for row in _read(shape, "works")["work"]],
        attacks=[
            AttackRow(**{**row, "step": [StepRow(**step) for step in row["step"]]})
            for row in _read(shape, "attacks")["attack"]
        ],
        levels=common["levels"],
        people=common["people"],
    )


@cache
def alert_type(title: str) -> AlertType:
    """Return an alert type by title: of the sensors' catalogue, or one of the extra titles."""
    if known_type := alert_types().get(title):
        return known_type
    row = _read("", "common")["title"][title]
    return AlertType(
        **row,
        title=title,
        techniques=(),
        tactics=(),
        protocol=None,
        guard="scoped",
        text="",
        rule=None,
    )


@cache
def protocol_of(port: int | None) -> str:
    """Return the protocol of a well-known port, empty for others."""
    return str(_read("", "common")["protocols"].get(str(port), ""))


@cache
def _read(shape: str, name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / shape / f"{name}.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Setting:
    """The tables of a shape, the seed, and the Monday on which the scenario begins."""

    tables: Tables
    seed: int
    starts_at: datetime

    @property
    def names(self) -> tuple[str, int]:
        """Return shape and seed, which all dice begin with."""
        return self.tables.shape, self.seed

    @property
    def ends_at(self) -> datetime:
        """Return when the scenario is over."""
        return self.starts_at + timedelta(days=DAYS)

    def dice(self, *names: object) -> Random:
        """Return dice of this scenario for one purpose."""
        return dice(*self.names, *names)

    def day(self, number: int) -> date:
        """Return the date of a day of the scenario, the first being 0."""
        return self.starts_at.date() + timedelta(days=number)
