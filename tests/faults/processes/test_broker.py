"""F27 and F28: a broker that refuses or hangs slows no page, and work waits in PostgreSQL."""

import time
from itertools import count
from statistics import quantiles

import pytest

from alerts.outbox.models import Change, Outcome
from portal.jobs.models import State

PAGES = ("/", "/incidents/")
BLOCK = 5  # requests to each page between two changes of the broker
numbers = count(1)


def percentile(seconds):
    return quantiles(seconds, n=20)[-1]


def compare_pages(stack, *, sick, well, blocks):
    """Ask for pages by turns with the broker sick and well. Returns how many were no pages, and
    the growth of their 95th percentile in %. A machine that is busy elsewhere slows some turns
    and not others: then more are taken, up to four times as many.
    """
    taken, errors = {sick: [], well: []}, 0
    while True:
        for _ in range(blocks):
            for change in (sick, well):
                change()
                for path in PAGES * BLOCK:
                    status, seconds, _ = stack.page(path)
                    taken[change].append(seconds)
                    errors += status != 200
        growth = 100 * (percentile(taken[sick]) / percentile(taken[well]) - 1)
        if growth < 10 or len(taken[well]) >= 4 * blocks * BLOCK * len(PAGES):
            return errors, growth


def act_without_a_broker(stack, incidents):
    """Comment on each incident; returns how many comments wait in PostgreSQL, done by nobody."""
    message = f"Commented without a broker, {next(numbers)}."
    answers = {stack.comment(incident, message) for incident in incidents}
    assert answers == {200}
    stack.hurry()
    time.sleep(0.5)
    waiting = Change.objects.filter(
        incident_name__in=[incident.name for incident in incidents],
        state=State.WAITING,
        outcome=Outcome.OPEN,
    )
    return waiting.count()


def see_work_resume(stack, measure, was, incidents):
    """The comments go out, each once."""
    began = time.monotonic()
    stack.wait(stack.owes_nothing, seconds=90, what="what waited is sent")
    measure("resumed after", time.monotonic() - began, unit="s", at_most=60)
    written = stack.effects() - was
    measure("acts lost", len(incidents) - len(written), at_most=0)
    measure("acts doubled", sum(written.values()) - len(written), at_most=0)


@pytest.mark.fault("F27")
def test_f27_a_broker_that_refuses_stops_no_page_and_loses_no_work(stack, measure, long):
    stack.have(beats=1)
    incidents = stack.incidents(40 if long else 10, title="Refused")
    errors, growth = compare_pages(
        stack,
        sick=stack.servers.kill_broker,
        well=stack.servers.start_broker,
        blocks=40 if long else 3,
    )
    measure("growth of p95", growth, unit="%", below=10)
    stack.servers.kill_broker()
    was = stack.effects()
    status, seconds, text = stack.page("/status/")
    assert (status, "does not answer" in text) == (200, True)
    measure("page of the status", seconds, unit="s", at_most=1)
    measure("errors of pages", errors, at_most=0)
    waiting = act_without_a_broker(stack, incidents)
    measure(
        "acts that wait in PostgreSQL", waiting, at_least=len(incidents), at_most=len(incidents)
    )
    stack.servers.start_broker()
    see_work_resume(stack, measure, was, incidents)


@pytest.mark.fault("F28")
def test_f28_a_broker_that_hangs_stops_no_page_and_work_resumes(stack, measure, long):
    stack.have(beats=1)
    incidents = stack.incidents(40 if long else 10, title="Hung")
    errors, growth = compare_pages(
        stack,
        sick=stack.servers.hang_broker,
        well=stack.servers.wake_broker,
        blocks=40 if long else 3,
    )
    measure("growth of p95", growth, unit="%", below=10)
    stack.servers.hang_broker()
    began, was = time.monotonic(), stack.effects()
    status, seconds, text = stack.page("/status/")
    assert (status, "does not answer" in text) == (200, True)
    measure("page of the status", seconds, unit="s", at_most=1)
    measure("errors of pages", errors, at_most=0)
    waiting = act_without_a_broker(stack, incidents)
    measure(
        "acts that wait in PostgreSQL", waiting, at_least=len(incidents), at_most=len(incidents)
    )
    if long:
        time.sleep(120 - (time.monotonic() - began))
    stack.servers.wake_broker()
    see_work_resume(stack, measure, was, incidents)
