"""Moving the demo's clock waits for what its workers are still at, and says how long it takes."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from kombu.exceptions import OperationalError

from alerts.demo import advance


def workers_with(*, reserved=(), active=()):
    """Two workers; the first has these tasks."""
    lists = {
        name: {"intake@here": [{"id": task} for task in tasks], "outbox@here": []}
        for name, tasks in (("reserved", reserved), ("active", active))
    }
    return lambda **_options: SimpleNamespace(**{k: lambda v=v: v for k, v in lists.items()})


@pytest.mark.parametrize(
    ("queued", "at_workers", "is_pending"),
    [
        (0, {}, False),
        (0, {"active": ["of-beat"]}, False),
        (1, {}, True),
        (0, {"reserved": ["ours"]}, True),
        (0, {"active": ["ours"]}, True),
    ],
    ids=["all done", "another runs", "one is queued", "one was taken", "one runs"],
)
def test_a_round_lasts_until_its_own_tasks_have_run(monkeypatch, queued, at_workers, is_pending):
    monkeypatch.setattr(advance, "_count_queued", lambda: queued)
    monkeypatch.setattr(advance.app.control, "inspect", workers_with(**at_workers))
    assert advance.is_pending({"ours"}, workers=2) == is_pending


def test_a_worker_that_does_not_answer_may_have_one_of_them(monkeypatch):
    monkeypatch.setattr(advance, "_count_queued", lambda: 0)
    monkeypatch.setattr(advance.app.control, "inspect", workers_with())
    assert advance.is_pending({"ours"}, workers=3)


def test_nobody_is_waited_for_where_the_broker_is_away(monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(advance, "_count_queued", away)
    assert not advance.is_pending({"ours"}, workers=2)


def test_each_step_says_how_far_it_came_and_how_long_the_rest_takes(monkeypatch):
    moments = iter(range(0, 1000, 30))
    monkeypatch.setattr(advance, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr(advance, "_controls", lambda: [])
    monkeypatch.setattr(advance, "_count_workers", lambda: 0)
    monkeypatch.setattr(advance, "move_clock", lambda by: None)
    lines = []
    advance.advance_clocks(timedelta(days=1, hours=12), report=lines.append)
    assert lines == [
        "Moving the clock by 36 hours. Tagout's workers follow each half day.",
        "12 hours done, 0 incidents came. About 60 s to go.",
        "24 hours done, 0 incidents came. About 30 s to go.",
        "36 hours done, 0 incidents came. It took 90 s.",
    ]
