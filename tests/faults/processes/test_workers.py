"""F32 to F35: children of workers that die, jobs that kill or hang, workers that are replaced."""

import os
import random
import signal
import subprocess
import time

import pytest

from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import IncidentRaw
from alerts.outbox.models import Change
from portal import clock
from portal.jobs.models import Job, JobState
from portal.jobs.services import LEASE
from portal.notifications.models import Mail
from tests.faults.processes.stack import has_ended
from tests.faults.processes.subjects import EATS, HANGS_ONCE, KILLS, SLOW

MAX_TRIES = 4


def memory_of(pid: int) -> float:
    """Resident memory of a process in MB."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(found.stdout) / 1024


def wait_for_the_lease(stack, long):
    """The long form waits until the lease of the dead is over; returns how long that may take."""
    if not long:
        stack.end_leases()
        stack.wake("send_due_mail")
    return LEASE.total_seconds() + 15


@pytest.mark.fault("F32")
def test_f32_a_job_whose_process_is_killed_counts_an_attempt_and_runs_again(stack, measure, long):
    stack.have(beats=1)
    (mail,) = stack.owe_mails(SLOW)
    stack.wait(lambda: stack.tries_of(mail), seconds=180, what="the mail is tried")
    ((pid, _),) = stack.tries_of(mail)
    os.kill(pid, signal.SIGKILL)
    killed_at = time.time()
    patience = wait_for_the_lease(stack, long)
    stack.wait(lambda: stack.is_settled([mail]), seconds=patience + 10, what="it is sent")
    _, (_, again_at) = stack.tries_of(mail)
    measure("runs again after", again_at - killed_at, unit="s", at_most=patience)
    row = Mail.objects.get(pk=mail)
    measure("attempts", row.attempts, at_least=2, at_most=2)
    measure("times sent", stack.times_sent([mail])[mail], at_least=1, at_most=1)


@pytest.mark.fault("F32")
def test_f32_a_child_that_has_grown_is_replaced_after_its_job(stack, measure):
    stack.have(beats=1)
    (mail,) = stack.owe_mails(EATS)
    stack.wait(lambda: stack.is_settled([mail]), seconds=180, what="the mail is sent")
    ((pid, _),) = stack.tries_of(mail)
    stack.wait(lambda: has_ended(pid), seconds=180, what="the large child has gone")
    stack.wait(lambda: len(stack.children()) == 2, seconds=180, what="another in its place")
    largest = max(map(memory_of, stack.children()))
    measure("largest child afterwards", largest, unit="MB", at_most=400)
    measure("times sent", stack.times_sent([mail])[mail], at_least=1, at_most=1)


@pytest.mark.fault("F33")
def test_f33_a_job_that_kills_its_process_is_given_up_and_harms_no_other(stack, measure, long):
    stack.have(beats=1)
    n = 400 if long else 20
    before = seconds_until_sent(stack, ["before"] * n) if long else None
    began = time.monotonic()
    poison, *others = stack.owe_mails(KILLS, *["beside"] * n)
    stack.wait(lambda: stack.is_settled(others), seconds=120, what="mails beside a poison one")
    beside = time.monotonic() - began
    assert not stack.is_settled([poison]), "the others did not wait for it"
    if before is not None:
        more = beside - before
        measure("seconds for the others, beside and alone", more, unit="s more", at_most=15)
    measure(
        "others not sent once",
        n - sum(stack.times_sent(others)[pk] == 1 for pk in others),
        at_most=0,
    )

    until = time.monotonic() + 300
    while not stack.is_settled([poison]):
        assert time.monotonic() < until, "The poison mail is not given up."
        if is_abandoned(stack, poison):
            wait_for_the_lease(stack, long=False)
        time.sleep(0.1)
    row = Mail.objects.get(pk=poison)
    assert row.state == JobState.DEAD
    assert row.latest_error
    measure("tries of the poison job", len(stack.tries_of(poison)), at_least=1, at_most=MAX_TRIES)


def seconds_until_sent(stack, subjects):
    began = time.monotonic()
    mails = stack.owe_mails(*subjects)
    stack.wait(lambda: stack.is_settled(mails), seconds=120, what="mails without a poison one")
    return time.monotonic() - began


def is_abandoned(stack, mail):
    """Whether who tried it last has died."""
    tries = stack.tries_of(mail)
    return bool(tries) and has_ended(tries[-1][0])


@pytest.mark.fault("F34")
def test_f34_a_worker_that_is_replaced_finishes_its_work_and_loses_none(stack, measure, long):
    changing, closing, stops = (1000, 200, 25) if long else (100, 20, 1)
    stack.have(beats=1)
    ours = stack.incidents(closing, title="Ours")
    theirs = stack.incidents(changing, title="Theirs")
    was, dice, drained = stack.effects(), random.Random(34), []
    comment_on_incidents(
        incident_ids=[row.pk for row in ours], message="Replaced.", by=stack.ada, now=clock.now()
    )
    for row in theirs:
        stack.service.control.edit(row.name, properties={"severity": "High"})
    stack.hurry()
    for _ in range(stops):
        stack.have(beats=1)
        n = progress(stack, theirs)
        stack.wait(
            lambda n=n: progress(stack, theirs) > n or is_over(stack, theirs),
            seconds=LEASE.total_seconds() + 30,
            what="a worker that does something",
        )
        time.sleep(dice.uniform(0.0, 0.3))
        drained.append(stack.workers.ask_to_stop())
    held = [rows.filter(state=JobState.RUNNING).count() for rows in (Change.objects, Job.objects)]
    stack.have(beats=1)
    stack.hurry()
    stack.wait(lambda: is_over(stack, theirs), seconds=300, what="everything came in and went out")
    written = stack.effects() - was
    measure("slowest end after SIGTERM", max(drained), unit="s", at_most=30, by_clock=True)
    measure("rows still held by who ended", sum(held), at_most=0)
    measure("edits lost", changing - stored_as_high(theirs), at_most=0)
    measure("acts lost", closing - len(written), at_most=0)
    measure("acts doubled", sum(written.values()) - len(written), at_most=0)


def stored_as_high(rows) -> int:
    """How many of these have come in with the severity that they were given in Sentinel."""
    names = [row.name for row in rows]
    there = IncidentRaw.objects.filter(incident__name__in=names, body__properties__severity="High")
    return there.count()


def progress(stack, theirs) -> int:
    return stored_as_high(theirs) + sum(stack.effects().values())


def is_over(stack, theirs) -> bool:
    return stored_as_high(theirs) == len(theirs) and stack.owes_nothing()


@pytest.mark.fault("F35")
def test_f35_a_job_that_hangs_is_killed_and_runs_again(stack, measure, long):
    """The short form gives the task limits of half a second and one; they are 60 and 70 s."""
    stack.have(beats=0)
    stack.drain("notify")
    (mail,) = stack.owe_mails(HANGS_ONCE)
    limits = {} if long else {"soft_time_limit": 0.5, "time_limit": 1}
    stack.wake("send_due_mail", **limits)
    stack.wait(lambda: stack.tries_of(mail), seconds=180, what="the mail is tried")
    ((pid, tried_at),) = stack.tries_of(mail)
    stack.wait(lambda: has_ended(pid), seconds=120, what="who hangs is killed")
    killed_at = time.time()
    measure("longest run", killed_at - tried_at, unit="s", at_most=75)
    patience = wait_for_the_lease(stack, long)
    while not stack.is_settled([mail]):
        assert time.time() < killed_at + patience, "It does not run again."
        stack.wake("send_due_mail")
        time.sleep(0.5)
    _, (_, again_at) = stack.tries_of(mail)
    measure("runs again after", again_at - killed_at, unit="s", at_most=patience)
    measure("times sent", stack.times_sent([mail])[mail], at_least=1, at_most=1)
