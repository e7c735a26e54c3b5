"""Instances of workers: who is at work, who is silent beside a sister, who is forgotten."""

from datetime import timedelta

import pytest

from portal.jobs.instances import (
    DELETED_AFTER,
    SILENT_AFTER,
    delete_instance,
    delete_old_instances,
    faults_of_instances,
    note_instance,
    silent_instances,
    worker_instances,
)
from portal.runtime.worker_identity import InstanceIdentity
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
FIRST = InstanceIdentity("outbox@one 7 aa", "outbox@one", ("outbox",))
SECOND = InstanceIdentity("outbox@two 7 bb", "outbox@two", ("outbox",))


def names():
    return [instance.name for instance in worker_instances()]


def test_one_that_hangs_is_seen_behind_its_sister():
    note_instance(FIRST, now=NOON)
    for seconds in range(0, 121, 10):
        note_instance(SECOND, now=NOON + timedelta(seconds=seconds))
    now = NOON + timedelta(seconds=120)
    assert [instance.node for instance in silent_instances(now=now)] == ["outbox@one"]
    (fault,) = faults_of_instances(now=now)
    assert fault == "The worker outbox@one has done no work since 2026-11-24T12:00:00+00:00."


def test_one_that_was_started_again_takes_the_place_of_the_one_before():
    note_instance(FIRST, now=NOON)
    again = InstanceIdentity("outbox@one 7 cc", "outbox@one", ("outbox",))
    note_instance(again, now=NOON + timedelta(seconds=20))
    assert names() == [FIRST.name, again.name]  # two that have one name by mistake are both at work
    note_instance(again, now=NOON + SILENT_AFTER + timedelta(seconds=1))
    assert names() == [again.name]


def test_one_that_stops_in_order_is_not_waited_for():
    note_instance(FIRST, now=NOON)
    delete_instance(FIRST)
    assert list(faults_of_instances(now=NOON + timedelta(minutes=5))) == []


def test_one_that_is_gone_is_named_for_an_hour_and_then_forgotten(caplog):
    note_instance(FIRST, now=NOON)
    just_before = NOON + DELETED_AFTER
    delete_old_instances(now=just_before)
    assert len(list(faults_of_instances(now=just_before))) == 1
    delete_old_instances(now=just_before + timedelta(seconds=1))
    assert names() == []
    assert "outbox@one was last at work at 2026-11-24T12:00:00+00:00" in caplog.text


def test_fewer_than_there_should_be_are_a_fault_for_as_long_as_that_is_so(settings):
    settings.EXPECTED_WORKERS = {"outbox": 2}
    note_instance(FIRST, now=NOON)
    assert list(faults_of_instances(now=NOON)) == ["Of 2 workers of the queue outbox, 1 do work."]
    note_instance(SECOND, now=NOON)
    assert list(faults_of_instances(now=NOON)) == []
