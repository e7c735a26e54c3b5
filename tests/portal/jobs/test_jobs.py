from datetime import timedelta

import pytest

from portal import clock
from portal.jobs.models import Job, State
from portal.jobs.services import claim_due, ensure_job, move_clock, put_back, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return clock.unshifted()


@pytest.fixture
def job(now):
    return ensure_job(kind="demo", key="one", now=now)


def test_a_claimed_job_is_nobody_elses(job, now):
    assert claim_due(Job.objects.all(), now=now).pk == job.pk
    assert claim_due(Job.objects.all(), now=now) is None


def test_a_job_whose_worker_died_is_taken_again_after_the_lease(job, now):
    first = claim_due(Job.objects.all(), now=now)
    second = claim_due(Job.objects.all(), now=now + timedelta(seconds=121))
    assert second.fence == first.fence + 1
    assert not settle(first, now=now), "the first worker came back too late"
    assert settle(second, now=now)


def test_work_that_is_put_back_waits_for_its_time(job, now):
    claimed = claim_due(Job.objects.all(), now=now)
    assert put_back(claimed, due_at=now + timedelta(minutes=1), error="busy")
    assert claim_due(Job.objects.all(), now=now) is None
    assert claim_due(Job.objects.all(), now=now + timedelta(minutes=1)).attempts == 2


def test_a_job_that_kills_its_worker_is_given_up_after_four_attempts(job, now):
    for turn in range(4):
        assert claim_due(Job.objects.all(), now=now + timedelta(minutes=5 * turn))
    assert claim_due(Job.objects.all(), now=now + timedelta(hours=1)) is None
    assert Job.objects.get().state == State.DEAD


def test_a_settled_job_that_is_asked_for_again_is_due_again(job, now):
    settle(claim_due(Job.objects.all(), now=now), now=now)
    ensure_job(kind="demo", key="one", now=now)
    assert claim_due(Job.objects.all(), now=now).pk == job.pk


def test_the_demos_clock_moves_business_time_but_not_leases():
    before = clock.now()
    assert move_clock(by=timedelta(days=8)) == 8 * 86400
    assert clock.now() - before >= timedelta(days=8)
    assert abs(clock.unshifted() - before) < timedelta(minutes=1)
