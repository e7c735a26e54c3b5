"""A weekly scanner reaches other devices each time: its rule lists those of the inventory."""

import pytest

from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.engine.sides import Rung
from alerts.patterns.engine.width import reasons_for_width
from alerts.rules.guards.never import HIGH
from alerts.rules.guards.signing import reasons_against_draft
from tests.alerts.patterns.engine.plants import SCAN, cell, device
from tests.conftest import NOON

SCANNER = device("SCAN-01", kind="Scanner", zone="Operations")
DESKS = [device(f"WS-{n:02}", kind="Workstation", zone="Office") for n in range(40)]
OFFICE = DeviceGroup("Workstation", "Office")
SEEN = DESKS[:24]  # four each week
NAMES = {
    OFFICE: frozenset(desk.device for desk in DESKS),
    DeviceGroup("PLC", "Office"): frozenset({"PLC-1"}),
    DeviceGroup("Workstation", "Yard"): frozenset({"WS-99"}),
}


def weekly(targets=SEEN, *, title=SCAN, severity=HIGH, **more):
    """Four targets each Thursday night."""
    return [
        cell(SCANNER, target, title, days=[3 + n // 4 * 7], hour=22, severity=severity, **more)
        for n, target in enumerate(targets)
    ]


def mined(cells, names=NAMES):
    (pattern,) = form_patterns(cells, {OFFICE: len(DESKS)}, names)
    return pattern


@pytest.mark.parametrize("severity", [HIGH - 1, HIGH], ids=["soft", "strict"])
def test_a_weekly_scanner_is_given_its_targets_from_the_inventory(severity):
    first = weekly(SEEN[:18], severity=severity)
    assert mined(first, {}).obstacle == "one_off"
    pattern = mined(first)
    assert pattern.obstacle == ""
    assert pattern.destination.rung == Rung.LISTED
    assert pattern.destination.members == tuple(sorted(NAMES[OFFICE]))
    rule = rule_for(pattern, time_zone="Europe/Warsaw", now=NOON)
    assert (
        reasons_against_draft(rule, now=NOON, plant_zones=["Europe/Warsaw"], criticality={}) == []
    )
    (line,) = [clause for clause in rule.all_of if clause.field == "destination_device"]
    assert len(line.values) == 40


def test_what_the_inventory_adds_is_held_to_hours_zone_and_kind():
    pattern = mined(weekly())
    at = weekly()[0].occurrences[0]
    new, noon = cell(SCANNER, DESKS[-1], SCAN, severity=HIGH), at.slot - 10
    assert pattern.covers(new, at.slot, at.utc_slot, frozenset())
    assert not pattern.covers(new, noon, noon, frozenset())
    for other in (
        device("WS-99", kind="Workstation", zone="Yard"),
        DESKS[0]._replace(zone="Yard"),
        device("PLC-1", zone="Office"),
        device("WS-77", kind="Workstation", zone="Office"),  # installed after the list was frozen
    ):
        assert not pattern.covers_cell(cell(SCANNER, other, SCAN, severity=HIGH))


def test_safety_systems_and_crown_jewels_of_the_zone_are_left_out():
    jewel = DESKS[0]._replace(is_critical=True)
    cells = [*weekly(SEEN[1:]), *weekly([jewel])]
    names = {OFFICE: NAMES[OFFICE] - {jewel.device}}
    pattern = next(p for p in form_patterns(cells, {OFFICE: 40}, names) if not p.obstacle)
    assert jewel.device not in pattern.destination.members
    assert not pattern.covers_cell(cell(SCANNER, jewel, SCAN, severity=HIGH))


def test_a_target_that_somebody_called_suspicious_is_left_out_by_name():
    odd = cell(SCANNER, DESKS[30], SCAN, days=[3], hour=22, severity=HIGH, verdicts=["suspicious"])
    pattern = mined([*weekly(), odd])
    assert pattern.exceptions == (DESKS[30].device,)
    assert not pattern.covers_cell(odd)


def test_evidence_is_pooled_over_the_kind_and_the_types_of_the_scanner():
    cells = [*weekly(), *weekly(title="Address Scan Detected")]
    cells[0].verdicts[:] = weekly(SEEN[:1], verdicts=["routine"])[0].verdicts
    pattern = mined(cells)
    assert len(pattern.types) == 2
    assert pattern.evidence.is_enough


@pytest.mark.parametrize(
    "cells",
    [
        [cell(SCANNER, desk, SCAN, days=range(40), hour=22, severity=HIGH) for desk in DESKS[:8]],
        [
            cell(SCANNER, desk, SCAN, days=[3, 10, 17, 24, 31], hour=22, severity=HIGH)
            for desk in DESKS[:8]
        ],
        weekly(DESKS[:2] * 12),
    ],
    ids=["daily", "the same each week", "two of a kind"],
)
def test_a_list_that_does_not_roam_stays_as_it_was_seen(cells):
    pattern = mined(cells)
    assert not pattern.destination.is_from_inventory
    assert set(pattern.destination.members) < NAMES[OFFICE]


def test_why_it_is_so_wide_is_part_of_the_pattern():
    cells = weekly()
    (reason,) = [r for r in reasons_for_width(mined(cells), cells, {}) if r.part == "destination"]
    assert (reason.code, reason.detail) == ("inventory", {"seen": 24, "known": 40})
