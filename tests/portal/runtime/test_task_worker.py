"""When a worker gives itself up: its consumer takes nothing while the broker takes what is sent."""

import subprocess
import sys

import pytest
from celery.platforms import EX_FAILURE

from portal.celery import Config
from portal.jobs.instances import SILENT_AFTER
from portal.runtime import worker_identity
from portal.runtime.task_worker import (
    MAX_SILENCE,
    MAX_SILENCE_AT_WORK,
    SEND_EVERY,
    ConsumerWatch,
    TaskCounts,
)
from tests.architecture.tree import HOME

NONE, ONE = TaskCounts(), TaskCounts(taken=1, running=1)
LONGEST = 75.0  # seconds until a task has ended that is killed at its hard limit


def look(watch, *, at, until, is_sent=True, work=NONE):
    """Look as often as a worker does; return when it gives itself up, or None."""
    while at <= until:
        if watch.is_stuck(now=at, is_sent=is_sent, work=work):
            return at
        at += SEND_EVERY
    return None


def test_a_consumer_that_takes_what_is_sent_is_never_given_up():
    watch = ConsumerWatch()
    for at in range(0, 1000, int(SEND_EVERY)):
        assert not watch.is_stuck(now=at, is_sent=True, work=NONE)
        watch.note_taken()


@pytest.mark.parametrize(("work", "patience"), [(NONE, MAX_SILENCE), (ONE, MAX_SILENCE_AT_WORK)])
def test_a_consumer_that_takes_nothing_is_given_up_sooner_without_a_task(work, patience):
    found = look(ConsumerWatch(), at=0.0, until=500.0, work=work)
    assert patience < found <= patience + 2 * SEND_EVERY


def test_a_task_that_ends_just_before_the_look_leaves_time_to_take_what_waits_behind_it():
    """A task begins, a message is sent behind it, and waits there longer than a consumer without a
    task may be silent. The task has ended and the message is not taken yet when the worker looks.
    """
    for task in range(1, int(LONGEST)):
        watch = ConsumerWatch()
        watch.note_taken()  # the task itself
        assert look(watch, at=0.5, until=float(task), work=ONE) is None
        after = (watch.looked_at or 0.0) + SEND_EVERY
        assert look(watch, at=after, until=after) is None, f"after a task of {task} s"


def test_a_task_behind_another_in_the_only_place_is_waited_for_as_long_as_that():
    """After a broker that went away a consumer with one child takes a message while its child is at
    work still; both tasks may last as long as they can.
    """
    watch = ConsumerWatch()
    watch.note_taken()
    both = TaskCounts(taken=2, running=1)
    assert look(watch, at=1.0, until=LONGEST, work=both) is None
    assert look(watch, at=LONGEST + 6.0, until=2 * LONGEST, work=ONE) is None
    assert look(watch, at=2 * LONGEST + 1.0, until=2 * LONGEST + MAX_SILENCE - SEND_EVERY) is None


def test_a_consumer_that_takes_nothing_after_its_task_is_given_up_within_a_minute_or_so():
    watch = ConsumerWatch()
    watch.note_taken()
    assert look(watch, at=0.0, until=60.0, work=ONE) is None
    found = look(watch, at=70.0, until=500.0)
    assert found <= 70.0 + MAX_SILENCE + SEND_EVERY


def test_a_worker_that_hangs_is_red_in_two_minutes_and_one_at_work_is_not():
    red = SILENT_AFTER.total_seconds()
    assert Config.task_soft_time_limit + SEND_EVERY < red
    assert red + 20 <= 120, "pages look every 20 s"
    assert red > MAX_SILENCE + 2 * SEND_EVERY, "who ends by itself is back before it is red"


def test_a_broker_that_is_away_excuses_the_consumer():
    watch = ConsumerWatch()
    look(watch, at=0.0, until=MAX_SILENCE - SEND_EVERY)
    assert look(watch, at=MAX_SILENCE, until=500.0, is_sent=False) is None
    assert look(watch, at=510.0, until=510.0 + MAX_SILENCE) is None
    assert look(watch, at=560.0, until=600.0)


def test_a_process_that_stood_still_itself_begins_anew():
    watch = ConsumerWatch()
    look(watch, at=0.0, until=20.0)
    assert look(watch, at=1000.0, until=1000.0 + MAX_SILENCE - SEND_EVERY) is None


UNRECOVERABLE = """
import os, sys
from celery import bootsteps
from portal.celery import app

class Breaks(bootsteps.StartStopStep):
    requires = {"celery.worker.components:Pool"}
    def start(self, worker):
        import billiard
        print(*[child.pid for child in billiard.active_children()], flush=True)
        raise RuntimeError("nobody recovers from this")

app.steps["worker"].add(Breaks)
app.worker_main(["--quiet", "worker", "-Q", "bulk", "-c", "2", "--loglevel", "CRITICAL"])
"""


def test_an_error_that_cannot_be_recovered_from_ends_the_process_and_its_children(db):
    done = subprocess.run(
        [sys.executable, "-c", UNRECOVERABLE],
        cwd=HOME,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == EX_FAILURE, done.stderr
    assert "Unrecoverable error: RuntimeError" in done.stderr
    assert "Ended after an error that cannot be recovered from." in done.stderr
    children = done.stdout.split()
    assert len(children) == 2
    for child in children:
        status = subprocess.run(
            ["ps", "-o", "stat=", "-p", child], check=False, capture_output=True
        )
        assert status.stdout.strip()[:1] in (b"", b"Z")


def test_only_a_worker_has_an_identity():
    assert worker_identity.identity() is None
