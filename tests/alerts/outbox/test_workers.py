"""Any number of workers share what is due; one that dies leaves nothing doubled or lost."""

import threading
import uuid

import pytest
from django.db import connection

from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.deliver import deliver_one, send_change
from portal.jobs.models import JobState
from portal.jobs.services import claim_due
from tests.conftest import NOON


def claim(clock):
    return claim_due(Change.objects.all(), now=clock.at)


@pytest.mark.parametrize("kind", ["update", "comment"])
def test_a_worker_killed_between_writing_and_settling_leaves_one_effect(
    desk, sentinel, clock, kind
):
    name = sentinel.add_incident()
    if kind == "update":
        desk.enqueue(name, {"severity": "Low"})
    else:
        desk.say(name, "hello")
    clock.go(seconds=10)
    killed = claim(clock)
    send_change(killed, client=sentinel, now=NOON)  # and then it was gone
    assert desk.deliver() is None, "its lease still holds"
    clock.go(seconds=121)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert len(sentinel.writes) == 1


def test_who_lost_the_lease_settles_nothing(desk, sentinel, clock, monkeypatch):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"})
    clock.go(seconds=10)

    def slow_colleague():
        clock.go(seconds=121)
        assert desk.deliver().outcome == ChangeOutcome.SENT

    sentinel.before_next(slow_colleague, verb="get_incident")
    late = desk.deliver()
    assert late.outcome == ChangeOutcome.OPEN
    assert "Another worker" in late.note
    assert len(sentinel.writes) == 1
    assert Change.objects.get().state == JobState.DONE


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_and_never_double(desk, sentinel, clock):
    names = [sentinel.add_incident() for _ in range(20)]
    act = uuid.uuid4()
    for name in names:
        desk.enqueue(name, {"severity": "Low"}, act=act)
        desk.say(name, "closed as agreed", act=act)
    clock.go(seconds=10)
    both, sent, broken = threading.Barrier(2), [[], []], []

    def work(mine):
        def connect(*_):
            if not mine:
                both.wait(60)  # each holds its first write: neither can do all of the work
            return sentinel

        try:
            while one := deliver_one(now=NOON, connect=connect, pause=lambda _: None):
                mine.append(one.change.pk)
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(mine,)) for mine in sent]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not broken
    while one := desk.deliver():  # a worker may leave while the other holds an older write
        sent[0].append(one.change.pk)
    assert sorted(sent[0] + sent[1]) == sorted(Change.objects.values_list("pk", flat=True))
    assert all(sent), "both had work"
    assert len(sentinel.writes) == 40
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
