"""One workspace, rule or request that fails holds up no other, and its list says nothing."""

from datetime import timedelta

import pytest

from alerts.suppression.deploying import leases, left_out_alerts
from alerts.suppression.deploying.left_out_alerts import count_left_out_alerts
from alerts.suppression.deploying.watchlist_gate import list_gate_of, open_list_gate
from alerts.suppression.models import WatchlistRequest
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.worker_roles import without_triggers


@pytest.fixture
def other(workspace):
    """Another workspace, whose turn comes later."""
    return make_workspace("other")


def fails(function, *, at, key):
    """The function, broken for one workspace."""

    def called(*args, **named):
        if (named.get("workspace") or args[0].workspace) == at:
            raise ValueError(key)
        return function(*args, **named)

    return called


def test_a_list_that_cannot_be_compared_is_shut_and_the_next_is_brought_in_line(
    first_round, lists, other, monkeypatch
):
    assert lists.lease
    open_list_gate(workspace=other, until=NOON + timedelta(days=1), now=NOON)
    bring = leases.bring_watchlist_in_line
    monkeypatch.setattr(
        leases, "bring_watchlist_in_line", fails(bring, at=lists.workspace, key="no such row")
    )
    lists.clock.go(minutes=1)
    assert leases.renew_due_leases(now=lists.clock.at) is not None
    lists.far.deliver()
    assert lists.lease is None, "what it holds was not compared"
    assert "signed" in list_gate_of(other.pk).reason, "nobody has switched it on there"
    job = Job.objects.get(kind="suppression.leases")
    assert "gdansk: ValueError: no such row" in job.latest_error
    monkeypatch.undo()


def test_a_workspace_without_gate_does_not_stop_the_lists(request_on, lists, other, monkeypatch):
    monkeypatch.setattr(
        leases, "place_gate", fails(leases.place_gate, at=lists.workspace, key="no gate")
    )
    lists.round()
    assert lists.lease and lists.pairs


def test_what_one_workspace_left_out_is_counted_though_another_fails(
    request_on, first_round, raw, clock, other, monkeypatch
):
    raw()
    with without_triggers():  # nobody has signed this one
        WatchlistRequest.objects.create(
            pk=request_on.pk - 1,
            workspace=other,
            text_hash="0" * 64,
            state="on",
            on_at=NOON,
            proposed_by=request_on.proposed_by,
            proposer_side="ot",
            proposed_at=NOON,
        )
    count = left_out_alerts._count_during
    monkeypatch.setattr(left_out_alerts, "_count_during", fails(count, at=other, key="no facts"))
    clock.go(hours=4)
    assert count_left_out_alerts(now=clock.at) == 1
