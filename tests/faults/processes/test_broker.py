"""F27 and F28: a broker that refuses or hangs slows no page, and work waits in PostgreSQL."""

import time
from itertools import count
from statistics import quantiles

import pytest

from alerts.outbox.models import Change, ChangeOutcome
from portal.jobs.models import JobState

PAGES = ("/", "/incidents/")
BLOCK = 5  # requests to each page between two changes of the broker
numbers = count(1)


def percentile(seconds):
    return quantiles(seconds, n=20)[-1]


def of_the_fastest(taken):
    """Seconds of one request to each page, each the fastest there was."""
    return sum(map(min, taken.values()))


def of_the_slow(taken):
    """Seconds of the 95th percentile of all requests."""
    return percentile([seconds for of_page in taken.values() for seconds in of_page])


def max_growth(long):
    """In per cent. A page that waits for the broker takes ten times as long; how much less is told
    from noise depends on what else the machine does.
    """
    return 10 if long else 40


def compare_pages(stack, *, sick, well, long):
    """Ask for pages by turns with the broker sick and well. Returns how many were no pages, and
    by how many % they were slower with a sick one.

    The long form has the machine to itself and compares the 95th percentiles. In the suite other
    tests take the cores away for longer than a page needs, so the short form compares the fastest
    requests, which a page that waits for the broker makes slower too. Where the machine is busy
    more turns are taken, up to four times as many.
    """
    compared, blocks = (of_the_slow, 40) if long else (of_the_fastest, 3)
    bound = max_growth(long)
    taken = {change: {path: [] for path in PAGES} for change in (sick, well)}
    errors = turns = 0
    while True:
        for _ in range(blocks):
            turns += 1
            for change in (sick, well):
                change()
                for path in PAGES * BLOCK:
                    status, seconds, _ = stack.page(path)
                    taken[change][path].append(seconds)
                    errors += status != 200
        growth = 100 * (compared(taken[sick]) / compared(taken[well]) - 1)
        if growth < bound or turns >= 4 * blocks:
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
        state=JobState.WAITING,
        outcome=ChangeOutcome.OPEN,
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
        long=long,
    )
    measure(
        f"growth of {'p95' if long else 'the fastest'}", growth, unit="%", below=max_growth(long)
    )
    stack.servers.kill_broker()
    was = stack.effects()
    status, seconds, text = stack.page("/status/")
    assert (status, "does not answer" in text) == (200, True)
    measure("page of the status", seconds, unit="s", at_most=1 if long else 5)
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
        long=long,
    )
    measure(
        f"growth of {'p95' if long else 'the fastest'}", growth, unit="%", below=max_growth(long)
    )
    stack.servers.hang_broker()
    began, was = time.monotonic(), stack.effects()
    status, seconds, text = stack.page("/status/")
    assert (status, "does not answer" in text) == (200, True)
    measure("page of the status", seconds, unit="s", at_most=1 if long else 5)
    measure("errors of pages", errors, at_most=0)
    waiting = act_without_a_broker(stack, incidents)
    measure(
        "acts that wait in PostgreSQL", waiting, at_least=len(incidents), at_most=len(incidents)
    )
    if long:
        time.sleep(120 - (time.monotonic() - began))
    stack.servers.wake_broker()
    see_work_resume(stack, measure, was, incidents)
