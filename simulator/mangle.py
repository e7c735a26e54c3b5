"""Incidents as no healthy service would send them: what a reader must survive."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from simulator.words import TICKS_PER_SECOND, iso, parse_time

Json = dict[str, Any]
HUGE = 10**4_300 - 1  # the largest number of digits that Python itself still prints


def mangled(resource: Json, how: str) -> bytes:
    """The bytes of an incident after one kind of damage; raises KeyError for unknown kinds."""
    return WAYS[how](resource)


def _dumped(resource: Json) -> bytes:
    return json.dumps(resource).encode()


def _with(resource: Json, **changed: Any) -> bytes:
    return _dumped({**resource, "properties": {**resource["properties"], **changed}})


def _without(resource: Json, *members: str) -> Json:
    kept = {key: value for key, value in resource["properties"].items() if key not in members}
    return {**resource, "properties": kept}


def _spliced(resource: Json, member: str, literal: str) -> bytes:
    mark = "@@here@@"
    return _with(resource, **{member: mark}).replace(f'"{mark}"'.encode(), literal.encode())


def _renamed(resource: Json) -> bytes:
    told = dict(resource["properties"])
    told["incidentTitle"] = told.pop("title", None)
    told["incident_status"] = told.pop("status", None)
    return _dumped({**resource, "properties": told})


def _duplicate_keys(resource: Json) -> bytes:
    return _dumped(resource).replace(b'"properties": {', b'"properties": {"title": "first",', 1)


_DATES = {
    "date_year_one": "0001-01-01T00:00:00Z",
    "date_no_such_day": "2026-02-30T10:00:00Z",
    "date_far_future": "12026-01-01T00:00:00Z",
    "date_no_fraction": "2026-11-01T10:00:00Z",
    "date_no_zone": "2026-11-01T10:00:00.1234567",
    "date_text": "yesterday",
    "date_empty": "",
}


_TIMES = ("createdTimeUtc", "lastModifiedTimeUtc", "firstActivityTimeUtc")


def _dated(text: str) -> Callable[[Json], bytes]:
    def damage(resource: Json) -> bytes:
        return _with(resource, **dict.fromkeys(_TIMES, text))

    return damage


def _in_three_days(resource: Json) -> bytes:
    created = parse_time(str(resource["properties"]["createdTimeUtc"]))
    return _dated(iso(created + 3 * 86_400 * TICKS_PER_SECOND))(resource)


WAYS: dict[str, Callable[[Json], bytes]] = {
    "no_name": lambda one: _dumped({key: one[key] for key in one if key not in {"name", "id"}}),
    "properties_list": lambda one: _dumped({**one, "properties": ["not", "an", "object"]}),
    "properties_null": lambda one: _dumped({**one, "properties": None}),
    "no_object": lambda _: b'"an incident that is only text"',
    "null_members": lambda one: _with(
        one, title=None, owner=None, labels=None, additionalData=None
    ),
    "missing_members": lambda one: _dumped(
        _without(one, "title", "severity", "status", "additionalData", "incidentNumber")
    ),
    "renamed_members": _renamed,
    "wrong_types": lambda one: _with(
        one,
        title=17,
        labels="none",
        owner=[],
        incidentNumber="x",
        additionalData="text",
        severity={"is": "High"},
    ),
    "odd_status": lambda one: _with(one, status="Pondering"),
    "odd_severity": lambda one: _with(one, severity="Apocalyptic"),
    "odd_classification": lambda one: _with(
        one, status="Closed", classification="Perhaps", classificationReason="Mood"
    ),
    "nul": lambda one: _with(one, title="before\x00after"),
    "lone_surrogate": lambda one: _spliced(one, "title", '"half \\ud83d a smile"'),
    "nan": lambda one: _spliced(one, "incidentNumber", "NaN"),
    "huge_int": lambda one: _spliced(one, "incidentNumber", str(HUGE) + "9" * 700),
    "deep": lambda one: _spliced(one, "additionalData", "[" * 100_000 + "]" * 100_000),
    "duplicate_keys": _duplicate_keys,
    "date_in_three_days": _in_three_days,
    **{name: _dated(text) for name, text in _DATES.items()},
}
