from datetime import timedelta

import pytest
from django.db import transaction

from portal import clock
from portal.jobs.models import Job, JobState
from portal.jobs.services import (
    WORKER_DIED,
    claim_due,
    do_next,
    ensure_job,
    lock_claim,
    move_clock,
    put_back,
    put_back_after,
    restart_job,
    run_while_due,
    settle,
)

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
    assert Job.objects.get().state == JobState.DEAD


def test_a_settled_job_that_is_asked_for_again_is_due_again(job, now):
    settle(claim_due(Job.objects.all(), now=now), now=now)
    ensure_job(kind="demo", key="one", now=now)
    assert claim_due(Job.objects.all(), now=now).pk == job.pk


def test_work_that_fails_waits_longer_each_time_and_leaves_other_rows_alone(job, now):
    other = ensure_job(kind="demo", key="two", now=now)

    def fail_at_first(row):
        if row.pk == job.pk:
            raise ValueError("oh")
        settle(row, now=now)

    assert do_next(Job.objects.all(), work=fail_at_first, now=now)
    assert do_next(Job.objects.all(), work=fail_at_first, now=now)
    assert not do_next(Job.objects.all(), work=fail_at_first, now=now), "nothing else is due"
    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, job.latest_error, other.state) == (JobState.WAITING, "oh", JobState.DONE)
    assert job.due_at == now + timedelta(seconds=10)
    assert do_next(Job.objects.all(), work=fail_at_first, now=job.due_at)
    assert Job.objects.get(pk=job.pk).due_at == job.due_at + timedelta(seconds=60)


def test_who_gives_up_decides_so_where_the_error_arrives(job, now):
    errors = []

    def give_up(row, error):
        errors.append(str(error))
        settle(row, now=now, state=JobState.DEAD)

    assert do_next(Job.objects.all(), work=lambda _row: 1 // 0, now=now, on_error=give_up)
    assert len(errors) == 1
    assert Job.objects.get().state == JobState.DEAD


def test_work_that_kills_its_worker_each_time_is_given_up_and_work_that_fails_is_not(job, now):
    other = ensure_job(kind="demo", key="two", now=now)
    Job.objects.filter(pk=other.pk).update(latest_error="It failed.")
    for turn in range(4):
        while claim_due(
            Job.objects.all(), now=now + timedelta(minutes=5 * turn), max_attempts=None
        ):
            pass
    later, done = now + timedelta(minutes=20), []
    while do_next(Job.objects.all(), work=lambda row: done.append(row.pk), now=later):
        pass
    assert done == [other.pk]
    job.refresh_from_db()
    assert (job.state, job.latest_error) == (JobState.DEAD, WORKER_DIED)


def test_a_round_is_always_put_back_and_an_error_costs_no_attempt(job, now):
    claimed = claim_due(Job.objects.all(), now=now)
    with pytest.raises(ZeroDivisionError), put_back_after(claimed, wait=timedelta(hours=1)):
        raise ZeroDivisionError
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert job.latest_error.startswith("ZeroDivisionError")
    assert job.due_at - clock.unshifted() > timedelta(minutes=59)


def test_a_round_says_when_the_next_one_is_due(job, now):
    claimed = claim_due(Job.objects.all(), now=now)
    with put_back_after(claimed, wait=timedelta(hours=1)) as turn:
        turn.wait = timedelta()
    assert claim_due(Job.objects.all(), now=clock.unshifted()).pk == job.pk


def test_a_job_that_is_restarted_gets_what_is_left_and_its_worker_writes_nothing(job, now):
    Job.objects.update(payload={"left": [1]})
    claimed = claim_due(Job.objects.all(), now=now)
    restart_job(
        kind="demo",
        key="one",
        now=now,
        payload=lambda pending: {"left": [*pending.get("left", ()), 2]},
    )
    with transaction.atomic():
        assert not lock_claim(claimed)
    assert not settle(claimed, now=now)
    again = claim_due(Job.objects.all(), now=now)
    assert (again.payload, again.attempts) == ({"left": [1, 2]}, 1)
    with transaction.atomic():
        assert lock_claim(again)
    settle(again, now=now)
    restart_job(kind="demo", key="one", now=now, payload=lambda pending: {"was": pending})
    assert Job.objects.get().payload == {"was": {}}, "nothing was left of what was done"


def test_a_loop_ends_when_nothing_is_due_or_no_time_is_left():
    steps = iter([True, True, False, True])
    run_while_due(lambda: next(steps))
    assert next(steps)
    run_while_due(pytest.fail, seconds=0)


def test_the_demos_clock_moves_business_time_but_not_leases():
    before = clock.now()
    assert move_clock(by=timedelta(days=8)) == 8 * 86400
    assert clock.now() - before >= timedelta(days=8)
    assert abs(clock.unshifted() - before) < timedelta(minutes=1)
