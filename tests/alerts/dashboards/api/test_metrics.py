"""Other programs read the numbers of the pages, for any stretch of time and group by group."""

from datetime import timedelta

import pytest

from alerts.dashboards.measures import MEASURES
from alerts.dashboards.queries.numbers import numbers_for
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import IncidentStatus
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident
from tests.program import Program

pytestmark = pytest.mark.usefixtures("fixed_clocks")


@pytest.fixture
def program(mia):
    return Program(mia)


@pytest.fixture
def week(workspace, site):
    """Two open incidents, three closed by people and one by a rule."""
    at_site = {"site_ids": [site.pk], "created_at": NOON - timedelta(days=5)}
    regroup([make_incident(workspace, **at_site).pk for _ in range(2)], now=NOON)
    shut = at_site | {"status": IncidentStatus.CLOSED, "closed_at": NOON - timedelta(days=1)}
    for closed_by in ("", "", "", "R-12"):
        make_incident(workspace, closed_by=closed_by, **shut)


def test_the_list_says_what_each_number_means(program, mia):
    metrics = {row["name"]: row for row in program.get("metrics/").json()["results"]}
    assert set(metrics) == set(MEASURES)
    assert metrics["answer-time"]["unit"] == "seconds"
    assert "each counted once" in metrics["open-incidents"]["definition"]


@pytest.mark.parametrize(
    ("name", "of_page"),
    [
        ("open-incidents", lambda numbers: numbers.open),
        ("closed-by-people", lambda numbers: numbers.closed_by_people),
        ("closed-by-rule", lambda numbers: numbers.closed_by_rule),
        ("answer-time", lambda numbers: numbers.answer_time),
        ("answered-in-time", lambda numbers: numbers.answered.percent),
    ],
)
def test_page_and_program_tell_the_same(program, mia, week, make, ask, answer, name, of_page):
    answer(ask(make()), now=NOON - timedelta(minutes=5))
    of_api = program.get(f"metrics/{name}/").json()["series"][0]["points"]
    assert len(of_api) == 12
    shown = of_page(numbers_for(mia, now=NOON))
    shown = shown.total_seconds() if isinstance(shown, timedelta) else shown
    assert shown, "a zero would prove nothing"
    assert of_api[-1]["value"] == shown


def test_a_stretch_of_days_group_by_group(program, week):
    body = program.get(
        "metrics/closed-by-people/?from=2026-11-21T12:00:00Z&to=2026-11-24T12:00:00Z"
        "&interval=day&group_by=site"
    ).json()
    assert (body["interval"], body["group_by"], body["unit"]) == ("day", "site", "incidents")
    (series,) = body["series"]
    assert (series["group"], series["value"], series["count"]) == ("Gdańsk", 3, 3)
    assert [point["value"] for point in series["points"]] == [0, 3, 0]
    assert series["points"][1] == {
        "from": "2026-11-22T12:00:00Z",
        "to": "2026-11-23T12:00:00Z",
        "value": 3,
        "count": 3,
        "missing_seconds": 0,
    }


def test_what_was_not_read_is_null_and_says_how_much(program, week, workspace):
    workspace.cursor.fresh_at = NOON - timedelta(days=3, minutes=15)
    workspace.cursor.save()
    point = program.get("metrics/closed-by-people/").json()["series"][0]["points"][-1]
    assert (point["value"], point["missing_seconds"]) == (None, 3 * 86400)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("interval=month", "possible: shift, day, week"),
        ("interval=day,week", "possible: shift, day, week"),
        ("group_by=owner", "possible: site, workspace, alert_type"),
        ("from=yesterday", "Give a moment"),
        ("from=2026-11-25T12:00:00Z", "earlier"),
        ("from=2020-01-01T00:00:00Z&interval=day", "ask for 400 at most"),
        ("since=2026-11-01T00:00:00Z", "Unknown parameter"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(program, week, query, says):
    answer = program.get(f"metrics/open-incidents/?{query}")
    assert answer.status_code == 400
    assert says in answer.json()["detail"]


def test_a_number_that_does_not_exist_is_not_found(program, week):
    assert program.get("metrics/happiness/").status_code == 404


def test_who_reads_no_numbers_on_pages_reads_none_here(week, make_person, workspace):
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))
    assert Program(sam).get("metrics/open-incidents/").status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("to=0001-01-02T00:00:00Z", 400),  # there are no twelve weeks before it
        ("to=0001-01-01T00:00:00%2B14:00", 400),
        ("to=9999-12-31T23:59:59-14:00", 400),
        ("from=9999-12-30T00:00:00%2B14:00&to=9999-12-31T23:59:59Z", 200),
    ],
)
def test_the_ends_of_the_calendar_are_no_mistake_of_ours(program, query, status):
    for measure in ("open-incidents", "answered-in-time"):
        assert program.get(f"metrics/{measure}/?{query}").status_code == status
