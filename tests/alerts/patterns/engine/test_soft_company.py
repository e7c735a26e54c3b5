"""A soft type that keeps to the devices and hours of a strict pattern is said by the same rule, and
the strict one stays as narrow and as well judged as it must be (suppression §3, S1).
"""

import pytest

from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.sides import Rung
from tests.alerts.patterns.engine.plants import cell, device
from tests.alerts.patterns.engine.test_mining import BOXED, SOFT

BACKUP = device("BKP-01", kind="Server", zone="Operations")
PLCS = [device(f"PLC-{n}") for n in range(1, 6)]
ROUTINE = ["routine"]


def strict(cells):
    (pattern,) = [p for p in form_patterns(cells, {DeviceGroup("PLC", "Line 1"): 5}) if p.is_strict]
    return pattern


def program_copies(verdicts=ROUTINE):
    return [cell(BACKUP, plc, BOXED, hour=2, verdicts=verdicts) for plc in PLCS]


def readings(*, devices=PLCS, hour=2, verdicts=()):
    return [cell(BACKUP, target, SOFT[0], hour=hour, verdicts=verdicts) for target in devices]


def test_a_soft_type_of_the_same_devices_and_hours_is_said_with_the_strict_one():
    alone, both = strict(program_copies()), strict([*program_copies(), *readings()])
    assert both.types == ((BOXED, ""), (SOFT[0], ""))
    assert (both.source, both.destination) == (alone.source, alone.destination)
    assert (both.destination.rung, both.hours) == (Rung.LISTED, alone.hours)
    assert both.alerts == 200


def test_functions_of_the_soft_type_leave_room_for_no_other():
    soft = [cell(BACKUP, plc, SOFT[0], hour=2, function="Read") for plc in PLCS]
    both = strict([*program_copies(), *soft])
    assert both.functions == ("", "Read")
    assert not both.covers_cell(cell(BACKUP, PLCS[0], BOXED, function="Stop"))


def test_what_was_said_of_the_soft_type_is_no_evidence_for_the_strict_one():
    unjudged = strict([*program_copies(verdicts=()), *readings(verdicts=ROUTINE)])
    assert unjudged.evidence.judged_share == 0
    assert not unjudged.evidence.is_enough
    judged = strict([*program_copies(), *readings(verdicts=ROUTINE)]).evidence
    assert (judged.harmless, judged.is_enough) == (5, True)


@pytest.mark.parametrize(
    "soft",
    [
        readings(hour=14),
        readings(devices=[*PLCS[:3], device("PLC-8"), device("PLC-9")]),
        readings(verdicts=["suspicious"]),
    ],
    ids=["at other hours", "of other devices", "called suspicious"],
)
def test_another_soft_type_stays_apart(soft):
    assert strict([*program_copies(), *soft]).types == ((BOXED, ""),)
