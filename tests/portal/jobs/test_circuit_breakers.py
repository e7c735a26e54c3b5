"""A far end that does not answer is left alone, and tried by one caller at a time."""

from datetime import timedelta

import pytest

from portal.jobs.circuit_breakers import BREAKER_AFTER, may_call, note_answer, note_failure
from portal.jobs.models import CircuitBreaker
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def fail(times, *, at=NOON):
    for _ in range(times):
        note_failure("mail", error="Connection refused", now=at)


def test_nobody_is_kept_away_before_the_fifth_failure_in_a_row():
    assert may_call("mail", now=NOON)
    fail(BREAKER_AFTER - 1)
    assert may_call("mail", now=NOON)
    note_answer("mail", now=NOON)
    fail(BREAKER_AFTER - 1)
    assert may_call("mail", now=NOON)
    fail(1)
    assert not may_call("mail", now=after(29))
    assert may_call("webhooks", now=NOON), "each far end has its own"


def test_one_caller_in_thirty_seconds_tries_it():
    fail(BREAKER_AFTER)
    assert [may_call("mail", now=after(31)) for _ in range(3)] == [True, False, False]
    assert not may_call("mail", now=after(60))
    assert may_call("mail", now=after(62))


def test_an_answer_closes_the_breaker():
    fail(BREAKER_AFTER)
    row = CircuitBreaker.objects.get()
    assert (row.failing_since, row.latest_error) == (NOON, "Connection refused")
    note_answer("mail", now=after(31))
    assert may_call("mail", now=after(31))
    row.refresh_from_db()
    assert (row.failures, row.failing_since, row.answered_at) == (0, None, after(31))


def test_answers_are_written_once_a_minute():
    note_answer("mail", now=NOON)
    note_answer("mail", now=after(59))
    assert CircuitBreaker.objects.get().answered_at == NOON
    note_answer("mail", now=after(61))
    assert CircuitBreaker.objects.get().answered_at == after(61)
