"""Work of once an hour, however often beat is started and however many workers ask."""

from datetime import timedelta

import pytest

from portal.audit import tasks as audit_tasks
from portal.jobs.periods import HOUR, begin_period
from portal.schedule import HOURLY, SCHEDULE
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def test_it_is_due_at_first_and_then_once_in_each_period():
    minutes = [NOON + timedelta(minutes=n) for n in range(180)]
    begun = [at for at in minutes if begin_period("sweep", every=HOUR, now=at)]
    assert begun == [NOON, NOON + HOUR, NOON + 2 * HOUR]
    assert begin_period("another", every=HOUR, now=NOON)


def test_two_that_ask_at_once_do_not_both_begin():
    assert [begin_period("sweep", every=HOUR, now=NOON) for _ in range(2)] == [True, False]


def test_the_head_is_told_every_hour_though_beat_is_started_anew_every_ten_minutes(monkeypatch):
    told = []
    monkeypatch.setattr(audit_tasks, "publish_anchor", lambda: told.append(clock[0]))
    clock = [NOON]
    monkeypatch.setattr("portal.clock.unshifted", lambda: clock[0])
    entry = next(e for e in SCHEDULE.values() if e["task"].endswith("anchor_record"))
    assert entry["schedule"] == HOURLY < 600
    for _beat in range(18):
        for _tick in range(600 // HOURLY):
            clock[0] += timedelta(seconds=HOURLY)
            audit_tasks.anchor_record()
    assert len(told) == 3
