"""Recurrence after close: what counts as a close, and what as coming again."""

import uuid
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.incidents.recurrence import (
    Recurrence,
    recurrence_after_close,
    recurrence_by_workspace,
)
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace

pytestmark = pytest.mark.django_db
PATTERN, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
SINCE = NOON - timedelta(days=90)


@pytest.fixture
def workspace():
    return make_workspace()


def closed(workspace, *, days_ago, pattern=PATTERN, **values):
    at = NOON - timedelta(days=days_ago)
    values = {"status": IncidentStatus.CLOSED, "created_at": at - timedelta(hours=1)} | values
    return make_incident(workspace, pattern=pattern, closed_at=at, modified_at=at, **values)


def raised(workspace, *, days_ago, pattern=PATTERN, **values):
    at = NOON - timedelta(days=days_ago)
    return make_incident(workspace, pattern=pattern, created_at=at, modified_at=at, **values)


def measured():
    return recurrence_after_close(Incident.objects.all(), since=SINCE, now=NOON)


def test_the_same_pattern_within_seven_days_came_again(workspace):
    closed(workspace, days_ago=20)
    raised(workspace, days_ago=14)
    assert measured() == Recurrence(closed=1, came_again=1)
    assert measured().percent == 100


@pytest.mark.parametrize(
    ("days_ago", "pattern"), [(12.9, PATTERN), (21, PATTERN), (15, OTHER)], ids=str
)
def test_what_comes_later_was_there_before_or_is_another_pattern_is_none(
    workspace, days_ago, pattern
):
    closed(workspace, days_ago=20)
    raised(workspace, days_ago=days_ago, pattern=pattern)
    assert measured() == Recurrence(closed=1, came_again=0)


def test_another_workspace_is_another_plant(workspace):
    porto = make_workspace("porto")
    closed(workspace, days_ago=20)
    raised(porto, days_ago=15)
    assert measured() == Recurrence(closed=1, came_again=0)
    closed(porto, days_ago=18)
    by_workspace = recurrence_by_workspace(Incident.objects.all(), since=SINCE, now=NOON)
    assert by_workspace == {workspace.pk: Recurrence(1, 0), porto.pk: Recurrence(1, 1)}


def test_a_close_counts_when_it_had_its_seven_days_and_still_stands(workspace):
    closed(workspace, days_ago=6.9)
    closed(workspace, days_ago=100)
    closed(workspace, days_ago=20, pattern=None)
    closed(workspace, days_ago=20, merged_into=7)
    closed(workspace, days_ago=20, gone_at=NOON)
    assert measured() == Recurrence(closed=0, came_again=0)
    assert measured().percent is None


def test_each_close_counts_once_however_often_it_came_again(workspace):
    closed(workspace, days_ago=20)
    closed(workspace, days_ago=10)  # raised within seven days? no: ten days later
    for days_ago in (19, 18, 17):
        raised(workspace, days_ago=days_ago)
    assert measured() == Recurrence(closed=2, came_again=1)


def test_so_many_closes_are_looked_at_and_no_more(workspace, monkeypatch):
    monkeypatch.setattr("alerts.incidents.recurrence.MAX_CLOSES", 2)
    for days_ago in (40, 30, 20):
        closed(workspace, days_ago=days_ago)
    raised(workspace, days_ago=15)
    assert measured() == Recurrence(closed=2, came_again=1), "the newest two"
