"""The facts of one alert, counted: the smallest thing that mining looks at (suppression §3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, NamedTuple

OUTSIDE: Final = "outside"  # the kind of everything beyond the plant
HOURS_OF_WEEK: Final = 168  # Monday 00 first
HARMLESS: Final = frozenset({"routine", "maintenance"})
SUSPICIOUS: Final = "suspicious"


# Ends, groups and occurrences are tuples: mining puts them into sets and counters by the million,
# and only a tuple is hashed and compared without a step of Python.
class CellEnd(NamedTuple):
    """One end of an alert: a device of the inventory, or a bare address. Empty where unnamed."""

    device: str = ""
    address: str = ""
    kind: str = ""
    zone: str = ""
    is_outside: bool = False
    is_critical: bool = False  # OT's own tag: safety system or crown jewel

    @property
    def name(self) -> str:
        """The device's name, else the address."""
        return self.device or self.address

    @property
    def group(self) -> DeviceGroup:
        """The devices of its kind in its zone."""
        return _group(OUTSIDE, "") if self.is_outside else _group(self.kind, self.zone)

    @property
    def group_or_self(self) -> DeviceGroup | CellEnd:
        """Its group; itself where it has neither kind nor zone: nothing joins it to others."""
        return self.group if self.kind or self.zone or not self.name else self


class DeviceGroup(NamedTuple):
    """Devices of one kind in one zone."""

    kind: str
    zone: str

    @property
    def is_outside(self) -> bool:
        """Whether it represents everything beyond the plant."""
        return self.kind == OUTSIDE

    @property
    def is_named(self) -> bool:
        """Whether a rule can name it."""
        return bool(self.kind and self.zone) and not self.is_outside


@lru_cache(maxsize=65536)
def _group(kind: str, zone: str) -> DeviceGroup:
    return DeviceGroup(kind, zone)


@dataclass(frozen=True, slots=True)
class CellKey:
    """What the alerts of a cell have in common. Without direction, source and destination are the
    two devices that the alert names: see `put_busier_end_first`.
    """

    site: str
    alert_type: str
    own_title: str
    source: CellEnd
    destination: CellEnd
    protocol: str = ""
    function: str = ""
    is_directed: bool = True
    sensor: str = ""  # which saw it


class CellHour(NamedTuple):
    """Alerts of one cell in one hour. `slot` and `utc_slot` are hours of the week, in plant time
    and in UTC; `works` are the kinds of planned work that covered it.
    """

    day: int  # ordinal, plant time
    slot: int
    utc_slot: int
    alerts: int = 1
    works: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CellVerdict:
    """One verdict about alerts of a cell: one trial, however many alerts it covers."""

    uuid: str
    verdict: str
    cause: str = ""
    by: str = ""
    slot: int = 0
    utc_slot: int = 0
    works: frozenset[str] = frozenset()


@dataclass(slots=True)
class AlertCell:
    """The alerts of one key in a period, and people's verdicts on them."""

    key: CellKey
    severity: int = 0  # the highest that was seen, a place in `facts.SEVERITIES`
    occurrences: list[CellHour] = field(default_factory=list)
    verdicts: list[CellVerdict] = field(default_factory=list)
    closings: int = 0  # incidents that the SOC closed as benign with a reason: half-evidence
    true_positives: int = 0
    # Counted once for as many occurrences: mining asks for it again and again.
    _occurrences_counted: int = field(default=-1, init=False, repr=False, compare=False)
    _alerts: int = field(default=0, init=False, repr=False, compare=False)

    @property
    def alerts(self) -> int:
        """How many alerts it holds."""
        if self._occurrences_counted != len(self.occurrences):
            self._occurrences_counted = len(self.occurrences)
            self._alerts = sum([occurrence.alerts for occurrence in self.occurrences])
        return self._alerts

    @property
    def days(self) -> set[int]:
        """The days on which it was seen."""
        return {occurrence.day for occurrence in self.occurrences}

    @property
    def is_suspect(self) -> bool:
        """Whether somebody called it suspicious and nobody has corrected that."""
        return self.true_positives > 0 or any(v.verdict == SUSPICIOUS for v in self.verdicts)


def put_busier_end_first(cells: Iterable[AlertCell]) -> None:
    """Turn cells without direction so that the device which most alerts of the type name comes
    first: one master and its outstations are one process, and another pair of devices is not.
    """
    undirected = [
        cell
        for cell in cells
        if not cell.key.is_directed and cell.key.source.name and cell.key.destination.name
    ]
    weights: Counter[tuple[str, str, str, CellEnd]] = Counter()
    for cell in undirected:
        key = cell.key
        for end in (key.source, key.destination):
            weights[key.site, key.alert_type, key.own_title, end] += cell.alerts
    for cell in undirected:
        key = cell.key
        first, second = sorted(
            (key.source, key.destination),
            key=lambda end: (-weights[key.site, key.alert_type, key.own_title, end], end),
        )
        cell.key = replace(key, source=first, destination=second)


def count_alerts(cells: list[AlertCell]) -> int:
    """Return how many alerts these cells hold."""
    return sum(cell.alerts for cell in cells)


def count_days(cells: list[AlertCell]) -> int:
    """Return on how many days any of these cells was seen."""
    return len({occurrence.day for cell in cells for occurrence in cell.occurrences})


def are_on_days(cells: list[AlertCell], least: int) -> bool:
    """Return whether these cells were seen on at least so many days; stops once they were."""
    days: set[int] = set()
    for cell in cells:
        days.update([occurrence.day for occurrence in cell.occurrences])
        if len(days) >= least:
            return True
    return False


def weigh_types(cells: list[AlertCell]) -> Counter[tuple[str, str]]:
    """Return how many alerts each type (with its own title) has among these cells."""
    weights: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        weights[cell.key.alert_type, cell.key.own_title] += cell.alerts
    return weights
