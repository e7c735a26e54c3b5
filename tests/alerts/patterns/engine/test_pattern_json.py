"""A pattern is stored as plain data and read back as it was."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.patterns.engine.evidence import VerdictEvidence
from alerts.patterns.engine.hours import Hours
from alerts.patterns.engine.pattern import (
    MinedPattern,
    PatternFormatError,
    pattern_as_json,
    pattern_from_json,
)
from alerts.patterns.engine.sides import PatternSide, Rung

NAMES = st.lists(st.text(max_size=6), max_size=3).map(tuple)
SIDES = st.builds(
    PatternSide,
    st.sampled_from(Rung),
    NAMES,
    by_address=st.booleans(),
    kinds=NAMES,
    zones=NAMES,
    networks=NAMES,
    known_count=st.integers(0, 99),
)
HOURS = st.builds(
    Hours,
    st.lists(st.integers(0, 6), min_size=1, unique=True).map(tuple),
    st.integers(0, 23),
    st.integers(1, 24),
    st.booleans(),
)
PATTERNS = st.builds(
    MinedPattern,
    site=st.text(max_size=6),
    types=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), min_size=1).map(tuple),
    source=SIDES,
    destination=SIDES,
    is_directed=st.booleans(),
    is_strict=st.booleans(),
    protocols=NAMES,
    functions=NAMES,
    hours=st.none() | HOURS,
    planned_work=st.text(max_size=6),
    exceptions=NAMES,
    except_sources=NAMES,
    severity=st.integers(0, 4),
    alerts=st.just(0),
    days=st.just(0),
    cells=st.just(()),
    evidence=st.just(VerdictEvidence()),
    obstacle=st.just(""),
    sensors=NAMES,
)
PATTERN = MinedPattern(
    site="Gdańsk",
    types=(("Modbus Exception", ""),),
    source=PatternSide(Rung.LISTED, ("HIST-01",)),
    destination=PatternSide(
        Rung.GROUP, ("GW-1",), kinds=("Gateway",), zones=("Water",), known_count=3
    ),
    is_directed=True,
    is_strict=False,
    protocols=(),
    functions=(),
    hours=Hours((0,), 3, 4),
    planned_work="",
    exceptions=(),
    except_sources=(),
    severity=3,
    alerts=9,
    days=3,
    cells=(1,),
    evidence=VerdictEvidence(routine=1),
)


@given(PATTERNS)
def test_what_was_written_is_read_back(pattern):
    assert pattern_from_json(pattern_as_json(pattern)) == pattern


def test_figures_are_no_part_of_it():
    again = pattern_from_json(pattern_as_json(PATTERN))
    assert (again.alerts, again.cells, again.evidence) == (0, (), VerdictEvidence())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("types",), []),
        (("types", 0, "title"), None),
        (("site",), 3),
        (("source", "rung"), "galaxy"),
        (("source", "members"), "HIST-01"),
        (("source",), None),
        (("destination", "known"), -1),
        (("hours", "weekdays"), [7]),
        (("hours", "start"), 24),
        (("is_directed",), "yes"),
        (("severity",), 5),
        (("severity",), True),
        (("exceptions",), [1]),
    ],
)
def test_what_spells_no_pattern_is_refused(path, value):
    data = copy.deepcopy(pattern_as_json(PATTERN))
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(PatternFormatError):
        pattern_from_json(data)


def test_a_pattern_that_was_stored_before_sensors_were_read_has_none():
    data = pattern_as_json(PATTERN)
    del data["sensors"]
    assert pattern_from_json(data).sensors == ()
