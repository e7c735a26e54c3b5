"""Which alerts planned work covers: the same devices, in its time and an hour after."""

from datetime import datetime, timedelta

import pytest

from alerts.planned_work.engine.matching import (
    Fit,
    Scope,
    Times,
    WorkDevice,
    WorkEnd,
    WorkSide,
    fit_of,
)

START = datetime(2026, 11, 26, 8, 0)
END = START + timedelta(hours=5)
NOON = START + timedelta(hours=4)
ONE_OFF = Times(START, END, END + timedelta(hours=13))
NIGHTLY = Times(START, END)

ENG = WorkEnd("Process Line 2", "10.20.4.15", "ENG-WS-04")
PLC = WorkEnd("Process Line 2", "10.20.4.40", "PLC-PL2-07")
DATABASE = WorkEnd("Data centre", "10.20.9.9", "DB-GD-01")
TWIN = WorkEnd("Utilities", "10.20.4.15", "ENG-WS-04")  # the same address in another zone
BY_NAME = WorkEnd("Process Line 2", "", "ENG-WS-04")


def device(end, side=WorkSide.ANY):
    return WorkDevice(side, end.zone, end.address, end.device)


PAIR = Scope((device(ENG, WorkSide.FROM), device(PLC, WorkSide.TO)))
ONE = Scope((device(ENG),))
ZONE = Scope(zone="Process Line 2")


@pytest.mark.parametrize(
    ("scope", "ends", "fit"),
    [
        (PAIR, (ENG, PLC), Fit.INSIDE),
        (PAIR, (PLC, ENG), Fit.INSIDE),
        (PAIR, (PLC,), Fit.INSIDE),
        (PAIR, (ENG, DATABASE), Fit.NOT_NAMED),
        (PAIR, (ENG, ENG), Fit.NOT_NAMED),
        (PAIR, (DATABASE,), None),
        (ONE, (ENG, DATABASE), Fit.INSIDE),
        (ONE, (BY_NAME, DATABASE), Fit.INSIDE),
        (ONE, (TWIN, DATABASE), None),
        (ONE, (), None),
        (ZONE, (ENG, PLC), Fit.INSIDE),
        (ZONE, (ENG, DATABASE), None),
        (ZONE, (), None),
        (Scope(), (ENG, PLC), None),
    ],
)
def test_a_device_that_the_work_names_is_an_end_of_the_alert(scope, ends, fit):
    assert fit_of(scope, ONE_OFF, ends, NOON) == fit


@pytest.mark.parametrize(
    ("times", "at", "fit"),
    [
        (ONE_OFF, START - timedelta(seconds=1), None),
        (ONE_OFF, START, Fit.INSIDE),
        (ONE_OFF, END + timedelta(hours=1), Fit.INSIDE),
        (ONE_OFF, END + timedelta(hours=1, minutes=40), Fit.LATE),
        (ONE_OFF, END + timedelta(hours=14), None),
        (NIGHTLY, END + timedelta(hours=1), Fit.INSIDE),
        (NIGHTLY, END + timedelta(hours=1, minutes=40), None),
    ],
)
def test_an_hour_of_slack_and_then_it_is_late_unless_it_recurs(times, at, fit):
    assert fit_of(PAIR, times, (ENG, PLC), at) == fit
