"""F27 and F28: a broker that refuses or hangs slows no page, and work waits in PostgreSQL."""

import time
from itertools import count
from statistics import quantiles

import pytest

from alerts.outbox.models import Change, ChangeOutcome
from portal.jobs.models import JobState
from tests.faults.conftest import wait_until

PAGES = ("/", "/incidents/")
BLOCK, FEW = 5, 2  # requests to each page between two changes of the broker
numbers = count(1)


def of_the_slow(taken):
    """Return the 95th percentile of these seconds."""
    return quantiles(taken, n=20)[-1]


def compare_pages(stack, measure, *, sick, well, long):
    """Ask for pages by turns with the broker sick and well, and measure what a sick one costs.

    Whoever waits for a broker has called it: in both forms no page does. By how much pages are
    slower beside a sick broker is noise where other tests take the cores away for longer than a
    page needs, so only the long form, which has the machine to itself, holds that to its bound.
    """
    taken = {change: [] for change in (sick, well)}
    errors = 0
    stack.way.drop_connections()  # what health has open would be reused without a call
    for _ in range(40 if long else 1):
        for change, seconds_of_change in taken.items():
            change()
            for path in PAGES * (BLOCK if long else FEW):
                status, seconds, _ = stack.page(path)
                seconds_of_change.append(seconds)
                errors += status != 200
    calls = len(stack.way.connections)
    growth = 100 * (of_the_slow(taken[sick]) / of_the_slow(taken[well]) - 1)
    measure("calls of pages to the broker", calls, at_most=0)
    measure("growth of p95", growth, unit="%", below=10, by_clock=True)
    measure("errors of pages", errors, at_most=0)


def see_status_name_it(stack, measure):
    """The page of the status does call the broker, and waits only a moment for it."""
    status, seconds, text = stack.page("/status/")
    assert (status, "does not answer" in text) == (200, True)
    wait_until(lambda: stack.way.connections, seconds=30, what="it has called the broker")
    measure("page of the status", seconds, unit="s", at_most=1, by_clock=True)


def act_without_a_broker(stack, incidents):
    """Comment on each incident; returns how many comments wait in PostgreSQL, done by nobody."""
    message = f"Commented without a broker, {next(numbers)}."
    answers = {stack.comment(incident, message) for incident in incidents}
    assert answers == {200}
    stack.hurry()
    time.sleep(0.5)
    waiting = Change.objects.filter(
        incident_name__in=[incident.name for incident in incidents],
        state=JobState.WAITING,
        outcome=ChangeOutcome.OPEN,
    )
    return waiting.count()


def see_work_resume(stack, measure, was, incidents):
    """The comments go out, each once."""
    began = time.monotonic()
    stack.wait(stack.owes_nothing, seconds=180, what="what waited is sent")
    measure("resumed after", time.monotonic() - began, unit="s", at_most=60, by_clock=True)
    written = stack.effects() - was
    measure("acts lost", len(incidents) - len(written), at_most=0)
    measure("acts doubled", sum(written.values()) - len(written), at_most=0)


@pytest.mark.fault("F27")
def test_f27_a_broker_that_refuses_stops_no_page_and_loses_no_work(stack, measure, long):
    stack.have(beats=1)
    incidents = stack.incidents(40 if long else 10, title="Refused")
    servers = stack.servers
    compare_pages(stack, measure, sick=servers.kill_broker, well=servers.start_broker, long=long)
    stack.servers.kill_broker()
    was = stack.effects()
    see_status_name_it(stack, measure)
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
    servers = stack.servers
    compare_pages(stack, measure, sick=servers.hang_broker, well=servers.wake_broker, long=long)
    stack.servers.hang_broker()
    began, was = time.monotonic(), stack.effects()
    see_status_name_it(stack, measure)
    waiting = act_without_a_broker(stack, incidents)
    measure(
        "acts that wait in PostgreSQL", waiting, at_least=len(incidents), at_most=len(incidents)
    )
    if long:
        time.sleep(120 - (time.monotonic() - began))
    stack.servers.wake_broker()
    see_work_resume(stack, measure, was, incidents)
