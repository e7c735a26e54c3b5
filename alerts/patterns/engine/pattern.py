"""A pattern: what one process of the plant looks like in alerts, how narrow it must stay, and what
it says as plain data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.patterns.engine.cells import AlertCell, CellEnd
from alerts.patterns.engine.evidence import VerdictEvidence
from alerts.patterns.engine.hours import Hours
from alerts.patterns.engine.sides import PatternSide, Rung
from alerts.rules.fields import SEVERITIES
from alerts.rules.guards.never import HIGH

type TypeName = tuple[str, str]  # alert type, the sensor's own title
VERSION: Final = 1
_SIDE_LISTS: Final = ("members", "kinds", "zones", "networks")
_LISTS: Final = ("protocols", "functions", "exceptions", "except_sources")


class Strictness(IntEnum):
    """How narrow a pattern must be (S1)."""

    SOFT = 0
    STRICT = 1  # ends by name, inside hours
    NEVER = 2  # no rule at all


def strictness_of(cell: AlertCell) -> Strictness:
    """Return how narrow a pattern with this cell must be, by its type's guard and severity (S1)."""
    of_type = _strictness_of_type(cell.key.alert_type)
    return max(of_type, Strictness.STRICT) if cell.severity >= HIGH else of_type


@lru_cache(maxsize=4096)
def _strictness_of_type(title: str) -> Strictness:
    alert_type = alert_type_for(title)
    guard = alert_type.guard if alert_type else ""
    if guard == "never":
        return Strictness.NEVER
    return Strictness.STRICT if guard == "timeboxed" else Strictness.SOFT


@dataclass(frozen=True, slots=True)
class MinedPattern:
    """A process of the plant, as far as alerts show it: who does what to whom, and when."""

    site: str
    types: tuple[TypeName, ...]  # the most frequent first
    source: PatternSide
    destination: PatternSide
    is_directed: bool
    is_strict: bool
    protocols: tuple[str, ...]  # empty: not every alert names one
    functions: tuple[str, ...]
    hours: Hours | None
    planned_work: str  # kind of planned work within which it happens; empty: any time
    exceptions: tuple[str, ...]  # destination, or else source, names that are left out
    except_sources: tuple[str, ...]
    severity: int
    alerts: int
    days: int
    cells: tuple[int, ...]  # indices of the cells it covers
    evidence: VerdictEvidence
    obstacle: str = ""  # why no rule can come of it as it stands: a code of `words`
    # Those that saw it, where its devices come and go and only their place can be named; else none.
    sensors: tuple[str, ...] = ()

    def covers(self, cell: AlertCell, slot: int, utc_slot: int, works: frozenset[str]) -> bool:
        """Whether it covers alerts of this cell at this hour of the week."""
        return self.covers_cell(cell) and self.covers_time(slot, utc_slot, works)

    @property
    def is_any_time(self) -> bool:
        """Whether it covers its cells whenever they come."""
        return self.hours is None and not self.planned_work

    def count_inside(self, cell: AlertCell) -> int:
        """Return how many alerts of a cell came at its time."""
        if self.is_any_time:
            return cell.alerts
        return sum(
            [o.alerts for o in cell.occurrences if self.covers_time(o.slot, o.utc_slot, o.works)]
        )

    def covers_time(self, slot: int, utc_slot: int, works: frozenset[str]) -> bool:
        """Whether an hour of the week, or planned work in force then, lies inside."""
        if self.planned_work:
            return self.planned_work in works
        return self.hours is None or self.hours.contains(slot, utc_slot)

    def covers_cell(self, cell: AlertCell) -> bool:
        """Whether it covers alerts of this cell, whenever they come."""
        key = cell.key
        return (
            key.site == self.site
            and not (key.source.is_critical or key.destination.is_critical)
            and (key.alert_type, key.own_title) in self.types
            and key.is_directed == self.is_directed
            and cell.severity <= self.severity
            and (not self.protocols or key.protocol in self.protocols)
            and (not self.functions or key.function in self.functions)
            and (not self.sensors or key.sensor in self.sensors)
            and self._covers_ends(key.source, key.destination)
        )

    def _covers_ends(self, source: CellEnd, destination: CellEnd) -> bool:
        """Whether the ends lie inside; of two ends without direction, either way round."""
        if not self.is_directed:
            left_out = (*self.exceptions, *self.except_sources)
            if _is_named(source, left_out) or _is_named(destination, left_out):
                return False
            if self.source.covers(destination) and self.destination.covers(source):
                return True
        return (
            not _is_named(destination, self.exceptions)
            and not _is_named(source, self.except_sources)
            and self.source.covers(source)
            and self.destination.covers(destination)
        )


