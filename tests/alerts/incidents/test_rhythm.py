"""Only a rhythm that deserves the name is called usual."""

import pytest

from alerts.incidents.engine.rhythm import HourWindow, usual_window

TUESDAY_SIX = [(1, 6 * 60 + minute) for minute in (0, 10, 20, 30, 59)]


def test_four_occurrences_are_no_rhythm():
    assert usual_window(TUESDAY_SIX[:4]) is None


def test_one_weekday_and_hour():
    assert usual_window(TUESDAY_SIX) == HourWindow((1,), 6, 7)


def test_the_window_is_cut_to_the_hours_in_use():
    assert usual_window([*TUESDAY_SIX, (1, 7 * 60)]) == HourWindow((1,), 6, 8)


def test_one_in_five_may_lie_elsewhere():
    assert usual_window([*TUESDAY_SIX[:4], (4, 1200)]) == HourWindow((1,), 6, 7)
    assert usual_window([*TUESDAY_SIX[:4], (4, 1200), (5, 60)]) is None


def test_the_same_hours_on_several_days():
    moments = [(day, 22 * 60) for day in (0, 1, 2, 3, 4)]
    assert usual_window(moments) == HourWindow((0, 1, 2, 3, 4), 22, 23)


def test_all_over_the_day_is_no_rhythm():
    assert usual_window([(1, hour * 60) for hour in range(0, 24, 3)]) is None


@pytest.mark.parametrize(
    ("moment", "inside"),
    [((1, 360), True), ((1, 479), True), ((1, 480), False), ((1, 359), False), ((2, 400), False)],
)
def test_what_lies_inside(moment, inside):
    assert HourWindow((1,), 6, 8).holds(moment) is inside
