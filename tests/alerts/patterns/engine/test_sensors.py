"""Devices that come and go, such as visitors' laptops, are pinned by the sensor of their place.
Whoever comes again is listed, what is aimed at somebody is no place, and another sensor sees none
of it.
"""

from dataclasses import replace

import pytest

from alerts.patterns.engine.cells import CellEnd, DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.engine.sides import Rung
from alerts.rules.fields import FieldValues
from alerts.rules.match import holds
from alerts.rules.rule import names_an_asset
from tests.alerts.patterns.engine.plants import cell, device
from tests.alerts.patterns.engine.test_mining import SOFT
from tests.conftest import NOON

LAPTOPS = [device(f"LAP-{n}", kind="Laptop", zone="Visitors") for n in range(8)]
INVENTORY = {DeviceGroup("Laptop", "Visitors"): 9}
NOBODY = CellEnd()


def asked(devices=LAPTOPS, *, to=NOBODY, days=lambda n: [n], sensor="SENSOR-GUEST", **more):
    """Each of these devices asks for an address, on days of its own."""
    return [
        cell(source, to, SOFT[0], days=days(n), sensor=sensor, **more)
        for n, source in enumerate(devices)
    ]


def only_pattern(cells, inventory=INVENTORY):
    (pattern,) = form_patterns(cells, inventory)
    return pattern


def test_visitors_that_come_once_are_named_by_kind_zone_and_sensor():
    pattern = only_pattern(asked())
    assert (pattern.source.rung, pattern.source.kinds) == (Rung.GROUP, ("Laptop",))
    assert (pattern.obstacle, pattern.sensors) == ("", ("SENSOR-GUEST",))
    rule = rule_for(pattern, time_zone="Europe/Warsaw", now=NOON)
    assert names_an_asset(rule)
    facts = FieldValues(
        workspace="North",
        site="Gdańsk",
        sensor="SENSOR-GUEST",
        alert_type=SOFT[0],
        source_device="LAP-99",
        source_kind="Laptop",
        source_zone="Visitors",
        severity=2,
        at=NOON.replace(hour=8, minute=30),
    )
    assert holds(rule, facts)
    assert not holds(rule, replace(facts, sensor="SENSOR-LINE-1"))
    assert not holds(rule, replace(facts, source_zone="Line 1"))
    assert not holds(rule, replace(facts, source_kind="PLC"))


def test_what_another_sensor_saw_lies_outside():
    pattern = only_pattern(asked())
    (elsewhere,) = asked(LAPTOPS[:1], sensor="SENSOR-LINE-1")
    assert not pattern.covers_cell(elsewhere)


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(asked(sensor=""), id="no sensor is named"),
        pytest.param(
            [
                c
                for n in range(8)
                for c in asked(LAPTOPS[n : n + 1], sensor=f"S-{n}", days=lambda _, n=n: [n])
            ],
            id="many sensors saw them",
        ),
        pytest.param(
            asked([device(f"NEW-{n}", kind="", zone="Visitors") for n in range(8)]),
            id="they are of no kind",
        ),
        pytest.param(
            asked([device(f"NEW-{n}", kind="Laptop", zone="") for n in range(8)]),
            id="they are in no zone",
        ),
    ],
)
def test_without_kind_zone_or_sensor_they_stay_with_people(cells):
    patterns = form_patterns(cells, INVENTORY)
    assert patterns
    assert all(pattern.obstacle and not pattern.sensors for pattern in patterns)


def test_whom_they_reach_is_never_open_for_a_sensor():
    servers = [device(f"SRV-{n}", kind="Server", zone="Servers") for n in range(8)]
    cells = [
        cell(source, target, SOFT[0], days=[n], sensor="SENSOR-GUEST")
        for n, (source, target) in enumerate(zip(LAPTOPS, servers, strict=True))
    ]
    patterns = form_patterns(cells, INVENTORY | {DeviceGroup("Server", "Servers"): 8})
    assert patterns
    assert all(pattern.obstacle and not pattern.sensors for pattern in patterns)


def test_devices_that_come_again_are_listed_by_name():
    pattern = only_pattern(asked(days=lambda n: [n, n + 7, n + 14]))
    assert (pattern.source.rung, pattern.sensors) == (Rung.LISTED, ())


def test_a_suspicious_visitor_is_left_out_by_name():
    cells = [
        *asked(),
        *asked([device("LAP-77", kind="Laptop", zone="Visitors")], verdicts=("suspicious",)),
    ]
    pattern = only_pattern(cells)
    assert pattern.except_sources == ("LAP-77",)
    assert not pattern.covers_cell(cells[-1])


def test_one_verdict_speaks_for_its_kind_in_the_zone_and_for_no_other():
    phones = [device(f"PHONE-{n}", kind="Phone", zone="Visitors") for n in range(8)]
    judged = [
        *asked(LAPTOPS[:1], verdicts=("routine",)),
        *asked(LAPTOPS[1:], days=lambda n: [n + 1]),
    ]
    inventory = INVENTORY | {DeviceGroup("Phone", "Visitors"): 9}
    patterns = form_patterns([*judged, *asked(phones)], inventory)
    enough = {pattern.source.kinds: pattern.evidence.is_enough for pattern in patterns}
    assert enough == {("Laptop",): True, ("Phone",): False, ("Laptop", "Phone"): False}
