"""What somebody called suspicious is left out of the rule by the field that its end fills."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.patterns.engine.cells import CellEnd, DeviceGroup, put_busier_end_first
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.rule_text import rule_for, title_of
from alerts.patterns.engine.sides import PatternSide, Rung
from alerts.rules.fields import FieldValues
from alerts.rules.match import exception_predicate, holds
from alerts.rules.rule import Clause, reasons_against_rule
from tests.alerts.patterns.engine.plants import cell, device, happened, outside
from tests.alerts.patterns.engine.test_mining import BOXED, GATEWAYS, HISTORIAN, INVENTORY, SOFT
from tests.conftest import NOON

NAMELESS = [
    CellEnd(address=f"10.3.0.{n}", kind="Gateway", zone="Water", device="") for n in range(4)
]
NAMED_BY_ADDRESS = device("10.4.0.9", kind="Gateway", zone="Water", address="10.4.0.9")
CLOUD = [outside(f"52.10.{n}.9") for n in range(3)]
NAMED_OUTSIDE = CellEnd("cdn.example.com", "52.10.9.9", "outside", is_outside=True)
TARGETS = [*GATEWAYS, *NAMELESS, NAMED_BY_ADDRESS, *CLOUD, NAMED_OUTSIDE]
SOURCES = [HISTORIAN, device("HIST-02", kind="Historian", zone="Operations"), NAMELESS[0]]


def facts(cell, hour):
    """The alert that a cell counts at one hour, as a rule reads it."""
    key = cell.key
    ends = (key.source, key.destination)
    at = datetime.fromordinal(hour.day).replace(tzinfo=UTC) + timedelta(hours=hour.slot % 24 - 1)
    sides = {
        f"{side}_{name}": value
        for side, end in zip(("source", "destination"), ends, strict=True)
        for name, value in (
            ("device", end.device),
            ("address", end.address),
            ("kind", "" if end.is_outside else end.kind),
            ("zone", end.zone),
        )
        if key.is_directed
    }
    return FieldValues(
        workspace="",
        site=key.site,
        alert_type=key.alert_type,
        severity=cell.severity,
        any_device=tuple(end.device for end in ends if end.device),
        any_address=tuple(end.address for end in ends if end.address),
        at=at,
        **sides,
    )


def rule_of(pattern):
    return rule_for(pattern, time_zone="Etc/GMT-1", now=NOON)


@pytest.mark.parametrize(
    ("odd", "exceptions"),
    [
        (GATEWAYS[4], [Clause("destination_device", "is", ("GW-5",))]),
        (NAMELESS[1], [Clause("destination_address", "is", ("10.3.0.1",))]),
        (CLOUD[2], [Clause("destination_address", "is", ("52.10.2.9",))]),
        (NAMED_OUTSIDE, [Clause("destination_address", "is", ("52.10.9.9",))]),
    ],
    ids=["a device", "an address of the plant", "beyond the plant", "beyond the plant, named"],
)
def test_an_exception_is_written_for_the_field_that_its_end_fills(odd, exceptions):
    same = [end for end in TARGETS if end.is_outside == odd.is_outside and end != odd]
    cells = [cell(HISTORIAN, target, SOFT[0]) for target in same]
    cells += [cell(HISTORIAN, odd, SOFT[0], function="Read", days=range(9))] * odd.is_outside
    cells.append(cell(HISTORIAN, odd, SOFT[0], days=[3], verdicts=["suspicious"]))
    (pattern,) = form_patterns(cells, INVENTORY)
    rule = rule_of(pattern)
    assert reasons_against_rule(rule) == []
    assert [clause for clause in rule.except_any if odd.name in clause.values] or (
        list(rule.except_any) == exceptions
    )
    assert any(
        exception_predicate(clause)(facts(cells[-1], cells[-1].occurrences[0]))
        for clause in rule.except_any
    )


@pytest.mark.parametrize("is_directed", [True, False])
def test_a_title_names_no_device_that_its_rule_leaves_out(is_directed):
    (mined,) = form_patterns([cell(HISTORIAN, end, SOFT[0]) for end in GATEWAYS[:2]], INVENTORY)
    sides = {"destination": PatternSide(Rung.LISTED, ("GW-1", "GW-2")), "is_directed": is_directed}
    pattern = replace(mined, exceptions=("GW-2",), **sides)
    title = title_of(pattern)
    assert "GW-1" in title and "GW-2" not in title, title
    assert "GW-2" in title_of(replace(mined, **sides))
    turned = {"source": pattern.destination, "destination": pattern.source}
    title = title_of(replace(pattern, **turned, exceptions=(), except_sources=("GW-2",)))
    assert "GW-1" in title and "GW-2" not in title, title


def cells_of(pairs, *, is_directed):
    cells = []
    for n, (source, target, title, is_suspect) in enumerate(pairs):
        if source == target:
            continue
        days = [n % 7] if is_suspect else range(6)
        made = cell(
            source,
            target,
            title,
            occurrences=happened(days, hour=6),
            verdicts=["suspicious" if is_suspect else "routine"],
        )
        made.key = replace(made.key, is_directed=is_directed)
        cells.append(made)
    put_busier_end_first(cells)
    return cells


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SOURCES),
            st.sampled_from(TARGETS),
            st.sampled_from([SOFT[0], SOFT[1], BOXED]),
            st.integers(0, 3).map(lambda n: n == 0),
        ),
        min_size=2,
        max_size=16,
    ),
    st.booleans(),
)
def test_no_rule_that_may_be_signed_matches_what_somebody_called_suspicious(pairs, is_directed):
    inventory = INVENTORY | {DeviceGroup("Gateway", "Water"): 6}
    cells = cells_of(pairs, is_directed=is_directed)
    for pattern in form_patterns(cells, inventory):
        if pattern.obstacle or pattern.evidence.suspicious:
            continue
        rule = rule_of(pattern)
        for odd in cells:
            if odd.is_suspect:
                assert not any(holds(rule, facts(odd, hour)) for hour in odd.occurrences)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SOURCES), st.sampled_from(TARGETS), st.just(SOFT[0]), st.booleans()
        ),
        min_size=2,
        max_size=16,
    ),
    st.booleans(),
)
def test_each_exception_of_a_mined_rule_holds_for_a_cell_that_it_was_made_from(pairs, is_directed):
    cells = cells_of(pairs, is_directed=is_directed)
    alerts = [facts(odd, hour) for odd in cells if odd.is_suspect for hour in odd.occurrences]
    for pattern in form_patterns(cells, INVENTORY):
        left_out = {*pattern.exceptions, *pattern.except_sources}
        clauses = rule_of(pattern).except_any
        for name in left_out:
            own = [c for c in clauses if name in c.values]
            assert any(
                exception_predicate(replace(c, values=(name,), operator="is"))(alert)
                for c in own
                for alert in alerts
            ), name
