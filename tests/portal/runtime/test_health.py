"""What machines ask: is it alive, can it serve, how far behind is it."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from portal import clock, wsgi
from portal.jobs.instances import SILENT_AFTER
from portal.jobs.models import WorkerInstance
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.runtime import health
from portal.schedule import BUSY_QUEUES

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def nothing_asked_yet(monkeypatch):
    """What one test was answered is nothing to the next."""
    for name in ("_database", "_broker"):
        monkeypatch.setattr(health, name, health._Asker(getattr(health, name)._ask))


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


def away(*args, **kwargs):
    raise OperationalError("the server closed the connection")


@pytest.mark.parametrize("which", ["", "?pages", "?all"])
def test_readyz_refuses_while_the_database_is_away(client, db, monkeypatch, which):
    with monkeypatch.context() as trouble:
        trouble.setattr(CursorWrapper, "execute", away)
        answer = client.get(f"/readyz{which}")
    expected = {"ready": False, "database": "does not answer"}
    assert (answer.status_code, answer.json()) == (503, expected)


@pytest.mark.parametrize(("which", "status"), [("", 503), ("?pages", 200), ("?all", 503)])
def test_readyz_names_an_absent_broker_and_refuses_but_for_pages(
    client, transactional_db, settings, which, status
):
    settings.REDIS_URL = NOWHERE
    answer = client.get(f"/readyz{which}")
    assert (answer.status_code, answer.json()["ready"]) == (status, status == 200)
    assert answer.json().get("broker") == ("does not answer" if status == 503 else None)
    assert answer.json()["silent_workers"] == 0


def test_readyz_names_both_servers_where_both_are_away(client, db, monkeypatch, settings):
    settings.REDIS_URL = NOWHERE
    with monkeypatch.context() as trouble:
        trouble.setattr(CursorWrapper, "execute", away)
        answer = client.get("/readyz")
    assert answer.json() == {
        "ready": False,
        "database": "does not answer",
        "broker": "does not answer",
    }


@pytest.mark.parametrize(("which", "status"), [("", 200), ("?pages", 200), ("?all", 503)])
def test_workers_that_do_no_work_are_told_and_refused_only_with_all(
    client, transactional_db, which, status
):
    now = clock.unshifted()
    for node, ago in (("outbox@one", timedelta()), ("outbox@two", SILENT_AFTER * 2)):
        WorkerInstance.objects.create(name=node, node=node, started_at=now, heard_at=now - ago)
    answer = client.get(f"/readyz{which}")
    assert (answer.status_code, answer.json()["silent_workers"]) == (status, 1)


def test_readyz_costs_three_small_questions(db, django_assert_num_queries):
    heard(*BUSY_QUEUES)
    with django_assert_num_queries(3):
        health.readiness()


@pytest.mark.parametrize("name", ["_database", "_broker"])
def test_a_server_that_is_silent_makes_nobody_wait_and_holds_one_thread(
    client, db, monkeypatch, name
):
    asked, may_end = [], threading.Event()

    def wait():
        asked.append(threading.current_thread())
        may_end.wait(20)
        return {}

    monkeypatch.setattr(health, name, health._Asker(wait))
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    try:
        began = time.monotonic()
        statuses = [client.get("/readyz").status_code for _ in range(5)]
        assert statuses == [503] * 5
        assert time.monotonic() - began < 5
        assert len(asked) == 1
    finally:
        may_end.set()


def test_a_server_that_does_not_answer_is_asked_again_after_a_second(monkeypatch):
    asked = []

    def fail():
        asked.append(1)
        raise OperationalError("no route to the server")

    asker = health._Asker(fail)
    for _ in range(5):
        with pytest.raises(OperationalError):
            asker.begin()()
    assert len(asked) == 1
    monkeypatch.setattr(health, "RETRY_AFTER_FAILURE", 0.0)
    with pytest.raises(OperationalError):
        asker.begin()()
    assert len(asked) == 2


def test_health_is_asked_without_the_cookie_of_a_session(monkeypatch):
    """Whose session would be read from a database that may be silent."""
    seen = []

    def answer(environ, start_response):
        seen.append(environ.get("HTTP_COOKIE"))
        return []

    monkeypatch.setattr(wsgi, "_django", answer)
    for path in wsgi.HEALTH:
        wsgi.application({"PATH_INFO": path, "HTTP_COOKIE": "tagout_session=x"}, None)
    assert seen == [None, None]


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_is_told_without_tls_and_sets_no_cookie(client, db, settings, address):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(address)
    assert answer.status_code == 200
    assert not answer.cookies
