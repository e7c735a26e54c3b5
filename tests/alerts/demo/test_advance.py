"""Moving the demo's clock waits for what its workers are still at."""

import time
from types import SimpleNamespace

import pytest
from kombu.exceptions import OperationalError

from alerts.demo import advance


@pytest.mark.parametrize(
    ("ages", "is_busy"),
    [([], False), ([0.1, None], False), ([0.1, 5.0], True)],
    ids=["nothing runs", "what runs has just begun", "one runs for long"],
)
def test_a_worker_is_busy_while_a_task_runs_for_longer_than_a_moment(monkeypatch, ages, is_busy):
    tasks = [{"time_start": age and time.time() - age} for age in ages]
    answers = SimpleNamespace(active=lambda: {"intake@here": tasks, "outbox@here": []})
    monkeypatch.setattr(advance.app.control, "inspect", lambda **options: answers)
    assert advance.is_a_worker_busy() == is_busy


def test_nobody_is_waited_for_where_the_broker_is_away(monkeypatch):
    def away(**options):
        raise OperationalError

    monkeypatch.setattr(advance.app.control, "inspect", away)
    assert not advance.is_a_worker_busy()
