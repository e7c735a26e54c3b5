"""Life and hours of rules in the list, as the plant's clock shows them, also where it changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.spans import is_in_spans, spans_between
from alerts.rules.windows import DAYS, is_in_windows
from tests.alerts.rules.exclusion import (
    PAIR,
    SINCE,
    UNTIL,
    a_row,
    about,
    covered_of,
    items_of,
    left_out_by_kql,
    left_out_by_rules,
)
from tests.alerts.suppression.samples import (
    MOMENTS,
    NOW,
    WINDOWS,
    but,
    clause,
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(WINDOWS), max_size=2, unique=True),
    st.sampled_from(MOMENTS),
    st.integers(-3 * 86_400, 3 * 86_400),
)
def test_spans_hold_exactly_what_the_plants_clock_holds(inside, outside, around, seconds):
    at = around + timedelta(seconds=seconds)
    spans = spans_between(
        SINCE, UNTIL, inside=[tuple(inside)], outside=[tuple(outside)] * bool(outside)
    )
    wanted = is_in_windows(at, tuple(inside)) and not (
        outside and is_in_windows(at, tuple(outside))
    )
    assert is_in_spans(at, spans) == (wanted and SINCE <= at < UNTIL)


EDGES = [
    (None, SINCE - timedelta(seconds=1), False),
    (None, SINCE, True),
    (None, UNTIL - timedelta(seconds=1), True),
    (None, UNTIL, False),
    ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC), False),
    ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 5, 0, tzinfo=UTC), True),
    ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 6, 59, 59, tzinfo=UTC), True),
    ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 7, 0, tzinfo=UTC), False),
    # The clock goes from 03:00 back to 02:00: 03:00 is there only an hour later.
    ("Sun 03:00-04:00 Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC), False),
    ("Sun 03:00-04:00 Europe/Berlin", datetime(2026, 10, 25, 2, 0, tzinfo=UTC), True),
    ("Sun 02:00-03:00 Europe/Berlin", datetime(2026, 10, 25, 0, 59, tzinfo=UTC), True),
    ("Sun 02:00-03:00 Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC), True),
]


def test_the_edges_of_life_and_hours():
    """Each case has a rule about a device of its own."""
    drawn, rows, expected = [], [], set()
    for number, (window, at, is_left_out) in enumerate(EDGES):
        base = but(PAIR, clause("time", "within", window)) if window else PAIR
        drawn.append(about(f"PLC-{number}", base))
        rows.append(a_row(at, number, DestinationDevice=f"PLC-{number}"))
        if is_left_out:
            expected.add(rows[-1]["SystemAlertId"])
    assert covered_of(rows, drawn) == expected
    assert left_out_by_kql(rows, items_of(drawn), now=NOW) == expected


CLOCK_CHANGES = (
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # in Warsaw from 02:00 to 03:00
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # in Warsaw from 03:00 back to 02:00
)
NIGHTS = (
    *("Sun 02:00-03:00", "Sun 01:30-02:30", "Sun 02:30-03:30", "Sun 00:00-24:00"),
    *("Sat 22:00-03:00", "Sat 23:30-02:30", "Sun 22:00-06:00", "Mon 02:00-03:00"),
)


@pytest.mark.parametrize("change", CLOCK_CHANGES, ids=str)
@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/New_York"])
def test_every_quarter_of_an_hour_around_a_change_of_clocks_both_agree(change, zone):
    """Hours over midnight, sets of days, and hours outside of which it is no routine; each rule is
    about a device of its own.
    """
    windows = [f"{hours} {zone}" for hours in NIGHTS]
    times = [clause("time", "within", *texts) for texts in (*zip(windows), windows[:7:6], windows)]
    drawn = [but(PAIR, line) for line in times]
    drawn += [replace(PAIR, except_any=(line,)) for line in times]
    drawn = [about(f"PLC-{place}", each) for place, each in enumerate(drawn)]
    moments = [change + timedelta(minutes=15 * step) for step in range(-24 * 4, 26 * 4)]
    moments += [at - timedelta(seconds=1) for at in moments[80:120]]
    rows = [
        a_row(at, place * 1_000 + number, DestinationDevice=f"PLC-{place}")
        for place in range(len(drawn))
        for number, at in enumerate(moments)
    ]
    by_rules = left_out_by_rules(rows, drawn)
    assert len(rows) / 5 < len(by_rules) < len(rows) * 4 / 5
    assert left_out_by_kql(rows, items_of(drawn), now=NOW) == by_rules


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.sampled_from(DAYS), min_size=1, max_size=4),
    st.integers(0, 95),
    st.integers(1, 95),
    st.sampled_from(["Europe/Warsaw", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    st.sampled_from([date(2026, 3, 22), date(2026, 10, 18), date(2026, 4, 2), date(2026, 10, 1)]),
)
def test_days_and_hours_hold_the_same_in_the_list_as_on_the_plants_clock(
    days, start, length, zone, around
):
    end = (start + length) % 96 or 96
    window = tuple(f"{day} {_clock(start)}-{_clock(end)} {zone}" for day in sorted(days))
    since = datetime.combine(around, time(), UTC)
    until = since + timedelta(days=14)
    spans = spans_between(since, until, inside=[window])
    for step in range(14 * 48):
        at = since + timedelta(minutes=30 * step + 15 * (start % 2))
        assert is_in_spans(at, spans) == is_in_windows(at, window), at


def _clock(quarters):
    return f"{quarters // 4:02}:{quarters % 4 * 15:02}"
