"""What machines ask: is it alive, can it serve, how far behind is it."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from portal import clock, health
from portal.jobs.instances import SILENT_AFTER
from portal.jobs.models import WorkerInstance
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.schedule import BUSY_QUEUES


def heard(*queues, ago=0):
    for queue in queues:
        keep_note(kind=HEARTBEAT, key=queue, now=clock.unshifted() - timedelta(seconds=ago))


def test_healthz_answers_strangers_without_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_there_is_no_lag_before_every_queue_was_heard(db):
    heard(*BUSY_QUEUES[1:])
    assert health.readiness()["lag_seconds"] is None


def test_readyz_tells_the_lag_of_the_most_silent_queue_and_stays_ready(client, transactional_db):
    heard(*BUSY_QUEUES[1:], "a queue of yesterday")
    heard(BUSY_QUEUES[0], ago=600)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert 600 <= answer.json()["lag_seconds"] < 660


def test_readyz_refuses_while_the_database_is_away(client, db, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as trouble:
        trouble.setattr(CursorWrapper, "execute", away)
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


def test_workers_that_do_no_work_and_an_absent_broker_are_told_and_refused_only_with_all(
    client, transactional_db, settings
):
    now = clock.unshifted()
    for node, ago in (("outbox@one", timedelta()), ("outbox@two", SILENT_AFTER * 2)):
        WorkerInstance.objects.create(name=node, node=node, started_at=now, heard_at=now - ago)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["silent_workers"]) == (200, 1)
    assert answer.json()["broker"] == "does not answer"
    assert client.get("/readyz?all").status_code == 503


def test_readyz_costs_three_small_questions(db, django_assert_num_queries):
    heard(*BUSY_QUEUES)
    with django_assert_num_queries(3):
        health.readiness()


def test_a_database_that_is_silent_makes_nobody_wait_and_holds_one_thread(client, monkeypatch):
    asked, may_end = [], threading.Event()

    def wait():
        asked.append(threading.current_thread())
        may_end.wait(20)
        return {"silent_workers": 0}

    monkeypatch.setattr(health, "readiness", wait)
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    try:
        began = time.monotonic()
        statuses = [client.get("/readyz").status_code for _ in range(5)]
        assert statuses == [503] * 5
        assert time.monotonic() - began < 5
        assert len(asked) == 1
    finally:
        may_end.set()


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_is_told_without_tls_and_sets_no_cookie(client, db, settings, address):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(address)
    assert answer.status_code == 200
    assert not answer.cookies
