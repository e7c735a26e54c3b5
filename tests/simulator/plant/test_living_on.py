"""The plant lives on: the same happenings, however the time is cut; and it may be provoked."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import END

WEEK = timedelta(days=7)


def test_happenings_do_not_depend_on_how_the_time_is_cut(plant):
    whole = list(plant.happenings(END, END + WEEK, per_day=60))
    pieces, at = [], END
    for minutes in (1, 7, 61, 600, 59, 1441, 12, 3000):
        then = min(at + timedelta(minutes=minutes), END + WEEK)
        pieces += plant.happenings(at, then, per_day=60)
        at = then
    pieces += plant.happenings(at, END + WEEK, per_day=60)
    assert pieces == whole
    assert 250 < len(whole) < 700


def test_happenings_are_new_in_order_unique_and_inside_their_interval(plant, small):
    cases = list(plant.happenings(END, END + 4 * WEEK, per_day=60))
    assert [c.created for c in cases] == sorted(c.created for c in cases)
    assert all(END < c.created <= END + 4 * WEEK for c in cases)
    assert {c.properties["status"] for c in cases} == {"New"}
    assert not {c.name for c in cases} & {c.name for c in small}
    numbers = [(c.workspace, c.properties["incidentNumber"]) for c in [*cases, *small]]
    assert len(set(numbers)) == len(numbers)


def test_a_year_of_living_on_has_about_as_many_as_asked_and_every_attack(plant):
    cases = list(plant.happenings(END, END + 52 * WEEK, per_day=40))
    assert abs(len(cases) / (364 * 40) - 1) < 0.1
    assert len(Counter(c.truth.attack for c in cases if c.truth.attack)) == 5
    assert 0.92 < sum(c.truth.benign for c in cases) / len(cases) < 0.97


def test_every_kind_can_be_made(plant):
    for kind in plant.kinds:
        case = plant.make(kind, at=END)
        assert case.truth.process == kind
        alerts, entities = plant.details(case.recipe)
        assert alerts[0]["properties"]["alertDisplayName"] == case.properties["title"]
        assert isinstance(entities, list)


def first_bag(plant, case):
    return plant.details(case.recipe)[0][0]["properties"]["additionalData"]


def test_a_download_can_be_provoked_from_elsewhere_with_another_function_at_night(plant):
    night = datetime(2026, 12, 3, 2, 10, tzinfo=UTC)
    case = plant.make(
        "tuesday-download",
        at=night,
        source="HIST-GD-01",
        destination="PLC-PL2-08",
        function="Stop",
    )
    bag = first_bag(plant, case)
    assert (bag["SourceDevice"], bag["DestinationDevice"]) == ("HIST-GD-01", "PLC-PL2-08")
    assert bag["Function"] == "Stop"
    assert bag["SourceDeviceAddress"] != bag["DestinationDeviceAddress"]
    assert case.properties["firstActivityTimeUtc"].startswith("2026-12-03T02:10:00.0")
    assert case.created == night + timedelta(seconds=5)
    assert "Stop" in case.properties["description"]


def test_a_second_alert_can_ride_along(plant):
    case = plant.make(
        "historian-polling",
        at=END,
        also=["Unauthorized SSH Access", ["Port Scan Detected", "10.9.9.9", ""]],
    )
    alerts, entities = plant.details(case.recipe)
    assert case.properties["additionalData"]["alertsCount"] == len(alerts) == 3
    assert alerts[1]["properties"]["alertDisplayName"] == "Unauthorized SSH Access"
    assert alerts[2]["properties"]["additionalData"]["SourceDeviceAddress"] == "10.9.9.9"
    assert any(entity["properties"].get("address") == "10.9.9.9" for entity in entities)
    assert case.properties["severity"] == "High"


def test_equal_wishes_are_the_same_case_and_a_nonce_makes_another(plant):
    case = plant.make("vendor-visit", at=END)
    assert case == plant.make("vendor-visit", at=END)
    assert case.name != plant.make("vendor-visit", at=END, nonce=2).name


def test_wishes_the_plant_does_not_know_are_refused(plant):
    with pytest.raises(ValueError, match="unknown kind"):
        plant.make("earthquake", at=END)
    with pytest.raises(ValueError, match="unknown options: colour"):
        plant.make("vendor-visit", at=END, colour="red")
    with pytest.raises(ValueError, match="alert type"):
        plant.make("vendor-visit", at=END, title="Nothing of the Sort")


def test_a_wish_may_name_site_destination_elsewhere_and_what_it_really_is(plant):
    assert plant.make("radio-loss", at=END, site="porto").truth.site == "porto"
    with pytest.raises(ValueError, match="tuesday-download does not run at porto"):
        plant.make("tuesday-download", at=END, site="porto")
    case = plant.make("tuesday-download", at=END, destination="PLC-RX2-03", verdict="suspicious")
    assert (case.workspace, case.truth.site) == ("law-ot-porto", "porto")
    assert not case.truth.benign
    assert first_bag(plant, case)["SensorZone"] == "Reactor 2"
