import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.incidents.ingest import plant_hours
from alerts.incidents.ingest.plant_hours import (
    KIND,
    plant_hours_progress,
    process_plant_hours,
)
from alerts.incidents.models import Alert
from alerts.patterns.queries.patterns import JOB
from alerts.sites.services.set_site import set_site
from portal import clock
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace

pytestmark = pytest.mark.django_db
WINTER = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # Tuesday 06:30 in Warsaw
SUMMER = datetime(2026, 7, 5, 22, 30, tzinfo=UTC)  # Sunday; Monday 00:30 in Warsaw


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def plant(workspace):
    """A site that was read with the clock nobody had set, and another one."""
    site, other = make_site("Gdańsk", time_zone="UTC"), make_site("Porto", time_zone="UTC")
    for place in (site, other):
        for at in (WINTER, SUMMER):
            row = make_incident(workspace, site_ids=[place.pk])
            make_alert(
                row,
                at=at,
                site=place,
                plant_weekday=at.weekday(),
                plant_minute=at.hour * 60 + at.minute,
            )
    return site


def correct(site, time_zone="Europe/Warsaw", *, at=NOON):
    set_site(name=site.name, time_zone=time_zone, by="tests", now=at, unshifted=at)


def work_off(at=NOON):
    n = 0
    while process_plant_hours(unshifted=at):
        n += 1
    return n


def hours_at(name):
    rows = Alert.objects.filter(site__name=name).order_by("-at")
    return list(rows.values_list("plant_weekday", "plant_minute"))


def test_all_alerts_of_the_site_follow_its_clock_in_winter_and_in_summer(plant):
    correct(plant)
    work_off()
    assert hours_at("Gdańsk") == [(1, 6 * 60 + 30), (0, 30)]
    assert hours_at("Porto") == [(1, 5 * 60 + 30), (6, 22 * 60 + 30)]


def test_it_is_done_in_pieces_that_can_be_seen(plant, monkeypatch):
    monkeypatch.setattr(plant_hours, "PIECE", 1)
    assert plant_hours_progress(plant) is None
    correct(plant)
    assert plant_hours_progress(plant).share == 0
    process_plant_hours(unshifted=NOON)
    assert plant_hours_progress(plant).share == 0.5
    work_off()
    assert plant_hours_progress(plant) is None


def test_alerts_that_were_on_their_way_are_found_by_the_second_look(plant, workspace):
    correct(plant)
    work_off()
    row = make_incident(workspace, site_ids=[plant.pk])
    make_alert(row, at=WINTER, site=plant, plant_weekday=1, plant_minute=5 * 60 + 30)
    assert work_off(NOON) == 0
    work_off(NOON + timedelta(minutes=10))
    assert hours_at("Gdańsk")[0] == (1, 6 * 60 + 30)
    assert hours_at("Gdańsk")[1] == (1, 6 * 60 + 30)
    assert Job.objects.get(kind=KIND).state == "done"


def test_a_clock_that_is_corrected_again_begins_again(plant, monkeypatch):
    monkeypatch.setattr(plant_hours, "PIECE", 1)
    correct(plant)
    process_plant_hours(unshifted=NOON)
    correct(plant, "America/New_York")
    work_off()
    assert hours_at("Gdańsk") == [(1, 30), (6, 18 * 60 + 30)]


def test_a_worker_that_was_overtaken_writes_nothing(plant):
    correct(plant)
    row = plant_hours.claim_due(Job.objects.filter(kind=KIND), now=NOON)
    correct(plant, "America/New_York")
    plant_hours._do_piece(row, unshifted=NOON)
    assert hours_at("Gdańsk") == [(1, 5 * 60 + 30), (6, 22 * 60 + 30)]


def test_patterns_are_mined_anew_by_the_new_hours(plant):
    correct(plant)
    assert not Job.objects.filter(kind=JOB).exists()
    work_off()
    assert Job.objects.get(kind=JOB).due_at == NOON


def test_it_gives_the_same_as_reading_with_the_right_clock(plant):
    """The same hours as intake would have stored: SQL and Python read one clock."""
    from alerts.incidents.ingest.alert_facts import plant_time
    from alerts.sites.services.learn import DeviceLocation

    correct(plant)
    work_off()
    found = DeviceLocation(plant.pk, None, "Europe/Warsaw")
    for alert in Alert.objects.filter(site=plant):
        assert (alert.plant_weekday, alert.plant_minute) == plant_time(alert.at, place=found)


def test_the_command_does_it_at_once_and_says_so(plant, capsys):
    call_command("site", "set", "Gdańsk", "--time-zone", "Europe/Warsaw", "--json")
    counts = json.loads(capsys.readouterr().out)
    assert (counts["time_zone"], counts["alerts_moved"], counts["new"]) == (
        "Europe/Warsaw",
        2,
        False,
    )
    assert hours_at("Gdańsk") == [(1, 6 * 60 + 30), (0, 30)]
    call_command("site", "set", "Gdańsk", "--time-zone", "Europe/Warsaw", "--json")
    assert json.loads(capsys.readouterr().out)["changed"] == []
    call_command("site", "list", "--json")
    assert [row["site"] for row in json.loads(capsys.readouterr().out)] == ["Gdańsk", "Porto"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["set"], "needs the name"),
        (["put", "Gdańsk"], "are set, list"),
        (["set", "Gdańsk", "--time-zone", "Mars/Base"], "no time zone"),
    ],
)
def test_the_command_says_in_one_sentence_what_is_wrong(plant, words, message):
    with pytest.raises(CommandError, match=message):
        call_command("site", *words)


def test_the_tick_works_it_off(plant):
    from alerts.incidents.tasks import follow_site_clocks

    correct(plant, at=clock.unshifted())
    follow_site_clocks()
    assert hours_at("Gdańsk") == [(1, 6 * 60 + 30), (0, 30)]
