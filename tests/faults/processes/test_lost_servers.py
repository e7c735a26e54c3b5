"""F44 to F46: two workers of each queue survive a broker and a database that go away under load, or
whose packets get lost, and one that hangs is seen beside its sister.
"""

import os
import random
import signal
import time

import pytest
from django.db import DatabaseError, connection

import embedded
from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import IncidentRaw
from portal import clock
from portal.jobs.instances import SILENT_AFTER
from portal.jobs.models import WorkerInstance
from tests.faults.conftest import wait_until
from tests.faults.processes.stack import children_of
from tests.faults.proxy import FaultProxy

RED, AT_WORK = 120, 90  # seconds
PATIENCE = 3 * AT_WORK  # of the short form, which has not the machine to itself


@pytest.fixture
def sisters(stack):
    """Two workers at work."""
    stack.have(beats=1, sister="sister")
    stack.wait(lambda: len(nodes_at_work()) == 2, seconds=180, what="both show that they work")
    return [stack.workers, stack.sister]


def nodes_at_work(*, since=None) -> set[str]:
    """The nodes that have shown since then that they work; by default, that are not silent."""
    since = since or clock.unshifted() - SILENT_AFTER
    at_work = WorkerInstance.objects.filter(heard_at__gt=since)
    return {node.partition("@")[0] for node in at_work.values_list("node", flat=True)}


class Load:
    """Comments that are owed to Sentinel, so many at a time that workers are never done."""

    def __init__(self, stack, n):
        self.stack = stack
        self.incidents = stack.incidents(n, title="Load")
        self.before, self.owed, self.turn = stack.effects(), 0, 0
        self.killed_at = clock.unshifted()  # the server that this is about, the last time

    def add(self):
        """Owe one more comment to each incident, and have workers begin."""
        self.turn += 1
        comment_on_incidents(
            incident_ids=[row.pk for row in self.incidents],
            message=f"Turn {self.turn}.",
            by=self.stack.ada,
            now=clock.now(),
        )
        self.owed += len(self.incidents)
        self.stack.hurry()
        n = sum(self.stack.effects().values())
        self.stack.wait(
            lambda: sum(self.stack.effects().values()) > n, seconds=180, what="comments go out"
        )

    def finish(self, measure, long):
        """All go out, each once."""

        def is_out():
            if not long:
                self.stack.end_leases(begun_before=self.killed_at)
            return self.is_out()

        self.stack.wait(is_out, seconds=300, what="all comments are sent")
        written = self.stack.effects() - self.before
        measure("changes", self.owed, at_least=1)
        measure("changes lost", self.owed - len(written), at_most=0)
        measure("changes doubled", sum(written.values()) - len(written), at_most=0)

    def is_out(self):
        self.stack.hurry()
        return self.stack.owes_nothing()


def see_all_at_work(stack, names) -> float:
    """Wait until every instance has worked again; return after how many seconds."""
    began, since = time.monotonic(), clock.unshifted()
    stack.wait(lambda: nodes_at_work(since=since) >= names, seconds=PATIENCE, what="all work again")
    return time.monotonic() - began


@pytest.mark.fault("F44")
def test_f44_every_worker_survives_a_broker_that_is_restarted_under_load(
    stack, sisters, measure, long
):
    dice, load, slowest = random.Random(44), Load(stack, 100 if long else 30), []
    stack.restarts = 0
    turns = 20 if long else 1
    for _ in range(turns):
        load.add()
        stack.servers.kill_broker()
        load.killed_at = clock.unshifted()
        time.sleep(dice.uniform(0.0, 4.0 if long else 1.0))
        stack.servers.start_broker()
        slowest.append(see_all_at_work(stack, {"worker", "sister"}))
    measure("restarts of the broker", turns, at_least=turns)
    measure("slowest worker at work again", max(slowest), unit="s", at_most=AT_WORK, by_clock=True)
    measure("workers that ended and were started again", stack.restarts, at_most=0)
    load.finish(measure, long)
    stack.restarts = 0


@pytest.mark.fault("F44")
def test_f44_every_worker_survives_a_database_that_is_restarted_under_load(
    stack, sisters, measure, long
):
    load, slowest = Load(stack, 100 if long else 30), []
    stack.restarts = 0
    turns = 10 if long else 1
    for _ in range(turns):
        load.add()
        load.killed_at = clock.unshifted()
        stack.servers.kill_database()
        stack.servers.start_database()
        wait_until(database_answers, seconds=180, what="the database answers")
        slowest.append(see_all_at_work(stack, {"worker", "sister"}))
    measure("restarts of the database", turns, at_least=turns)
    measure("slowest worker at work again", max(slowest), unit="s", at_most=AT_WORK, by_clock=True)
    load.finish(measure, long)
    stack.restarts = 0


def database_answers() -> bool:
    try:
        connection.close()
        IncidentRaw.objects.exists()
    except DatabaseError:
        return False
    return True


@pytest.mark.fault("F46")
def test_f46_a_worker_that_hangs_is_seen_beside_its_sister(stack, sisters, measure, long):
    """The short form sets its clock back by a minute, instead of waiting for it."""
    load = Load(stack, 30 if long else 10)
    _, sister = sisters
    pids = [sister.process.pid, *children_of(sister.process.pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        if not long:
            past = clock.unshifted() - SILENT_AFTER
            WorkerInstance.objects.filter(node__startswith="sister@").update(heard_at=past)
        load.add()
        stack.wait(
            lambda: "does no work" in stack.page("/status/")[2],
            seconds=RED,
            what="the page names it",
        )
        measure("red after", time.monotonic() - stopped, unit="s", at_most=RED)
        assert nodes_at_work() == {"worker"}
        status, body = stack.web.get("/readyz")
        assert (status, b'"silent_workers": 1' in body) == (200, True)
        assert stack.web.get("/readyz?all")[0] == 503
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    see_all_at_work(stack, {"worker", "sister"})
    load.finish(measure, long)


@pytest.fixture(scope="module")
def ways(stack):
    """A proxy before the database and one before the broker, for one worker alone."""
    ways = {
        "database": FaultProxy(f"unix:{stack.servers.socket}/.s.PGSQL.5432"),
        "broker": FaultProxy(stack.servers.url),
    }
    yield ways
    for proxy in ways.values():
        proxy.close()


@pytest.fixture
def distant(stack, ways):
    """A worker whose packets to the servers may get lost."""
    database = f"postgresql://postgres@127.0.0.1:{ways['database'].port}"
    stack.have(
        beats=1,
        sister="distant",
        DATABASE_URL=f"{database}/{embedded.DATABASE}?sslmode=disable",
        REDIS_URL=f"redis://127.0.0.1:{ways['broker'].port}/0",
    )
    stack.wait(lambda: "distant" in nodes_at_work(), seconds=180, what="it shows that it works")


@pytest.mark.fault("F45")
@pytest.mark.parametrize("server", ["broker", "database"])
def test_f45_a_worker_survives_that_its_packets_get_lost(
    stack, ways, distant, measure, long, server
):
    load = Load(stack, 100 if long else 30)
    stack.restarts = 0
    load.add()
    ways[server].lose_packets()
    time.sleep(60 if long else 7)
    ways[server].pass_packets()
    load.killed_at = clock.unshifted()
    seconds = see_all_at_work(stack, {"distant"})
    measure(f"{server}: at work again", seconds, unit="s", at_most=AT_WORK, by_clock=True)
    load.finish(measure, long)
    stack.restarts = 0
