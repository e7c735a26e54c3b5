"""Each measure with a table: what counts, what does not, and what stands at the edge."""

from datetime import timedelta

import pytest

from alerts.dashboards.measures import (
    WEEK,
    Closed,
    Share,
    answer_time,
    answered_in_time,
    closed_by_classification,
)
from alerts.dashboards.queries.sync import is_silent, worst
from alerts.incidents.models import Incident, IncidentStatus
from alerts.reviews.models import Question
from tests.conftest import NOON
from tests.factories.incidents import make_incident

SINCE = NOON - WEEK


def hours(n):
    return NOON + timedelta(hours=n)


@pytest.fixture
def question(sam, site, make):
    """`question(asked, due, settled)` in hours from now."""

    def made(asked, due, settled=None, state=None):
        question = Question.objects.create(
            site=site,
            lead=make()[0],
            text="?",
            asked_by=sam,
            asked_at=hours(asked),
            due_at=hours(due),
            settled_at=None if settled is None else hours(settled),
            state=state or ("waiting" if settled is None else "answered"),
            act="00000000-0000-0000-0000-000000000001",
        )
        return question

    return made


@pytest.mark.parametrize(
    ("asked", "due", "settled", "state", "kept", "of"),
    [
        (-5, -1, -2, None, 1, 1),  # answered before it was due
        (-5, -2, -2, None, 1, 1),  # answered on the dot
        (-5, -3, -2, None, 0, 1),  # answered, but late
        (-5, -1, None, None, 0, 1),  # due and not answered
        (-5, 1, None, None, 0, 0),  # not due yet
        (-5, -1, -2, "withdrawn", 0, 0),  # taken back by the SOC
        (-5, 3, -2, None, 1, 1),  # answered early: it counts on the day of the answer
        (-180, -170, -2, None, 0, 0),  # became late before the week began
        (-180, -2, -170, None, 0, 0),  # answered before the week began
        (-180, -100, -169, None, 0, 0),  # the same, an hour too early
        (-180, -100, -167, None, 1, 1),  # an hour after the week began
    ],
)
def test_what_counts_as_answered_in_time(question, asked, due, settled, state, kept, of):
    question(asked, due, settled, state)
    assert answered_in_time(Question.objects.all(), since=SINCE, now=NOON) == Share(kept, of)


@pytest.mark.parametrize(
    ("answers", "median"),
    [
        ([], None),
        ([(-3, -2)], timedelta(hours=1)),
        ([(-3, -2), (-9, -4), (-5, -3)], timedelta(hours=2)),
        ([(-3, -2), (-5, -3)], timedelta(hours=1, minutes=30)),
        ([(-400, -300)], None),
    ],
)
def test_the_middle_of_the_answer_times(question, answers, median):
    for asked, settled in answers:
        question(asked, settled + 1, settled)
    question(-20, -10)  # one that waits has no answer time
    assert answer_time(Question.objects.all(), since=SINCE, now=NOON) == median


@pytest.mark.parametrize(
    ("kept", "of", "percent"), [(0, 0, None), (0, 3, 0), (2, 3, 66), (199, 200, 99), (5, 5, 100)]
)
def test_a_share_is_never_rounded_up_to_all(kept, of, percent):
    assert Share(kept, of).percent == percent


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({"closed_at": hours(-2)}, True),
        ({"closed_at": hours(-168)}, False),  # a week and no second ago
        ({"closed_at": hours(-200)}, False),  # closed before the week, touched since
        ({"closed_at": None}, True),  # by code of the day before: its latest change tells
        ({"closed_at": None, "modified_at": hours(-200)}, False),
        ({"closed_at": hours(-2), "gone_at": NOON}, False),  # deleted in Sentinel
        ({"closed_at": hours(-2), "merged_into": 7}, False),  # its survivor counts
        ({"status": IncidentStatus.ACTIVE}, False),  # opened again
    ],
)
def test_what_counts_as_closed_in_a_week(workspace, columns, counts):
    values = {
        "status": IncidentStatus.CLOSED,
        "classification": "BenignPositive",
        "created_at": hours(-500),
        "modified_at": hours(-1),
    } | columns
    make_incident(workspace, **values)
    found = closed_by_classification(Incident.objects.all(), since=SINCE, now=NOON)
    assert found == ([Closed("BenignPositive", 1, 0)] if counts else [])


def test_the_worst_of_several_levels_shows():
    assert worst(["ok", "bad", "warn", ""]) == "bad"
    assert worst([]) == ""


def test_a_worker_that_says_nothing_for_a_minute_is_silent():
    assert is_silent(None)
    assert is_silent(timedelta(seconds=61))
    assert not is_silent(timedelta(seconds=60))
