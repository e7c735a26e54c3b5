"""What stays apart although it begins at the same place: other hours, a single time, a doubt."""

import pytest

from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.separation import stretch_of_day
from tests.alerts.patterns.engine.plants import cell, device
from tests.alerts.patterns.engine.test_mining import (
    GATEWAYS,
    HISTORIAN,
    INVENTORY,
    NEVER,
    SOFT,
    one_pattern,
)

USUAL = [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS]


@pytest.mark.parametrize(
    ("days", "verdicts", "joins"),
    [
        ([4], [], False),
        ([4], ["not-sure"], False),
        ([4], ["routine"], True),
        ([4, 9], [], True),
    ],
    ids=["once", "once, not sure", "once, judged", "on two days"],
)
def test_a_type_seen_once_joins_no_pattern_without_a_harmless_verdict(days, verdicts, joins):
    rare = cell(HISTORIAN, GATEWAYS[0], SOFT[1], days=days, verdicts=verdicts)
    pattern = one_pattern([*USUAL, rare])
    assert ((SOFT[1], "") in pattern.types) == joins


@pytest.mark.parametrize(("day", "joins"), [(4, False), (5, True)])
@pytest.mark.parametrize("title", [SOFT[2], NEVER])
def test_a_rare_type_beside_a_doubted_sibling_of_its_source_and_day_joins_none(title, day, joins):
    rare = cell(HISTORIAN, GATEWAYS[0], SOFT[1], days=[4, 11], verdicts=["routine"])
    doubted = cell(HISTORIAN, device("PLC-9"), title, days=[day], verdicts=["suspicious"])
    pattern = one_pattern([*USUAL, rare, doubted])
    assert ((SOFT[1], "") in pattern.types) == joins


@pytest.mark.parametrize(("hour", "joins"), [(14, True), (2, False)])
def test_sources_of_different_kinds_with_disjoint_hours_stay_apart(hour, joins):
    server = device("SRV-1", kind="Server", zone="Office")
    laptop = device("LAP-1", kind="Laptop", zone="Office")
    by_day = cell(laptop, GATEWAYS[0], SOFT[0], days=[0, 2, 4, 8], hour=13)
    other = cell(server, GATEWAYS[0], SOFT[0], days=[1, 3, 9, 11], hour=hour)
    patterns = form_patterns([by_day, other], INVENTORY)
    assert {p.covers_cell(by_day) and p.covers_cell(other) for p in patterns} == (
        {True} if joins else set()
    )


@pytest.mark.parametrize(
    ("hours", "stretch"),
    [({2}, {1, 2, 3}), ({23, 1}, {22, 23, 0, 1, 2}), (set(range(24)), set(range(24)))],
)
def test_a_stretch_of_the_day_is_the_shortest_one(hours, stretch):
    assert stretch_of_day(hours) == stretch
