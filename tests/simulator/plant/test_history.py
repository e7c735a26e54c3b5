"""A history is exact, ordered, repeatable, and looks like a plant with a SOC desk."""

import json
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from simulator.plant.catalogue import alert_types
from simulator.plant.plant import Plant

from .conftest import END, START


def title_of(case):
    return case.properties["title"].removeprefix("(MDIoT) ")


@pytest.mark.parametrize("count", [0, 1, 7, 333, 2000])
def test_a_history_has_exactly_as_many_cases_as_asked(plant, count):
    assert sum(1 for _ in plant.history(count, start=START, end=END)) == count


@pytest.mark.parametrize("hours", [0.01, 1, 5.5, 240])
def test_short_periods_work_too_and_keep_their_borders(plant, hours):
    start = END - timedelta(hours=hours, minutes=7)
    cases = list(plant.history(100, start=start, end=END))
    assert len(cases) == 100
    assert all(start <= case.created < END for case in cases)


def test_the_same_arguments_give_the_same_history_to_the_letter(plant, small):
    again = list(Plant(seed=7).history(5000, start=START, end=END))
    assert again == small
    other = list(Plant(seed=8).history(200, start=START, end=END))
    assert other != list(plant.history(200, start=START, end=END))


def test_cases_come_in_the_order_of_creation_with_unique_names_and_numbers(small):
    assert [case.created for case in small] == sorted(case.created for case in small)
    assert len({case.name for case in small}) == len(small)
    numbers = {(case.workspace, case.properties["incidentNumber"]) for case in small}
    assert len(numbers) == len(small)


def test_times_are_possible_and_written_as_sentinel_writes_them(small):
    for case in small:
        properties = case.properties
        order = [
            properties["firstActivityTimeUtc"],
            properties["lastActivityTimeUtc"],
            properties["createdTimeUtc"],
            properties["lastModifiedTimeUtc"],
        ]
        assert order == sorted(order)
        assert all(len(text) == 28 and text.endswith("Z") for text in order)
        assert START <= case.created <= case.modified < END
        assert properties["createdTimeUtc"].startswith(
            case.created.strftime("%Y-%m-%dT%H:%M:%S.%f")
        )
        assert properties["lastModifiedTimeUtc"].startswith(
            case.modified.strftime("%Y-%m-%dT%H:%M:%S.%f")
        )


def test_everything_is_json(small, plant):
    assert json.loads(json.dumps([case.properties for case in small]))
    assert json.loads(json.dumps(plant.describe()))["devices"][0]["role"] == "jump"


@pytest.mark.parametrize("size", ["small", "medium"])
def test_the_engines_have_their_shares(size, request):
    cases = request.getfixturevalue(size)
    engines = Counter(alert_types()[title_of(case)].engine for case in cases)
    targets = {
        "POLICY_VIOLATION": 45,
        "OPERATIONAL": 25,
        "PROTOCOL_VIOLATION": 15,
        "ANOMALY": 12,
        "MALWARE": 3,
    }
    for engine, percent in targets.items():
        assert abs(100 * engines[engine] / len(cases) - percent) < 1.5


@pytest.mark.parametrize("size", ["small", "medium"])
def test_nearly_everything_is_benign_and_five_attacks_are_not(size, request):
    cases = request.getfixturevalue(size)
    assert 0.92 <= sum(case.truth.benign for case in cases) / len(cases) <= 0.96
    attacks = Counter(case.truth.attack for case in cases if case.truth.attack)
    assert len(attacks) == 5
    assert min(attacks.values()) >= 5
    assert all(case.truth.verdict == "suspicious" for case in cases if not case.truth.benign)


@pytest.mark.parametrize("size", ["small", "medium"])
def test_no_talker_makes_more_than_a_fifth_of_its_site(size, request, plant):
    cases = request.getfixturevalue(size)
    sites, talkers = Counter(), Counter()
    for case in cases:
        sites[case.truth.site] += 1
        bag = plant.details(case.recipe)[0][0]["properties"]["additionalData"]
        sides = bag.get("SourceDeviceAddress"), bag.get("DestinationDeviceAddress")
        talkers[case.truth.site, title_of(case), *sides] += 1
    assert max(count / sites[talker[0]] for talker, count in talkers.items()) < 0.2


