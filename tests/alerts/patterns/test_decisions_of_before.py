"""Exact pairs that people decided about before are patterns now, and mean the same."""

from importlib import import_module
from types import SimpleNamespace

import pytest

from alerts.patterns.engine.hours import Hours
from alerts.patterns.engine.pattern import pattern_from_json

migration = import_module("alerts.patterns.migrations.0004_keep_what_people_decided")
PAIR = {
    "alert_type": "Modbus Exception",
    "own_title": "",
    "source_device": "HIST-01",
    "source_address": "",
    "destination_device": "GW-1",
    "destination_address": "",
    "devices": [],
    "addresses": [],
    "severity": 3,
    "window_days": [],
    "window_start": None,
    "window_end": None,
    "site": SimpleNamespace(name="Gdańsk"),
}


def converted(**changes):
    return pattern_from_json(migration._pattern(SimpleNamespace(**PAIR | changes)))


def test_a_pair_names_its_two_devices():
    pattern = converted()
    assert (pattern.source.members, pattern.destination.members) == (("HIST-01",), ("GW-1",))
    assert (pattern.site, pattern.types) == ("Gdańsk", (("Modbus Exception", ""),))
    assert pattern.is_directed and pattern.hours is None and not pattern.is_strict


def test_usual_hours_are_kept():
    pattern = converted(window_days=[0, 1], window_start=6, window_end=8, severity=4)
    assert pattern.hours == Hours((0, 1), 6, 2)
    assert pattern.is_strict


@pytest.mark.parametrize(
    ("changes", "source", "destination", "is_directed"),
    [
        ({"source_device": "", "source_address": "10.0.0.1"}, ("10.0.0.1",), ("GW-1",), True),
        ({"source_device": ""}, ("GW-1",), (), False),
        (
            {"source_device": "", "destination_device": "", "devices": ["A-1", "B-2"]},
            ("A-1",),
            ("B-2",),
            False,
        ),
        (
            {"source_device": "", "destination_device": "", "addresses": ["10.0.0.9"]},
            ("10.0.0.9",),
            (),
            False,
        ),
    ],
)
def test_ends_without_name_or_direction(changes, source, destination, is_directed):
    pattern = converted(**changes)
    assert (pattern.source.members, pattern.destination.members) == (source, destination)
    assert pattern.is_directed is is_directed
    assert pattern.source.by_address == source[0].startswith("10.")


def test_what_had_no_site_stays_without_one():
    assert converted(site=None).site == ""
