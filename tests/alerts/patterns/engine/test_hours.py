"""Hours are learned in plant time and in UTC, and only where the empty rest is no chance."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.patterns.engine.cells import CellHour
from alerts.patterns.engine.hours import Hours, learn_hours
from alerts.patterns.engine.mining import form_patterns
from alerts.rules.windows import reasons_against_window
from tests.alerts.patterns.engine.plants import cell, happened
from tests.alerts.patterns.engine.test_mining import GATEWAYS, HISTORIAN, INVENTORY, SOFT

WARSAW = ZoneInfo("Europe/Warsaw")


def at(*moments):
    return Counter(
        CellHour(
            local.toordinal(), local.weekday() * 24 + local.hour, utc.weekday() * 24 + utc.hour
        )
        for utc in moments
        for local in [utc.astimezone(WARSAW)]
    )


def daily(first, n, tz=UTC, step=1):
    start = first.replace(tzinfo=tz)
    return [(start + timedelta(days=step * day)).astimezone(UTC) for day in range(n)]


def test_a_job_at_night_has_its_hour_with_slack_on_both_sides():
    hours = learn_hours(at(*daily(datetime(2026, 5, 1, 2), 30, WARSAW)))
    assert (hours.start, hours.length) == (1, 3)
    assert hours.weekdays == tuple(range(7))


def test_a_weekly_job_has_its_weekday():
    hours = learn_hours(at(*daily(datetime(2026, 5, 5, 6), 8, WARSAW, step=7)))
    assert hours.weekdays == (1,)


def test_a_job_by_utc_is_learned_in_utc_across_the_change_of_time():
    hours = learn_hours(at(*daily(datetime(2026, 10, 1, 2), 60)))
    assert hours.is_utc
    assert hours.length == 3


def test_a_job_by_the_plants_clock_is_learned_in_plant_time_across_the_change_of_time():
    hours = learn_hours(at(*daily(datetime(2026, 10, 1, 2), 60, WARSAW)))
    assert not hours.is_utc


def test_a_job_around_midnight_is_one_stretch():
    night = [
        moment + timedelta(hours=hour)
        for moment in daily(datetime(2026, 5, 1, 22), 30, WARSAW)
        for hour in range(4)
    ]
    hours = learn_hours(at(*night))
    assert (hours.start, hours.length) == (21, 6)
    assert hours.contains(1, 1) and not hours.contains(12, 12)
    assert [reasons_against_window(text) for text in hours.as_windows("Europe/Warsaw")] == [[]] * 7


def test_what_happens_at_any_hour_has_none():
    start = datetime(2026, 5, 1, tzinfo=UTC)
    assert learn_hours(at(*[start + timedelta(hours=7 * n) for n in range(60)])) is None
    but_four = [start + timedelta(days=day, hours=hour) for day in range(60) for hour in range(20)]
    assert learn_hours(at(*but_four)) is None, "a window of 22 hours says nothing"


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_few_alerts_prove_no_hours(n):
    assert learn_hours(at(*daily(datetime(2026, 5, 1, 2), n))) is None


def test_hours_past_midnight_hold_the_morning_after():
    hours = Hours((4,), 22, 6)  # Friday 22:00 to Saturday 04:00
    assert hours.contains(4 * 24 + 23, 0) and hours.contains(5 * 24 + 3, 0)
    assert not hours.contains(5 * 24 + 23, 0) and not hours.contains(4 * 24 + 3, 0)
    assert hours.as_windows("UTC") == ("Fri 22:00-04:00 UTC",)


@pytest.mark.parametrize(("length", "has_hours"), [(12, True), (13, False)])
def test_hours_of_most_of_the_week_are_no_hours_of_a_soft_pattern(length, has_hours):
    moments = [moment for hour in range(length) for moment in happened(range(21), 6 + hour)]
    cells = [cell(HISTORIAN, target, SOFT[0], occurrences=moments) for target in GATEWAYS]
    (pattern,) = form_patterns(cells, INVENTORY)
    assert learn_hours(Counter(moments)).hours_a_week == (length + 2) * 7  # 98, 105
    assert (pattern.hours is not None) == has_hours
