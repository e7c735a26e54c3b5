"""The filter finds closed incidents by who closed them, and by how long ago that was."""

from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentStatus
from alerts.incidents.queue.queries import Queue, queue_params
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_queue_row, make_workspace


@pytest.fixture
def mia(make_person):
    return make_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None))


@pytest.fixture
def closings(db):
    workspace = make_workspace()
    make_queue_row(workspace, title="still open")
    for title, rule, days, more in (
        ("by Sam", "", 2, {}),
        ("by R-12", "R-12", 3, {}),
        ("by R-1", "R-1", 9, {}),
        ("long ago", "", 30, {}),
        ("deleted since", "", 2, {"gone_at": NOON}),
        ("merged since", "R-12", 2, {"merged_into": 7}),
    ):
        make_incident(
            workspace,
            title=title,
            closed_by=rule,
            status=IncidentStatus.CLOSED,
            closed_at=NOON - timedelta(days=days),
            **more,
        )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("closed:people", ["by Sam", "long ago"]),
        ("closed:rule", ["by R-1", "by R-12"]),
        ("closed:Rule", ["by R-1", "by R-12"]),
        ("closed:r-1", ["by R-1"]),
        ("closed:R-12,R-1", ["by R-1", "by R-12"]),
        ("closed:<7d", ["by R-12", "by Sam"]),
        ("closed:>7d", ["by R-1", "long ago"]),
        ("closed:people closed:<7d", ["by Sam"]),
        ("closed:rule -closed:R-12", ["by R-1"]),
    ],
)
def test_closed_incidents_are_found(closings, mia, query, expected):
    page = Queue(mia, queue_params("closed", query), now=NOON).page()
    assert page.problems == []
    assert sorted(row.title for row in page.rows) == expected


def test_open_rows_were_closed_by_nobody(closings, mia):
    assert Queue(mia, queue_params("open", "closed:people"), now=NOON).page().rows == []


def test_what_means_nothing_says_what_would(closings, mia):
    (problem,) = Queue(mia, queue_params("closed", "closed:robots"), now=NOON).page().problems
    assert "people, rule, R-12, <7d, >2h" in problem


@pytest.mark.parametrize(
    ("query", "view", "n"),
    [
        ("age:>999999d", "open", 0),
        ("age:<999999d", "open", 1),
        ("closed:>999999d", "closed", 0),
        ("closed:<999999d", "closed", 4),
    ],
)
def test_a_span_longer_than_the_calendar_is_a_long_time_ago(closings, mia, query, view, n):
    page = Queue(mia, queue_params(view, query), now=NOON).page()
    assert (len(page.rows), page.problems) == (n, [])
