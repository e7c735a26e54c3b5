"""S4: a new version keeps the trial of the one before where it closes nothing else, but for devices
on its lists, which people meet first.
"""

from dataclasses import replace

import pytest

from alerts.rules.trial import trial_carry_over
from tests.alerts.suppression.samples import PROGRAMMING, SITE, clause, rule

MODBUS = "Unauthorized Modbus Operation"
TYPE = clause("alert_type", "is", MODBUS)
SOURCE = clause("source_device", "is", "SCADA-01")
TARGETS = clause("destination_device", "is_one_of", "PLC-1", "PLC-2")
ZONE = clause("destination_zone", "is", "Packaging 2")
SEVERITY = clause("severity", "at_most", "Medium")
BUT = clause("destination_device", "is_one_of", "PLC-7", "PLC-8")
OLD = rule(TYPE, SITE, SOURCE, TARGETS, ZONE, SEVERITY, except_any=[BUT])


def with_line(line):
    """OLD with this line in the place of its own about the same field."""
    return replace(
        OLD, all_of=tuple(line if clause.field == line.field else clause for clause in OLD.all_of)
    )


@pytest.mark.parametrize(
    ("new", "newcomers"),
    [
        (OLD, set()),
        (replace(OLD, title="Another title", reason="Another reason"), set()),
        (with_line(clause("destination_device", "is", "PLC-1")), set()),
        (with_line(clause("severity", "at_most", "Low")), set()),
        (replace(OLD, all_of=(*OLD.all_of, clause("function", "is", "Write"))), set()),
        (
            with_line(clause("destination_device", "is_one_of", "PLC-1", "PLC-2", "PLC-3")),
            {"plc-3"},
        ),
        (with_line(clause("source_device", "is", "SCADA-02")), {"scada-02"}),
    ],
    ids=[
        "the same",
        "other words",
        "fewer targets",
        "less severe",
        "one more line",
        "a new target",
        "a replaced source",
    ],
)
def test_what_closes_nothing_else_keeps_the_trial(new, newcomers):
    kept = trial_carry_over(OLD, new)
    assert kept is not None
    assert kept.newcomers == newcomers


def test_alerts_that_tell_no_function_are_tried_where_they_are_new():
    with_function, either = (
        replace(OLD, all_of=(*OLD.all_of, clause("function", "is_one_of", "Read", *more)))
        for more in ((), ("",))
    )
    assert trial_carry_over(with_function, either) is None
    assert trial_carry_over(either, with_function) is not None


@pytest.mark.parametrize(
    "new",
    [
        with_line(clause("alert_type", "is_one_of", MODBUS, "Modbus Exception")),
        with_line(clause("destination_zone", "is_one_of", "Packaging 2", "Utilities")),
        with_line(clause("severity", "is_one_of", "Low", "Medium")),
        with_line(clause("destination_device", "is_one_of", "PLC-1", "PLC-3", "PLC-4", "PLC-5")),
        replace(OLD, all_of=OLD.all_of[:-1]),
        replace(OLD, all_of=tuple(clause for clause in OLD.all_of if clause != TARGETS)),
        replace(OLD, enforcement="sentinel"),
        replace(OLD, except_any=(clause("destination_device", "is", "PLC-7"),)),
        replace(OLD, except_any=()),
    ],
    ids=[
        "another type",
        "another zone",
        "severities",
        "more new names than old",
        "a line gone",
        "any target",
        "by Sentinel itself",
        "an exception lifted",
        "no exception",
    ],
)
def test_whatever_else_is_new_is_tried_for_itself(new):
    assert trial_carry_over(OLD, new) is None


def test_addresses_stand_for_whoever_has_them_so_their_lists_may_not_grow():
    one, two = (
        with_line(clause("destination_device", "is", "PLC-1")).all_of,
        clause("source_address", "is_one_of", "10.20.4.15", "10.0.0.1"),
    )
    old = rule(*one, clause("source_address", "is", "10.20.4.15"))
    assert trial_carry_over(old, rule(*one, two)) is None


def test_an_exception_of_addresses_that_was_lifted_is_tried():
    old = replace(OLD, except_any=(clause("source_address", "is", "10.0.0.1"),))
    assert trial_carry_over(old, replace(OLD, except_any=())) is None


def test_what_is_closed_only_inside_hours_is_always_tried():
    hours = clause("time", "within", "Tue 06:00-08:00 Europe/Warsaw")
    old = rule(clause("alert_type", "is", PROGRAMMING), SITE, SOURCE, TARGETS, hours)
    assert trial_carry_over(old, old) is None
