"""What happens within planned work that names its devices: a rung of every type, before hours."""

import pytest

from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.rule_text import rule_for
from alerts.rules.guards.never import HIGH
from alerts.rules.rule import Clause, reasons_against_rule
from tests.alerts.patterns.engine.plants import POLLING, cell, device, happened
from tests.alerts.patterns.engine.test_mining import INVENTORY, NOON, SOFT, one_pattern

LAPTOP = device("VENDOR-LT-1", kind="Vendor laptop", zone="Access")
VISITS = range(3, 90, 7)  # Thursdays
OTHER = SOFT[1]
PROGRAMMING = "Unauthorized PLC Programming"


def visits(days=VISITS, works=("vendor-visit",), **more):
    return happened(days, works=works, **more)


def plc(number, **more):
    return device(f"PLC-{number}", kind="", zone="Line 1", address=f"10.0.1.{number}", **more)


@pytest.mark.parametrize("title", [POLLING, PROGRAMMING])
def test_nine_in_ten_inside_keep_to_the_work_although_they_have_hours(title):
    inside = [cell(LAPTOP, plc(1), title, occurrences=visits(), verdicts=["routine"] * 6)]
    pattern = one_pattern(inside)
    assert (pattern.planned_work, pattern.hours, pattern.obstacle) == ("vendor-visit", None, "")
    assert pattern.evidence.routine == 6
    rule = rule_for(pattern, time_zone="UTC", now=NOON)
    assert Clause("planned_work", "within", ("vendor-visit",)) in rule.all_of
    assert not any(clause.field == "time" for clause in rule.all_of)
    assert reasons_against_rule(rule) == []


def test_eight_in_ten_do_not():
    days = list(VISITS)
    cells = [cell(LAPTOP, plc(1), occurrences=visits(days[:10]) + happened(days[10:]))]
    pattern = one_pattern(cells)
    assert pattern.planned_work == "" and pattern.hours is not None


def test_ends_that_are_new_each_time_are_no_one_off_where_the_work_names_them():
    days = list(VISITS)
    cells = [cell(LAPTOP, plc(n), occurrences=visits([day])) for n, day in enumerate(days)]
    bare = [cell(LAPTOP, plc(n), occurrences=happened([day])) for n, day in enumerate(days)]
    assert one_pattern(cells).obstacle == ""
    assert {pattern.obstacle for pattern in form_patterns(bare, INVENTORY)} <= {"one_off"}


def test_a_type_of_all_hours_of_the_same_source_stays_apart():
    cells = [
        cell(LAPTOP, plc(1), occurrences=visits()),
        cell(LAPTOP, plc(1), OTHER, days=range(90)),
    ]
    found = {pattern.types[0][0]: pattern for pattern in form_patterns(cells, INVENTORY)}
    assert found[POLLING].planned_work == "vendor-visit"
    assert found[OTHER].planned_work == ""


def test_work_of_no_kind_leaves_a_soft_type_to_its_hours():
    pattern = one_pattern([cell(LAPTOP, plc(1), occurrences=visits(works=["other"]))])
    assert (pattern.planned_work, pattern.obstacle) == ("", "")
    assert pattern.hours is not None


@pytest.mark.parametrize(("title", "severity"), [(PROGRAMMING, 2), (POLLING, HIGH)])
def test_strict_types_within_work_keep_the_targets_that_were_seen(title, severity):
    """Visits to a few controllers are no weekly job whose list may grow to a hundred."""
    controllers = [device(f"PLC-{n}", zone="Line 1") for n in range(40)]
    cells = [
        cell(LAPTOP, controllers[n], title, occurrences=visits([day]), severity=severity)
        for n, day in enumerate(list(VISITS)[:9])
    ]
    names = {DeviceGroup("PLC", "Line 1"): frozenset(one.device for one in controllers)}
    (pattern,) = form_patterns(cells, INVENTORY, names)
    assert (pattern.planned_work, pattern.is_strict) == ("vendor-visit", True)
    assert pattern.destination.members == tuple(f"PLC-{n}" for n in range(9))
