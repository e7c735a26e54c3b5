"""Weekly windows follow the clock on the plant's wall, also when it jumps."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.rules.windows import is_in_windows, minutes_a_week, ranges_by_zone

WARSAW = "Europe/Warsaw"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        # Winter: Warsaw is UTC+1. 24 November 2026 is a Tuesday.
        ("Tue 06:00-08:00", "2026-11-24 05:00", True),
        ("Tue 06:00-08:00", "2026-11-24 04:59:59", False),
        ("Tue 06:00-08:00", "2026-11-24 06:59:59", True),
        ("Tue 06:00-08:00", "2026-11-24 07:00", False),
        ("Tue 06:00-08:00", "2026-11-25 05:30", False),
        # Summer: UTC+2, the same hours on the wall.
        ("Tue 06:00-08:00", "2026-07-14 04:00", True),
        ("Tue 06:00-08:00", "2026-07-14 06:00", False),
        # Over midnight, and over the end of the week.
        ("Fri 22:00-06:00", "2026-11-27 21:00", True),
        ("Fri 22:00-06:00", "2026-11-28 04:59", True),
        ("Fri 22:00-06:00", "2026-11-28 05:00", False),
        ("Fri 22:00-06:00", "2026-11-28 21:30", False),
        ("Sun 22:00-06:00", "2026-11-29 21:30", True),
        ("Sun 22:00-06:00", "2026-11-30 04:30", True),
        ("Sun 22:00-06:00", "2026-11-23 04:30", True),
        # The plant's day, not UTC's: Monday 23:30 UTC is Tuesday in Warsaw.
        ("Tue 00:00-24:00", "2026-11-23 23:30", True),
        ("Tue 00:00-24:00", "2026-11-24 23:00", False),
        # 29 March 2026: 02:00 to 03:00 is left out.
        ("Sun 02:00-03:00", "2026-03-29 00:59", False),
        ("Sun 02:00-03:00", "2026-03-29 01:00", False),
        ("Sun 03:00-04:00", "2026-03-29 01:00", True),
        # 25 October 2026: 02:00 to 03:00 comes twice.
        ("Sun 02:00-03:00", "2026-10-25 00:30", True),
        ("Sun 02:00-03:00", "2026-10-25 01:30", True),
        ("Sun 02:00-03:00", "2026-10-25 02:00", False),
    ],
)
def test_a_moment_is_inside_by_the_clock_on_the_wall(window, moment, inside):
    assert is_in_windows(at(moment), (f"{window} {WARSAW}",)) is inside


def test_windows_of_a_week_join_and_wrap():
    night = f"Sun 22:00-06:00 {WARSAW}"
    assert ranges_by_zone((night,)) == ((WARSAW, ((0, 360), (9960, 10080))),)
    assert minutes_a_week((night,)) == 480
    touching = (
        f"Mon 00:00-12:00 {WARSAW}",
        f"Mon 12:00-24:00 {WARSAW}",
        f"Mon 11:00-13:00 {WARSAW}",
    )
    assert ranges_by_zone(touching) == ((WARSAW, ((0, 1440),)),)
    assert minutes_a_week(("Mon 00:00-01:00 UTC", f"Mon 00:00-01:00 {WARSAW}")) == 120


def test_every_minute_of_a_week_is_in_exactly_one_of_two_halves():
    first = tuple(
        f"{day} 00:00-11:59 {WARSAW}" for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    )
    second = tuple(
        f"{day} 11:59-24:00 {WARSAW}" for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    )
    for step in range(0, 10080, 7):
        moment = at("2026-10-20 00:00") + timedelta(minutes=step)
        assert is_in_windows(moment, first) != is_in_windows(moment, second)
