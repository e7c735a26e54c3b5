"""F38: locks that are held, deadlocks, serialization errors, no free connection. Nobody waits for
long, who asked for something is told that it was not done, and work that was refused is done later.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.models import Incident, IncidentRaw, TimelineItem
from alerts.intake import tasks
from alerts.outbox.models import Change, ChangeOutcome
from portal import clock
from portal.jobs.services import MAX_ATTEMPTS
from tests.factories.incidents import make_incident, make_workspace
from tests.faults.conftest import wait_until
from tests.faults.intake import azure
from tests.faults.outbox import deliver_all, let_holds_and_waits_pass

__all__ = ["azure"]

pytestmark = pytest.mark.django_db(transaction=True)
# What is asked is answered while the lock is still held: that nobody waits for its end is shown by
# every run, and by the long form how long it takes.
LONGEST = 3 + 2  # seconds: LOCK_TIMEOUT_MS, and what else there is to do
NARROW = "tagout_tests_without_connections"


@pytest.fixture
def stranger(transactional_db):
    """A session of somebody else on the same database."""
    database = settings.DATABASES["default"]
    with psycopg.connect(
        host=database["HOST"],
        user=database["USER"],
        dbname=connection.settings_dict["NAME"],
    ) as session:
        yield session


def lock(session, pk):
    session.execute("SELECT 1 FROM incidents_incident WHERE id = %s FOR UPDATE", [pk])


@pytest.fixture
def incidents(transactional_db):
    workspace = make_workspace()
    rows = [make_incident(workspace) for _ in range(2)]
    for row in rows:
        properties = {"title": row.title, "severity": "Medium", "status": "New", "labels": []}
        IncidentRaw.objects.create(
            incident=row, body={"name": row.name, "properties": properties | {"owner": {}}}
        )
    return rows


@pytest.fixture
def escalate(client, sam, incidents):
    """Ask for one act on both incidents; returns the answer's status and how long that took."""
    client.force_login(sam)
    client.raise_request_exception = False

    def asked():
        began = time.monotonic()
        data = {"incident": [row.pk for row in incidents], "act": str(uuid4())}
        answer = client.post("/incidents/act/escalate/", data)
        return answer.status_code, time.monotonic() - began

    return asked


def was_done():
    return Change.objects.exists() or TimelineItem.objects.exists()


@pytest.mark.fault("F38")
def test_f38_who_meets_a_held_lock_or_a_deadlock_is_told_within_seconds(
    escalate, incidents, stranger, long, measure
):
    lower, higher = sorted(row.pk for row in incidents)
    longest, half_done = 0.0, 0
    for _ in range(5 if long else 1):
        lock(stranger, higher)
        status, seconds = escalate()
        stranger.rollback()
        assert status == 503
        longest, half_done = max(longest, seconds), half_done + was_done()

        lock(stranger, higher)
        with ThreadPoolExecutor(1) as apart:
            answer = apart.submit(run_apart, escalate)
            wait_until(is_waiting, seconds=60, what="our request waits for a lock")
            lock(stranger, lower)  # who waited first is told
            status, seconds = answer.result()
        stranger.rollback()
        assert status == 503
        longest, half_done = max(longest, seconds), half_done + was_done()
    assert escalate()[0] < 400 and was_done(), "afterwards it is done"
    measure("longest wait for an answer", longest, unit="s", at_most=LONGEST, by_clock=True)
    measure("acts half done", half_done, at_most=0)


def run_apart(work):
    """In a thread of its own, with a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def is_waiting():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0] > 0


WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
BREAK_FIRST = """
CREATE SEQUENCE broken_inserts;
CREATE FUNCTION break_inserts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('broken_inserts') <= {n} THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break_inserts BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION break_inserts()
"""
MEND = "DROP FUNCTION break_inserts() CASCADE; DROP SEQUENCE broken_inserts"


@pytest.fixture
def break_writes(transactional_db):
    """Let the first writes of a table end with an error of PostgreSQL's, as under contention."""

    def broken(table, *, code, n, event="INSERT"):
        with connection.cursor() as cursor:
            cursor.execute(BREAK_FIRST.format(table=table, code=code, n=n, event=event))

    yield broken
    with connection.cursor() as cursor:
        cursor.execute(MEND)


@pytest.mark.fault("F38")
@pytest.mark.parametrize("code", ["40001", "40P01"], ids=["serialization", "deadlock"])
def test_f38_workers_try_again_what_the_database_refused(
    azure, sam, break_writes, stranger, code, measure
):
    workspace = azure.register(0)
    azure.inject(5)
    break_writes("incidents_incident", code=code, n=2)
    runs = 0
    while azure.missed(workspace) and runs < 10:
        azure.go(20, step=20)
        runs += 1
    rows = list(Incident.objects.all())
    close_incidents(
        incident_ids=[row.pk for row in rows],
        classification="BenignPositive",
        reason="SuspiciousButExpected",
        by=sam,
        now=clock.now(),
    )
    let_holds_and_waits_pass()
    lock(stranger, rows[0].pk)
    began = time.monotonic()
    deliver_all()
    waited = time.monotonic() - began
    stranger.rollback()
    let_holds_and_waits_pass()
    deliver_all()
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    attempts = max(Change.objects.values_list("attempts", flat=True))
    measure("runs until all is stored", runs, at_most=4)
    measure("attempts of one write", attempts, at_most=MAX_ATTEMPTS)
    measure("longest wait of a worker", waited, unit="s", at_most=LONGEST, by_clock=True)


@pytest.fixture
def without_connections(transactional_db):
    """For a while we are a role that gets no connection, as when all of them are taken."""
    user = connection.settings_dict["USER"]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {NARROW}")
        cursor.execute(f"CREATE ROLE {NARROW} LOGIN CONNECTION LIMIT 0")

    @contextmanager
    def nothing_left():
        connection.close()
        connection.settings_dict["USER"] = NARROW
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["USER"] = user

    yield nothing_left
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE {NARROW}")


@pytest.mark.fault("F38")
def test_f38_without_a_free_connection_pages_say_so_at_once_and_work_waits(
    azure, client, sam, without_connections, measure
):
    workspace = azure.register(0)
    azure.go(40)
    azure.inject(5)
    client.force_login(sam)
    client.raise_request_exception = False
    statuses, longest = [], 0.0
    with without_connections():
        for path in ("/readyz", "/", "/incidents/", "/api/v1/incidents/"):
            began = time.monotonic()
            statuses.append(client.get(path).status_code)
            longest = max(longest, time.monotonic() - began)
        with pytest.raises(OperationalError, match="too many connections"):
            tasks.poll_due_workspaces()
    assert statuses == [503] * 4
    assert client.get("/incidents/").status_code == 200
    azure.go(40)
    measure("longest wait for an answer", longest, unit="s", at_most=LONGEST, by_clock=True)
    measure("missed afterwards", azure.missed(workspace), at_most=0)