def test_a_few_processes_make_most_of_a_site_and_many_make_the_rest(medium):
    sites, processes = Counter(), {"gdansk": Counter(), "porto": Counter()}
    for case in medium:
        sites[case.truth.site] += 1
        processes[case.truth.site][case.truth.process] += 1
    for site, counts in processes.items():
        assert sum(n for _, n in counts.most_common(7)) > 0.6 * sites[site]
        assert counts.most_common(1)[0][1] < 0.3 * sites[site], "a rule may match no more"
        assert sum(n < 0.02 * sites[site] for n in counts.values()) >= 25


def test_downloads_happen_on_tuesday_mornings_about_38_times_in_90_days(plant, small):
    zone = ZoneInfo("Europe/Warsaw")
    downloads = [case for case in small if case.truth.process == "tuesday-download"]
    recent = [case for case in downloads if case.created >= END - timedelta(days=90)]
    assert 33 <= len(recent) <= 43
    targets = set()
    for case in downloads:
        local = case.created.astimezone(zone)
        assert local.weekday() == 1
        assert 6 <= local.hour <= 8
        bag = plant.details(case.recipe)[0][0]["properties"]["additionalData"]
        assert bag["SourceDevice"] == "ENG-WS-04"
        assert bag["Function"] == "Program Download"
        targets.add(bag["DestinationDevice"])
    assert targets == {"PLC-PL2-07", "PLC-PL2-08"}


def test_the_week_has_a_strong_rhythm(small):
    days = Counter(case.created.weekday() for case in small)
    working = sum(days[day] for day in range(5)) / 5
    assert (days[5] + days[6]) / 2 < 0.65 * working


def test_old_incidents_are_closed_and_young_ones_are_open(small):
    border = END - timedelta(days=5)
    old = [case.properties for case in small if case.created < border]
    young = [case.properties for case in small if case.created >= border]
    closed = [properties for properties in old if properties["status"] == "Closed"]
    assert len(closed) > 0.9 * len(old)
    assert sum(properties["status"] != "Closed" for properties in young) > 0.8 * len(young)
    assert all(
        properties["owner"]["assignedTo"] and properties["classification"] for properties in closed
    )
    assert len({properties["classification"] for properties in closed}) == 4
    assert len({properties["owner"]["assignedTo"] for properties in closed}) >= 4


def test_some_incidents_were_made_by_rules_and_some_hold_several_alerts(small):
    by_rule = [case for case in small if case.properties["relatedAnalyticRuleIds"]]
    assert 0.08 < len(by_rule) / len(small) < 0.35
    assert all(case.properties["title"].startswith("(MDIoT) ") for case in by_rule)
    counts = Counter(case.properties["additionalData"]["alertsCount"] for case in small)
    assert counts[1] > 0.85 * len(small)
    assert all(counts[number] for number in (2, 3, 4, 5))


def test_commissioning_is_a_burst_in_the_middle(small):
    moments = [case.created for case in small if case.truth.process == "commissioning"]
    parts = [(moment - START) / (END - START) for moment in moments]
    assert len(parts) > 100
    assert min(parts) > 0.44
    assert max(parts) < 0.6


def test_firmware_comes_in_bursts_of_20_or_more_on_few_days(small):
    days = Counter(
        (case.truth.site, case.created.date())
        for case in small
        if case.truth.process == "firmware-campaign"
    )
    assert len(days) <= 10
    assert max(days.values()) >= 20


def test_times_without_a_zone_are_refused(plant):
    with pytest.raises(ValueError, match="time zone"):
        next(plant.history(5, start=START.replace(tzinfo=None), end=END))
    with pytest.raises(ValueError, match="end must be after start"):
        next(plant.history(5, start=END, end=START))
