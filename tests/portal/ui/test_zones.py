"""Whose clock a moment is shown on, and when the name of the zone stands beside it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template

from portal.accounts.models import User
from portal.ui.moments import (
    READER,
    PlantClock,
    PlantClockSource,
    ReaderClock,
    active,
    hours_zone,
    moment_words,
    plain_value_words,
)

NOW = datetime(2026, 11, 25, 8, 44, tzinfo=UTC)
WARSAW, LISBON = PlantClock(1, "Europe/Warsaw", True), PlantClock(2, "Europe/Lisbon", True)


@pytest.fixture
def reader(wired):
    """`reader("plant", WARSAW, own="Asia/Tokyo")` is whoever reads, with the plants there are."""

    def make(display="plant", *plants, own=""):
        wired(PlantClockSource, PlantClockSource(lambda user: plants))
        return ReaderClock(lambda: User(time_display=display), own)

    return make


def words(clock, zone, moment=NOW, **more):
    with active(clock):
        return moment_words(moment, NOW, zone=zone, **more)


@pytest.mark.parametrize(
    ("display", "plants", "own", "zone", "message"),
    [
        ("plant", [WARSAW], "", "Europe/Warsaw", "09:44"),
        ("plant", [WARSAW], "Asia/Tokyo", READER, "09:44"),
        ("plant", [WARSAW, LISBON], "", "Europe/Warsaw", "09:44 CET"),
        ("plant", [WARSAW, LISBON], "", "Europe/Lisbon", "08:44 WET"),
        ("plant", [WARSAW, LISBON], "Asia/Tokyo", READER, "17:44 JST"),
        ("plant", [WARSAW, LISBON], "", READER, "08:44 UTC"),
        ("plant", [], "", None, "08:44 UTC"),
        ("plant", [WARSAW], "", "Mars/Base", "09:44"),
        ("utc", [WARSAW, LISBON], "Asia/Tokyo", "Europe/Warsaw", "08:44"),
        ("mine", [WARSAW, LISBON], "Asia/Tokyo", "Europe/Warsaw", "17:44"),
        ("mine", [WARSAW], "", "Europe/Warsaw", "09:44"),
        ("mine", [WARSAW], "../etc/passwd", "Europe/Warsaw", "09:44"),
        ("mine", [WARSAW], "Europe", "Europe/Warsaw", "09:44"),
        ("mine", [WARSAW], "x" * 5000, "Europe/Warsaw", "09:44"),
    ],
)
def test_a_moment_is_on_the_clock_that_the_reader_wants(
    reader, display, plants, own, zone, message
):
    assert words(reader(display, *plants, own=own), zone) == message


def test_a_plant_that_the_reader_does_not_see_makes_no_zone_doubtful(reader):
    hidden = PlantClock(3, "Asia/Tokyo", False)
    assert words(reader("plant", WARSAW, hidden), "Europe/Warsaw") == "09:44"


def test_a_list_that_says_on_whose_clock_its_rows_are_names_no_zone(reader):
    clock = reader("plant", WARSAW, LISBON)
    assert words(clock, "Europe/Warsaw", NOW - timedelta(days=2), is_local=True) == "23 Nov, 09:44"


def test_a_zone_without_letters_is_named_by_its_distance_from_utc(reader):
    assert words(reader(), "America/Sao_Paulo") == "05:44 UTC-03"


def test_plants_with_one_clock_have_one_zone_and_others_the_readers(reader):
    clock = reader("plant", WARSAW, PlantClock(4, "Europe/Warsaw", True), LISBON)
    assert clock.zone_of_plants([1, 4]) == "Europe/Warsaw"
    assert clock.zone_of_plants([1, 2]) == clock.zone_of_plants([]) == READER


@pytest.mark.parametrize(
    ("display", "plants", "zone", "message"),
    [
        ("plant", [WARSAW], "Europe/Warsaw", ""),
        ("plant", [WARSAW, LISBON], "Europe/Warsaw", "Europe/Warsaw"),
        ("plant", [WARSAW], READER, "UTC"),
        ("utc", [WARSAW], "Europe/Warsaw", "Europe/Warsaw"),
        ("utc", [WARSAW], UTC, ""),
    ],
)
def test_weekly_hours_keep_the_plants_clock_and_say_so_in_doubt(
    reader, display, plants, zone, message
):
    with active(reader(display, *plants)):
        assert hours_zone(zone) == message


def test_a_moment_in_plain_notation_is_on_the_readers_clock(reader):
    texts = ("2026-11-25T08:44:00Z", "1234", "10.5 %", "08:44", "PLC-4")
    with active(reader("plant", WARSAW)):
        assert [plain_value_words(text, "Europe/Warsaw") for text in texts] == [
            "25 Nov 2026, 09:44 CET",
            "1,234",
            "10.5 %",
            "08:44",
            "PLC-4",
        ]


def test_outside_a_request_a_moment_is_on_the_clock_it_is_given_and_names_it():
    assert moment_words(NOW, NOW, zone=ZoneInfo("Europe/Warsaw")) == "09:44 CET"


def test_a_moment_without_a_zone_is_a_mistake():
    with pytest.raises(TemplateSyntaxError, match="zone"):
        Template("{% load ui %}{% time at %}")
    with pytest.raises(TemplateSyntaxError, match="zone"):
        Template('{% load ui %}{% timeline_item "Sam" at=at %}{% endtimeline_item %}')
    template = Template("{% load ui %}{% time at zone=page.zone %}")
    with pytest.raises(ValueError, match="empty zone"):
        template.render(Context({"at": NOW, "now": NOW}))


def test_every_moment_of_every_template_names_a_zone():
    home = Path(settings.BASE_DIR) / "templates"
    names = [str(path.relative_to(home)) for path in sorted(home.rglob("*.html"))]
    for name in names:
        get_template(name)  # the tag does not compile without one
    assert len(names) > 100
