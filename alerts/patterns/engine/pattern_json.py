"""A pattern as plain data, and back: what it says, without its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from alerts.patterns.engine.evidence import Evidence
from alerts.patterns.engine.hours import Hours
from alerts.patterns.engine.pattern import Pattern
from alerts.patterns.engine.sides import Rung, Side
from alerts.suppression.engine.facts import SEVERITIES

VERSION: Final = 1
_SIDE_LISTS: Final = ("members", "kinds", "zones", "networks")
_LISTS: Final = ("protocols", "functions", "exceptions", "except_sources")


class PatternFormatError(ValueError):
    """The data does not spell a pattern."""


def pattern_as_json(pattern: Pattern) -> dict[str, Any]:
    """Return what a pattern says as plain data; `pattern_from_json` reads it back."""
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
    }


def pattern_from_json(data: Any) -> Pattern:
    """Return the pattern that the data spells, without figures. Raises PatternFormatError."""
    if not isinstance(data, Mapping) or data.get("version") != VERSION:
        raise PatternFormatError(f"A pattern must be an object of version {VERSION}.")
    types = data.get("types")
    if not isinstance(types, Sequence) or not types:
        raise PatternFormatError("A pattern must name an alert type.")
    severity = _number(data, "severity", highest=len(SEVERITIES) - 1)
    protocols, functions, exceptions, except_sources = (_texts(data, name) for name in _LISTS)
    return Pattern(
        site=_text(data, "site"),
        types=tuple((_text(each, "title"), _text(each, "own_title")) for each in types),
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
        evidence=Evidence(),
    )


def _side_as_json(side: Side) -> dict[str, Any]:
    return {
        "rung": side.rung.value,
        "by_address": side.by_address,
        "known": side.known,
        **{name: list(getattr(side, name)) for name in _SIDE_LISTS},
    }


def _side_from_json(data: Any) -> Side:
    if not isinstance(data, Mapping) or data.get("rung") not in set(Rung):
        raise PatternFormatError("A side of a pattern must name its rung.")
    members, kinds, zones, networks = (_texts(data, name) for name in _SIDE_LISTS)
    return Side(
        Rung(data["rung"]),
        members,
        by_address=_flag(data, "by_address"),
        kinds=kinds,
        zones=zones,
        networks=networks,
        known=_number(data, "known"),
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
