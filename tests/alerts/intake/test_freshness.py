import math
from datetime import timedelta

import pytest

from alerts.intake.models import Cursor, Quarantined
from alerts.intake.queries import (
    Age,
    data_age_seconds,
    freshness_of,
)
from alerts.intake.services.poll import pull_changes
from alerts.sentinel.client.port import SentinelUnavailable
from alerts.sentinel.queries import minutes_old
from tests.factories.incidents import NOON, make_workspace


@pytest.mark.parametrize(
    ("minutes", "age"), [(0, Age.FRESH), (5, Age.FRESH), (6, Age.AMBER), (16, Age.RED)]
)
def test_data_are_amber_after_five_minutes_and_red_after_fifteen(workspace, sentinel, minutes, age):
    pull_changes(workspace=workspace, client=sentinel, now=NOON)
    (one,) = freshness_of([workspace], now=NOON + timedelta(minutes=minutes))
    assert (one.age, one.data_age_seconds) == (age, minutes * 60)
    assert one.cause == ""


def test_what_was_never_read_has_no_age(workspace):
    (one,) = freshness_of([workspace], now=NOON)
    assert (one.age, one.data_age_seconds, one.history_share) == (Age.UNKNOWN, None, 0.0)
    assert data_age_seconds([workspace], now=NOON) is None


def test_the_age_of_many_is_that_of_the_stalest(workspace, sentinel):
    other = make_workspace("porto")
    pull_changes(workspace=workspace, client=sentinel, now=NOON)
    pull_changes(workspace=other, client=sentinel, now=NOON + timedelta(minutes=3))
    assert data_age_seconds([workspace, other], now=NOON + timedelta(minutes=4)) == 240


def test_history_says_how_far_it_is(workspace):
    Cursor.objects.create(
        workspace=workspace,
        backfilled_until=NOON - timedelta(days=30),
        backfill_ends_at=NOON - timedelta(days=90),
    )
    (one,) = freshness_of([workspace], now=NOON)
    assert one.history_share == pytest.approx(1 / 3)


def test_the_cause_is_told_and_a_pause_is_a_cause(workspace):
    Cursor.objects.create(workspace=workspace, latest_error="Away.")
    assert freshness_of([workspace], now=NOON)[0].cause == "Away."
    workspace.state = "paused"
    assert freshness_of([workspace], now=NOON)[0].cause == "The workspace is paused."


def test_what_was_put_aside_is_counted(workspace, sentinel):
    pull_changes(workspace=workspace, client=sentinel, now=NOON)
    Quarantined.objects.create(
        workspace=workspace,
        fingerprint="f",
        reason="r",
        raw="x",
        first_seen_at=NOON,
        latest_seen_at=NOON,
    )
    assert freshness_of([workspace], now=NOON)[0].quarantined == 1


def test_many_workspaces_cost_as_many_queries_as_one(workspace, django_assert_max_num_queries):
    many = [workspace, *(make_workspace(f"w{n}") for n in range(10))]
    with django_assert_max_num_queries(6):
        freshness_of(many, now=NOON)


def test_lower_rooms_learn_how_old_what_we_know_is(workspace, sentinel):
    assert minutes_old(workspace.pk, now=NOON) == math.inf
    pull_changes(workspace=workspace, client=sentinel, now=NOON)
    assert minutes_old(workspace.pk, now=NOON + timedelta(minutes=4)) == 4


def test_a_poll_that_broke_off_leaves_what_we_know_as_old_as_it_was(workspace, sentinel):
    pull_changes(workspace=workspace, client=sentinel, now=NOON)
    later = NOON + timedelta(minutes=30)
    sentinel.fail_next(SentinelUnavailable("Away."))
    with pytest.raises(SentinelUnavailable):
        pull_changes(workspace=workspace, client=sentinel, now=later)
    assert minutes_old(workspace.pk, now=later) == 30
