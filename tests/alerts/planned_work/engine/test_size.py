"""How much of a week planned work takes, and which work boxes an alert."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.planned_work.engine.recurrence import WorkSpan
from alerts.planned_work.engine.size import BoxedTime, widest_week

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def spans(*hours):
    """Spans by their hours since Monday."""
    return [WorkSpan(MONDAY + begin * HOUR, MONDAY + end * HOUR) for begin, end in hours]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([], 0),
        ([(8, 16)], 8),
        ([(8, 16), (12, 20), (8, 16)], 12),
        ([(day * 24, day * 24 + 12) for day in range(14)], 84),
        ([(day * 24, day * 24 + 13) for day in range(14)], 91),
        ([(0, 31 * 24)], 168),
        ([(0, 80), (7 * 24 + 79, 7 * 24 + 90)], 80),
        ([(0, 80), (7 * 24 - 10, 7 * 24 + 40)], 90),
    ],
)
def test_the_widest_seven_days_on_end(hours, expected):
    assert widest_week(spans(*hours)) == expected * HOUR


def test_only_weeks_around_a_moment_count_for_it():
    busy, quiet = spans((0, 100), (30 * 24, 30 * 24 + 4))
    assert widest_week([busy, quiet], around=quiet.starts_at) == 4 * HOUR
    assert widest_week([busy, quiet], around=busy.ends_at) == 100 * HOUR


def test_no_minute_by_minute_search_finds_a_wider_week():
    shape = spans((0, 30), (35, 60), (100, 130), (170, 171), (200, 260), (261, 300))
    starts = [MONDAY + minute * timedelta(minutes=30) for minute in range(-400, 800)]

    def taken(start):
        ends = start + 7 * DAY
        return sum(
            (max(min(s.ends_at, ends) - max(s.starts_at, start), timedelta()) for s in shape),
            timedelta(),
        )

    assert widest_week(shape) == max(taken(start) for start in starts)


BOXED = {
    "at": MONDAY + 10 * HOUR,
    "is_recurring": False,
    "declared_at": MONDAY,
    "known_from": MONDAY,
    "confirmed_at": (),
}
RECURRING = {"is_recurring": True}
OF_A_TOKEN = {"came_by_token": True}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"declared_at": MONDAY + 9 * HOUR}, False),  # after it began
        ({"known_from": MONDAY + 11 * HOUR}, False),  # after the alert
        (RECURRING, False),
        (RECURRING | {"confirmed_at": [MONDAY + 9 * HOUR]}, True),
        (RECURRING | {"confirmed_at": [MONDAY + 11 * HOUR]}, False),
        (RECURRING | {"confirmed_at": [MONDAY - HOUR]}, False),  # of what it said before
        (OF_A_TOKEN, False),
        (OF_A_TOKEN | {"confirmed_at": [MONDAY + 9 * HOUR]}, True),
        (OF_A_TOKEN | {"confirmed_at": [MONDAY - HOUR]}, False),
    ],
)
def test_an_alert_is_boxed_by_work_planned_and_confirmed_in_time(changes, expected):
    span = WorkSpan(MONDAY + 8 * HOUR, MONDAY + 16 * HOUR)
    assert boxed(span, changes) is expected


def boxed(span, changes):
    """Whether work of this time boxes the alert of BOXED."""
    values = BOXED | {"came_by_token": False} | changes
    at = values.pop("at")
    return BoxedTime(span=span, **values).boxes(at)


def test_more_than_a_day_needs_a_second_person():
    for length, expected in ((24, True), (25, False)):
        span = WorkSpan(MONDAY + 8 * HOUR, MONDAY + (8 + length) * HOUR)
        assert boxed(span, {}) is expected
