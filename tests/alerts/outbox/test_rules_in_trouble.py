"""Missing rights, silences, stops and many workspaces: what goes first, and what waits."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.outbox.models import Landing, RulePriority, WantedRule
from alerts.outbox.services.deliver_rules import push_rules
from alerts.outbox.tasks import deliver_due_rules
from alerts.sentinel.client.port import (
    SentinelDenied,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import Reachability, Workspace
from portal.jobs.models import JobState
from tests.alerts.outbox.bench import Bench, body
from tests.conftest import NOON
from tests.decided import allow_every_row
from tests.factories.incidents import make_workspace
from tests.faults.conftest import wait_until
from tests.memory_sentinel import standing_in


@pytest.fixture
def bench(workspace, sentinel, clock, monkeypatch):
    allow_every_row(monkeypatch)
    return Bench(workspace, sentinel)


def test_a_missing_right_waits_and_names_it(bench, clock):
    words = "Azure does not allow this (AuthorizationFailed: …/automationRules/write)."
    denied = SentinelDenied(words, status=403, code="AuthorizationFailed")
    bench.sentinel.fail_next(denied, verb="put_automation_rule")
    bench.set_desired()
    assert bench.deliver().outcome == Landing.PENDING
    assert "automationRules/write" in bench.row.latest_error
    assert Reachability.objects.get(purpose="rules").denied_since
    assert bench.deliver() is None
    clock.go(minutes=6)
    assert bench.deliver().outcome == Landing.LANDED


def test_azures_own_wait_is_kept_even_by_the_gate(bench, clock):
    bench.sentinel.fail_next(
        SentinelThrottled("Azure asks for fewer calls.", retry_after=400),
        verb="put_automation_rule",
    )
    bench.set_desired(urgency=RulePriority.STOP)
    bench.deliver()
    clock.go(seconds=399)
    assert bench.deliver() is None
    clock.go(seconds=2)
    assert bench.deliver().outcome == Landing.LANDED


def test_a_stop_does_not_wait_for_what_befell_other_calls(bench, clock):
    Reachability.objects.create(
        workspace=bench.workspace, purpose="incidents", not_before=clock.at + timedelta(hours=1)
    )
    bench.set_desired()
    assert bench.deliver() is None
    bench.set_desired(body(days=2), urgency=RulePriority.STOP)
    assert bench.deliver().outcome == Landing.LANDED


def test_a_stop_takes_the_row_from_a_worker_that_may_be_dead(bench):
    bench.set_desired()
    WantedRule.objects.update(state=JobState.RUNNING, fence=1)
    WantedRule.objects.update(lease_until=NOON + timedelta(minutes=2))
    assert bench.deliver() is None
    bench.set_desired(body(days=2), urgency=RulePriority.STOP, insists=True)
    assert bench.deliver(stops_only=True).outcome == Landing.LANDED


def test_a_paused_workspace_gets_nothing_new_but_can_be_stopped(bench):
    bench.set_desired()
    bench.deliver()
    Workspace.objects.update(state=Workspace.State.PAUSED)
    bench.set_desired(body(days=2))
    assert bench.deliver() is None
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there is None


def test_the_gate_goes_first_and_one_workspace_does_not_hold_up_another(bench, sentinel):
    other = Bench(make_workspace("porto"), sentinel)
    bench.set_desired(urgency=RulePriority.LEASE)
    other.set_desired(urgency=RulePriority.STOP)
    assert bench.deliver().rule.workspace == other.workspace
    sentinel.fail_next(SentinelUnavailable("Away."), verb="get_automation_rule")
    assert bench.deliver().outcome == Landing.PENDING
    other.set_desired(body(days=2))
    assert bench.deliver().outcome == Landing.LANDED


def test_command_and_wake_up_bring_rules_there_too(bench, capsys):
    bench.set_desired()
    with standing_in(bench.sentinel):
        call_command("deliver", "gdansk", "--json")
        assert json.loads(capsys.readouterr().out)["rules"]["landed"] == 1
        bench.want_none()
        deliver_due_rules.run(asked_by="a later version")
    assert bench.there is None


@pytest.mark.django_db(transaction=True)
def test_gates_of_many_workspaces_do_not_wait_for_each_other(bench, sentinel):
    slow, quick = bench, Bench(make_workspace("porto"), sentinel)
    slow.set_desired(urgency=RulePriority.STOP)
    quick.set_desired(urgency=RulePriority.STOP)
    hangs = threading.Event()

    class Slow:
        def __getattr__(self, name):
            assert hangs.wait(120)
            return getattr(sentinel, name)

    def connect(workspace, purpose):
        return Slow() if workspace == slow.workspace else sentinel

    before = set(threading.enumerate())
    push_rules(
        workspace_ids=[slow.workspace.pk, quick.workspace.pk],
        connect=connect,
        now=NOON,
        seconds=2,
        stops_only=True,
    )
    left = set(threading.enumerate()) - before
    assert left, "we are back while the slow one hangs"
    wait_until(lambda: quick.row.is_as_wanted, seconds=60, what="the quick one has its gate")
    assert not slow.row.is_as_wanted
    hangs.set()
    for thread in left:
        thread.join(60)  # to the end, where it closes its connection
    assert slow.row.is_as_wanted, "what hung lands when it can"
