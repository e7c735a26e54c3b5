"""All processes keep silent as long as a workspace asks, and probe a broken one sparingly."""

from datetime import timedelta

import pytest

from alerts.sentinel.client.port import (
    SentinelConflict,
    SentinelDenied,
    SentinelNotFound,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import Reachability
from alerts.sentinel.queries import Health, callable_at, connection_health_of, resting_workspaces
from alerts.sentinel.services.reach import (
    may_call_workspace,
    note_error,
    note_success,
)
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace("gdansk").pk


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def may(workspace, seconds, **purpose):
    return may_call_workspace(workspace_id=workspace, now=after(seconds), **purpose)


def fail(workspace, error, seconds=0, **purpose):
    note_error(workspace_id=workspace, error=error, now=after(seconds), **purpose)


def health(workspace, seconds=0):
    return connection_health_of(workspace, now=after(seconds)).health


def test_a_workspace_nobody_called_yet_may_be_called(workspace):
    assert may(workspace, 0)
    assert health(workspace) == Health.UNKNOWN


def test_silence_lasts_as_long_as_azure_asked_for_every_purpose(workspace):
    other = make_workspace("porto").pk
    fail(workspace, SentinelThrottled("slow", retry_after=3600))
    assert callable_at(workspace) == after(3600)
    assert not may(workspace, 3599)
    assert not may(workspace, 3599, purpose="incidents")
    assert may(other, 0)
    assert health(workspace, 10) == Health.THROTTLED
    assert may(workspace, 3600)


def test_a_shorter_wait_never_cuts_a_longer_one(workspace):
    fail(workspace, SentinelThrottled("slow", retry_after=600))
    fail(workspace, SentinelThrottled("slow", retry_after=5))
    assert not may(workspace, 599)


@pytest.mark.parametrize("wait", [None, 0, 10**9])
def test_without_a_believable_wait_we_back_off_up_to_five_minutes(workspace, wait):
    waits = []
    for _ in range(12):
        fail(workspace, SentinelThrottled("slow", retry_after=wait))
        until = Reachability.objects.get(workspace=workspace).not_before
        waits.append((until - NOON).total_seconds())
    assert 5 <= waits[0] <= 10
    assert 150 <= waits[-1] <= 300


def test_the_breaker_opens_after_five_failures_and_lets_one_probe_through(workspace):
    for _ in range(4):
        fail(workspace, SentinelUnavailable("down", status=503))
    assert may(workspace, 1)
    fail(workspace, SentinelUnavailable("down", status=503))
    assert health(workspace) == Health.UNREACHABLE
    assert not may(workspace, 29)
    assert [may(workspace, 30) for _ in range(5)] == [True, False, False, False, False]
    fail(workspace, SentinelUnavailable("still down"), seconds=31)
    assert not may(workspace, 60)
    assert may(workspace, 61)


def test_an_answer_closes_the_breaker(workspace):
    for _ in range(5):
        fail(workspace, SentinelUnavailable("down"))
    note_success(workspace_id=workspace, now=after(40))
    assert may(workspace, 41)
    standing = connection_health_of(workspace, now=after(41))
    assert (standing.health, standing.reached_at, standing.error) == (Health.WELL, after(40), "")


def test_an_error_of_azure_that_says_when_is_believed(workspace):
    fail(workspace, SentinelUnavailable("busy", status=503, retry_after=90))
    assert not may(workspace, 89)
    assert may(workspace, 90)


def test_a_denied_workspace_is_marked_at_once_and_probed_once_a_minute(workspace):
    fail(workspace, SentinelDenied("no", status=403, code="AuthorizationFailed"))
    standing = connection_health_of(workspace, now=NOON)
    assert (standing.health, standing.since) == (Health.DENIED, NOON)
    assert standing.error_code == "AuthorizationFailed"
    assert not may(workspace, 59)
    assert may(workspace, 60)
    fail(workspace, SentinelDenied("no", status=403), seconds=61)
    assert connection_health_of(workspace, now=after(61)).since == NOON


def test_a_missing_right_to_write_does_not_stop_reading(workspace):
    fail(workspace, SentinelDenied("no", status=403), purpose="incidents")
    assert may(workspace, 1)
    assert not may(workspace, 1, purpose="incidents")


def test_a_workspace_that_is_gone_is_marked_and_nothing_is_deleted(workspace):
    fail(workspace, SentinelNotFound("gone", code="ResourceGroupNotFound"))
    assert health(workspace) == Health.GONE
    note_success(workspace_id=workspace, now=after(60))
    assert health(workspace, 60) == Health.WELL


def test_a_conflict_says_nothing_about_the_workspace(workspace):
    fail(workspace, SentinelConflict("newer", status=409))
    assert not Reachability.objects.exists()


def test_answers_in_quick_succession_are_written_once(workspace):
    note_success(workspace_id=workspace, now=NOON)
    note_success(workspace_id=workspace, now=after(5))
    assert connection_health_of(workspace, now=after(5)).reached_at == NOON


def test_a_budget_that_is_nearly_used_up_brings_a_short_silence(workspace):
    note_success(workspace_id=workspace, now=NOON, calls_left={"subscription-reads": 200})
    assert may(workspace, 0)
    note_success(workspace_id=workspace, now=NOON, calls_left={"subscription-reads": 3})
    assert not may(workspace, 1)
    assert may(workspace, 2)


def test_who_must_rest_is_asked_in_one_go(workspace, django_assert_num_queries):
    throttled, denied = make_workspace("porto").pk, make_workspace("lille").pk
    fail(throttled, SentinelThrottled("slow", retry_after=60))
    fail(denied, SentinelDenied("no", status=403), purpose="incidents")
    with django_assert_num_queries(1):
        assert resting_workspaces(now=after(1), purpose="incidents") == {throttled, denied}
    assert resting_workspaces(now=after(1)) == {throttled}
    assert resting_workspaces(now=after(60), purpose="incidents") == set()
