"""Tagout's own questions come in working hours of the plant, and are due in them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.reviews.engine.working_hours import due_in_working_hours, is_working

GDANSK = "Europe/Warsaw"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text, zone=GDANSK):
    """A moment of the week of Monday 23 November 2026, "+" is the next: "Tue 04:44"."""
    name, clock = text.split()
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon+", "Tue+").index(name)
    monday = datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=ZoneInfo(zone))
    return monday + timedelta(days=days)


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("Tue 04:44", False),
        ("Tue 07:00", True),
        ("Fri 16:59", True),
        ("Fri 17:00", False),
        ("Sat 10:00", False),
        ("Sun 12:00", False),
    ],
)
def test_nobody_works_at_night_nor_at_the_weekend(moment, works):
    assert is_working(at(moment), zone=GDANSK) is works


def test_each_plant_has_its_own_clock():
    assert is_working(at("Tue 07:30"), zone=GDANSK)
    assert not is_working(at("Tue 07:30"), zone="Europe/Lisbon")


@pytest.mark.parametrize(
    ("asked", "span", "due"),
    [
        ("Tue 10:00", HOUR, "Tue 11:00"),
        ("Tue 16:30", HOUR, "Wed 07:30"),
        ("Fri 15:00", 4 * HOUR, "Mon+ 09:00"),
        ("Tue 04:44", HOUR, "Tue 08:00"),
        ("Wed 10:00", 3 * DAY, "Mon+ 10:00"),
        ("Sat 10:00", DAY, "Tue+ 07:00"),
    ],
)
def test_an_answer_is_due_after_so_much_working_time(asked, span, due):
    assert due_in_working_hours(at(asked), span, zone=GDANSK) == at(due)
