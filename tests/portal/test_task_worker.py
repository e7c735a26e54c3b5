"""When a worker gives itself up: its consumer takes nothing while the broker takes what is sent."""

import subprocess
import sys

import pytest
from celery.platforms import EX_FAILURE

from portal import worker_identity
from portal.task_worker import MAX_SILENCE, MAX_SILENCE_AT_WORK, SEND_EVERY, ConsumerWatch
from tests.architecture.tree import HOME


def look(watch, *, at, until, is_sent=True, is_at_work=False):
    """Look as often as a worker does; return when it gives itself up, or None."""
    while at <= until:
        if watch.is_stuck(now=at, is_sent=is_sent, is_at_work=is_at_work):
            return at
        at += SEND_EVERY
    return None


def test_a_consumer_that_takes_what_is_sent_is_never_given_up():
    watch = ConsumerWatch()
    for at in range(0, 1000, int(SEND_EVERY)):
        assert not watch.is_stuck(now=at, is_sent=True, is_at_work=False)
        watch.note_taken()


@pytest.mark.parametrize(
    ("is_at_work", "patience"), [(False, MAX_SILENCE), (True, MAX_SILENCE_AT_WORK)]
)
def test_a_consumer_that_takes_nothing_is_given_up_sooner_without_a_task(is_at_work, patience):
    found = look(ConsumerWatch(), at=0.0, until=500.0, is_at_work=is_at_work)
    assert patience < found <= patience + SEND_EVERY


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
