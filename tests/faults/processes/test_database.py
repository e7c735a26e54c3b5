"""F37: PostgreSQL is killed in the middle of everything. What was acknowledged is there afterwards,
nothing is there by half, and nobody has to restart anything.
"""

import os
import signal
import threading
import time
from contextlib import suppress

import psycopg
import pytest
from django.db import connection

from alerts.incidents.models import Incident
from alerts.outbox.models import Change

ANSWERS = {200, 503, 0}  # done; not now, for as long as the database is away; no answer


class Commenter:
    """Somebody who comments by the API all the time, and remembers what was acknowledged."""

    def __init__(self, stack, incidents, turn):
        self.stack, self.incidents, self.turn = stack, incidents, turn
        self.answers, self.acknowledged = [], []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._comment)

    def _comment(self):
        n = 0
        while not self._stop.is_set():
            n += 1
            message = f"Comment {n} of crash {self.turn}."
            status = self.stack.comment(self.incidents[n % len(self.incidents)], message)
            self.answers.append(status)
            if status == 200:
                self.acknowledged.append(message)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def kill_in_a_transaction(stack, *, is_whole):
    """Kill the server, or its process that works for a worker, while that writes. The test holds
    half an incident open, too.
    """
    half = psycopg.connect(stack.servers.database_url)
    half.execute("DELETE FROM incidents_incidentraw WHERE incident_id = %s", [lowest_incident()])
    stack.service.control.inject(
        workspace=stack.workspace.name, count=300, properties={"title": "Crash"}
    )
    stack.hurry()
    stack.wake("poll_due_workspaces")
    with psycopg.connect(stack.servers.database_url, autocommit=True) as watch:
        until = time.monotonic() + 120
        while not (pid := pid_of_a_writer(watch)):
            assert time.monotonic() < until, "No worker writes."
        if is_whole:
            stack.servers.kill_database()
        else:
            os.kill(pid, signal.SIGKILL)
    connection.close()
    with suppress(psycopg.Error):
        half.close()


def lowest_incident() -> int:
    return Incident.objects.order_by("pk").values_list("pk", flat=True)[0]


def pid_of_a_writer(watch) -> int | None:
    """The server's process of a worker that is inside a transaction and has written."""
    found = watch.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'tagout-test-worker'"
        " AND backend_xid IS NOT NULL AND query LIKE '%incidents_incident%'"
    ).fetchone()
    return found and found[0]


@pytest.mark.fault("F37")
def test_f37_a_killed_database_loses_nothing_that_was_acknowledged(stack, measure, long):
    stack.have(beats=1)
    incidents = stack.incidents(20, title="Before the crash")
    was, unhealthy, answers, acknowledged = stack.effects(), [], [], []
    for turn in range(10 if long else 2):
        with Commenter(stack, incidents, turn) as commenter:
            stack.wait(lambda c=commenter: len(c.acknowledged) > 5, seconds=120, what="comments")
            kill_in_a_transaction(stack, is_whole=turn % 2 == 0)
            killed, n = time.monotonic(), len(commenter.acknowledged)
            if turn % 2 == 0:
                stack.wait(lambda c=commenter: c.answers[-1] == 503, seconds=120, what="a 503")
                stack.servers.start_database()
            stack.wait(lambda: stack.web.get("/readyz")[0] == 200, seconds=120, what="web is ready")
            stack.wait(
                lambda c=commenter, n=n: len(c.acknowledged) > n + 5, seconds=120, what="comments"
            )
            unhealthy.append(time.monotonic() - killed)
        answers += commenter.answers
        acknowledged += commenter.acknowledged
    if not long:
        stack.end_leases()
    stack.wait(lambda: is_all_in(stack), seconds=300, what="all came in and went out")

    kept = list(
        Change.objects.filter(message__contains="of crash").values_list("message", flat=True)
    )
    there = {words for words in acknowledged if any(words in message for message in kept)}
    written = stack.effects() - was
    measure("kills", len(unhealthy), at_least=1)
    measure("acknowledged comments", len(acknowledged), at_least=1)
    measure("acknowledged and lost", len(acknowledged) - len(there), at_most=0)
    measure("sent twice", sum(written.values()) - len(written), at_most=0)
    measure("stored and not sent", len(kept) - len(written), at_most=0)
    measure("half incidents", Incident.objects.filter(raw=None).count(), at_most=0)
    measure(
        "answers that were neither done nor 503", sum(a not in ANSWERS for a in answers), at_most=0
    )
    measure("longest until healthy", max(unhealthy), unit="s", at_most=60, by_clock=True)


def is_all_in(stack) -> bool:
    """Whether every incident is stored as it is in Sentinel, and nothing is owed."""
    stack.hurry()
    there = stack.listed()
    stored = dict(Incident.objects.values_list("name", "etag"))
    return stored == there and stack.owes_nothing()