def _is_named(end: CellEnd, names: tuple[str, ...]) -> bool:
    """Whether an end is among these names of devices and addresses."""
    return bool(names) and (end.device in names or end.address in names)


class PatternFormatError(ValueError):
    """The data does not spell a pattern."""


def pattern_as_json(pattern: MinedPattern) -> dict[str, Any]:
    """Return a pattern as plain data; `pattern_from_json` reads it back."""
    hours = pattern.hours
    return {
        "version": VERSION,
        "site": pattern.site,
        "types": [{"title": title, "own_title": own} for title, own in pattern.types],
        "source": _side_as_json(pattern.source),
        "destination": _side_as_json(pattern.destination),
        "is_directed": pattern.is_directed,
        "is_strict": pattern.is_strict,
        "protocols": list(pattern.protocols),
        "functions": list(pattern.functions),
        "hours": hours
        and {
            "weekdays": list(hours.weekdays),
            "start": hours.start,
            "length": hours.length,
            "is_utc": hours.is_utc,
        },
        "planned_work": pattern.planned_work,
        "exceptions": list(pattern.exceptions),
        "except_sources": list(pattern.except_sources),
        "severity": pattern.severity,
        "sensors": list(pattern.sensors),
    }


def pattern_from_json(data: Any) -> MinedPattern:
    """Return the pattern that the data spells, without figures. Raises PatternFormatError."""
    if not isinstance(data, Mapping) or data.get("version") != VERSION:
        raise PatternFormatError(f"A pattern must be an object of version {VERSION}.")
    types = data.get("types")
    if not isinstance(types, Sequence) or not types:
        raise PatternFormatError("A pattern must name an alert type.")
    severity = _number(data, "severity", highest=len(SEVERITIES) - 1)
    protocols, functions, exceptions, except_sources = (_texts(data, name) for name in _LISTS)
    return MinedPattern(
        site=_text(data, "site"),
        types=tuple(
            (_text(alert_type, "title"), _text(alert_type, "own_title")) for alert_type in types
        ),
        source=_side_from_json(data.get("source")),
        destination=_side_from_json(data.get("destination")),
        is_directed=_flag(data, "is_directed"),
        is_strict=_flag(data, "is_strict"),
        protocols=protocols,
        functions=functions,
        hours=_hours_from_json(data.get("hours")),
        planned_work=_text(data, "planned_work"),
        exceptions=exceptions,
        except_sources=except_sources,
        severity=severity,
        alerts=0,
        days=0,
        cells=(),
        evidence=VerdictEvidence(),
        sensors=_texts(data, "sensors") if "sensors" in data else (),
    )


def _side_as_json(side: PatternSide) -> dict[str, Any]:
    return {
        "rung": side.rung.value,
        "by_address": side.by_address,
        "known": side.known_count,
        **{name: list(getattr(side, name)) for name in _SIDE_LISTS},
    }


def _side_from_json(data: Any) -> PatternSide:
    if not isinstance(data, Mapping) or data.get("rung") not in set(Rung):
        raise PatternFormatError("A side of a pattern must name its rung.")
    members, kinds, zones, networks = (_texts(data, name) for name in _SIDE_LISTS)
    return PatternSide(
        Rung(data["rung"]),
        members,
        by_address=_flag(data, "by_address"),
        kinds=kinds,
        zones=zones,
        networks=networks,
        known_count=_number(data, "known"),
    )


def _hours_from_json(data: Any) -> Hours | None:
    if data is None:
        return None
    weekdays = data.get("weekdays") if isinstance(data, Mapping) else None
    if not isinstance(weekdays, list) or not set(weekdays) <= set(range(7)) or not weekdays:
        raise PatternFormatError("Hours must name weekdays, Monday is 0.")
    return Hours(
        tuple(weekdays),
        _number(data, "start", highest=23),
        _number(data, "length", highest=24),
        _flag(data, "is_utc"),
    )


def _text(data: Any, name: str) -> str:
    value = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(value, str):
        raise PatternFormatError(f"{name} must be a text.")
    return value


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = data.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise PatternFormatError(f"{name} must be a list of texts.")
    return tuple(values)


def _flag(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name)
    if not isinstance(value, bool):
        raise PatternFormatError(f"{name} must be true or false.")
    return value


def _number(data: Mapping[str, Any], name: str, *, highest: int | None = None) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PatternFormatError(f"{name} must be a number from 0 on.")
    if highest is not None and value > highest:
        raise PatternFormatError(f"{name} must be at most {highest}.")
    return value
