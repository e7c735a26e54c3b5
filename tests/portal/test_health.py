"""What machines ask: is it alive, can it serve, how far behind is it."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from portal import clock
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.schedule import BUSY_QUEUES


def heard(*queues, ago=0):
    for queue in queues:
        keep_note(kind=HEARTBEAT, key=queue, now=clock.unshifted() - timedelta(seconds=ago))


def test_healthz_answers_strangers_without_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_readyz_knows_no_lag_before_every_queue_was_heard(client, db):
    heard(*BUSY_QUEUES[1:])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "lag_seconds": None})


def test_readyz_tells_the_lag_of_the_most_silent_queue_and_stays_ready(client, db):
    heard(*BUSY_QUEUES[1:], "a queue of yesterday")
    heard(BUSY_QUEUES[0], ago=600)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert 600 <= answer.json()["lag_seconds"] < 660


def test_readyz_refuses_while_the_database_is_away(client, db, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as trouble:
        trouble.setattr(CursorWrapper, "execute", away)
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


def test_readyz_costs_three_small_questions(client, db, django_assert_num_queries):
    heard(*BUSY_QUEUES)
    with django_assert_num_queries(3):
        client.get("/readyz")


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_is_told_without_tls_and_sets_no_cookie(client, db, settings, address):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(address)
    assert answer.status_code == 200
    assert not answer.cookies
