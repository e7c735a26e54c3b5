"""A stretch of time is cut into periods, and a gap in reading is a gap and not a quiet week."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.dashboards.engine.periods import Coverage, ReportPeriod, ReportSpan, covered_by_all

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
THIS_WEEK = ReportPeriod(NOON - WEEK, NOON)


@pytest.mark.parametrize(
    ("length", "count", "latest"),
    [(WEEK, 1, WEEK), (3 * WEEK, 3, WEEK), (2 * WEEK + DAY, 3, DAY), (DAY, 1, DAY)],
)
def test_the_last_period_ends_with_the_stretch(length, count, latest):
    periods = ReportSpan(NOON - length, NOON, WEEK).periods
    assert len(periods) == count
    assert periods[-1].end == NOON
    assert periods[-1].end - periods[-1].start == latest
    assert [a.end for a in periods[:-1]] == [b.start for b in periods[1:]]


@pytest.mark.parametrize(
    ("since", "until", "missing", "is_gap"),
    [
        (NOON - 90 * DAY, NOON, 0 * DAY, False),
        (NOON - 90 * DAY, NOON - timedelta(minutes=14), 0 * DAY, False),  # a poll or two late
        (NOON - 90 * DAY, NOON - 3 * DAY, 3 * DAY - timedelta(minutes=15), True),
        (NOON - 90 * DAY, NOON - timedelta(hours=5), timedelta(hours=4, minutes=45), False),
        (NOON - 4 * DAY, NOON, 3 * DAY, True),  # history begins in the middle of the week
        (NOON - WEEK, NOON, 0 * DAY, False),
        (NOON + DAY, NOON + 2 * DAY, WEEK, True),
        (None, None, WEEK, True),  # nothing was ever read
        (NOON - 90 * DAY, None, WEEK, True),
    ],
)
def test_what_was_not_read_of_a_week(since, until, missing, is_gap):
    coverage = Coverage(since, until)
    assert coverage.missing_in(THIS_WEEK) == missing
    assert coverage.has_gap_in(THIS_WEEK) is is_gap


def test_several_workspaces_cover_what_all_of_them_cover():
    early, late = Coverage(NOON - 90 * DAY, NOON - DAY), Coverage(NOON - 30 * DAY, NOON)
    assert covered_by_all([early, late]) == Coverage(NOON - 30 * DAY, NOON - DAY)
    assert covered_by_all([early, Coverage(None, None)]) == Coverage(None, None)
    assert covered_by_all([]) == Coverage(None, None)


@pytest.mark.parametrize(("age", "left"), [(None, 7), (0, 7), (1, 6), (6.5, 1), (7, 0), (30, 0)])
def test_how_many_days_are_missing_until_there_is_a_week_of_data(age, left):
    since = None if age is None else NOON - age * DAY
    assert Coverage(since, NOON).days_until_a_week(NOON) == left
