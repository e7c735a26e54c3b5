"""How many days what a rule had closed reached people again after the plant changed."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bench.suppression.drift_answers import is_yes
from bench.suppression.drift_days import drift_figures

START = datetime(2026, 9, 1, 2, tzinfo=UTC)
SPLIT = START + timedelta(days=60)
CHANGED = SPLIT + timedelta(days=10)
UNTIL = SPLIT + timedelta(days=30)
OLD, NEW = "EWS-01", "EWS-41"


def scenario_of(*, replaces=OLD, since=CHANGED):
    """One process, an incident a night: by the old station until it was replaced."""
    incidents = []
    for day in range(90):
        at = START + timedelta(days=day)
        name = NEW if at >= since else OLD
        alert = SimpleNamespace(source_device=name, destination_device="PLC-1")
        incidents.append(SimpleNamespace(id=f"i{day}", at=at, alerts=(alert,)))
    process = SimpleNamespace(
        name="backup", site="Gdańsk", incident_ids=tuple(i.id for i in incidents)
    )
    return SimpleNamespace(
        shape="building",
        split_at=SPLIT,
        sites=[SimpleNamespace(name="Gdańsk", time_zone="Europe/Warsaw")],
        devices=[SimpleNamespace(name=NEW, site="Gdańsk", since=since, replaces=replaces)],
        processes=[process],
        by_id={i.id: i for i in incidents},
    )


def ids(*days):
    return {f"i{day}" for day in days}


@pytest.mark.parametrize(
    ("closed", "days", "not_silent"),
    [
        (ids(65, 66, 73, 74), 3, 0),
        (ids(65, 70), 0, 0),
        (ids(65, 66), 20, 1),
    ],
    ids=["three days later", "at once", "never"],
)
def test_it_is_the_time_from_the_first_incident_to_the_first_that_a_rule_closed(
    closed, days, not_silent
):
    figures = drift_figures(scenario_of(), closed, until=UNTIL)
    assert (figures["n"], figures["median"], figures["not_silent"]) == (1, days, not_silent)
    assert figures["by_kind"] == {"replaced": [days]}


def test_what_no_rule_had_closed_before_is_no_case():
    assert drift_figures(scenario_of(), ids(75, 76), until=UNTIL)["n"] == 0


def test_what_changed_before_there_were_rules_is_no_case():
    scenario = scenario_of(since=SPLIT - timedelta(days=5))
    assert drift_figures(scenario, ids(50, 75), until=UNTIL)["n"] == 0


@pytest.mark.parametrize(
    ("against", "yes"),
    [
        ((), True),
        (("no_work",), True),
        (("more",), False),
        (("no_inventory",), False),
        (("vendor", "name"), False),
    ],
)
def test_who_has_only_the_page_says_no_to_what_is_grave_or_odd_twice(against, yes):
    assert is_yes(against) is yes
