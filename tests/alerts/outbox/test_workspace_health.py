"""One sick workspace waits; the others go on, and nobody calls too early."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.outbox.models import Change, ChangeOutcome, Urgency
from alerts.outbox.services.deliver import deliver_one
from alerts.outbox.tasks import deliver_due_changes
from alerts.sentinel.client.port import (
    SentinelDenied,
    SentinelNotFound,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.timeouts import TOTAL_SECONDS
from alerts.sentinel.models import ClientPurpose
from alerts.sentinel.queries import Health, connection_health_of
from portal.celery import app
from portal.jobs.models import JobState
from portal.jobs.services import SLICE
from tests.alerts.outbox.conftest import Desk
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.memory_sentinel import MemorySentinel, standing_in


@pytest.fixture
def well(db, clock):
    return Desk(make_workspace("porto"), MemorySentinel())


@pytest.fixture
def deliver_both(desk, well):
    """Deliver in whichever workspace has something due."""
    sentinels = {desk.workspace.pk: desk.sentinel, well.workspace.pk: well.sentinel}

    def one():
        return deliver_one(
            now=NOON, connect=lambda at, purpose: sentinels[at.pk], pause=lambda _: None
        )

    return one


def test_a_workspace_that_asks_for_silence_gets_it_and_the_others_go_on(
    desk, well, deliver_both, clock
):
    for _ in range(2):
        desk.enqueue(desk.sentinel.add_incident(), {"severity": "Low"})
        well.enqueue(well.sentinel.add_incident(), {"severity": "Low"})
    desk.sentinel.fail_next(SentinelThrottled("Slow down.", retry_after=60))
    clock.go(seconds=10)
    outcomes = []
    while done := deliver_both():
        outcomes.append(done.outcome)
    assert sorted(outcomes) == ["", "sent", "sent"]
    assert len(desk.sentinel.calls) == 1, "the second change was not even tried"
    clock.go(seconds=59)
    assert deliver_both() is None
    clock.go(seconds=1)
    assert [deliver_both().outcome for _ in range(2)] == ["sent", "sent"]


def test_a_thousand_writes_to_one_workspace_do_not_hold_up_one_to_another(
    desk, well, deliver_both, clock
):
    name = desk.sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"}, hold=timedelta(0))
    for _ in range(60):
        desk.say(desk.sentinel.add_incident(), "one of many", hold=timedelta(0))
    clock.go(seconds=5)
    well.enqueue(well.sentinel.add_incident(), {"severity": "Low"}, hold=timedelta(0))
    order = [deliver_both().change.workspace_id for _ in range(62)]
    assert order.index(well.workspace.pk) < 60, "chance lets it through long before the end"


def test_a_person_s_act_anywhere_goes_before_machines_everywhere(desk, well, deliver_both, clock):
    machine = {"urgency": Urgency.MACHINE, "hold": timedelta(0)}
    for _ in range(10):
        desk.enqueue(desk.sentinel.add_incident(), {"severity": "Low"}, **machine)
    clock.go(seconds=5)
    for _ in range(10):
        well.enqueue(well.sentinel.add_incident(), {"severity": "Low"}, hold=timedelta(0))
    order = [deliver_both().change.workspace_id for _ in range(20)]
    assert order == [well.workspace.pk] * 10 + [desk.workspace.pk] * 10


def test_a_workspace_that_is_down_is_only_probed(desk, clock):
    names = [desk.sentinel.add_incident() for _ in range(8)]
    for name in names:
        desk.enqueue(name, {"severity": "Low"})
    desk.sentinel.fail_next(SentinelUnavailable("Away."), times=100)
    clock.go(seconds=10)
    while desk.deliver():
        pass
    assert len(desk.sentinel.calls) == 5, "then the breaker opened"
    clock.go(seconds=31)
    while desk.deliver():
        pass
    assert len(desk.sentinel.calls) == 6
    desk.sentinel._failures.clear()
    clock.go(minutes=6)
    assert desk.deliver_all().count(ChangeOutcome.SENT) == 8
    assert not Change.objects.exclude(attempts=1).exists(), "waiting costs no attempt"


def test_a_workspace_that_forbids_writing_is_marked(desk, clock):
    desk.enqueue(desk.sentinel.add_incident(), {"severity": "Low"})
    desk.enqueue(desk.sentinel.add_incident(), {"severity": "Low"})
    desk.sentinel.fail_next(SentinelDenied("Not allowed.", status=403), verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    assert desk.deliver() is None, "the other one waits, too"
    health = connection_health_of(desk.workspace.pk, now=clock.at, purpose=ClientPurpose.INCIDENTS)
    assert health.health == Health.DENIED
    clock.go(minutes=6)
    assert desk.deliver_all() == [ChangeOutcome.SENT] * 2, (
        "the right is back, and no decision was lost"
    )


def test_a_workspace_that_is_gone_loses_no_change(desk, clock):
    desk.enqueue(desk.sentinel.add_incident(), {"severity": "Low"})
    gone = SentinelNotFound("No such group.", status=404, code="ResourceGroupNotFound")
    desk.sentinel.fail_next(gone)
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    assert Change.objects.get().state == JobState.WAITING
    health = connection_health_of(desk.workspace.pk, now=clock.at, purpose=ClientPurpose.INCIDENTS)
    assert health.health == Health.GONE


def test_the_command_delivers_in_the_foreground_and_counts(desk, clock, capsys):
    sent, lost = desk.sentinel.add_incident(), desk.sentinel.add_incident()
    desk.enqueue(sent, {"severity": "Low"})
    desk.enqueue(lost, {"severity": "Low"})
    desk.sentinel.edit(lost, severity="High")
    clock.go(seconds=10)
    desk.enqueue(sent, {"severity": "High"})
    with standing_in(desk.sentinel):
        call_command("deliver", "gdansk", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "sent": 1,
        "conflicted": 1,
        "failed": 0,
        "dropped": 0,
        "waiting": 1,
        "rules": {"landed": 0, "refused": 0, "held": 0, "waiting": 0},
    }


def test_the_command_knows_its_workspaces(db):
    with pytest.raises(CommandError, match="no workspace named nowhere"):
        call_command("deliver", "nowhere")


def test_a_wake_up_sends_all_that_is_due_and_tolerates_tomorrows_arguments(desk, clock):
    for _ in range(3):
        desk.enqueue(desk.sentinel.add_incident(), {"severity": "Low"})
    clock.go(seconds=10)
    with standing_in(desk.sentinel):
        deliver_due_changes.run(asked_by="a later version")
    assert len(desk.sentinel.writes) == 3


def test_a_call_that_hangs_ends_before_the_worker_has_to():
    """Else the worker's end would count as an attempt, and four of them give the change up."""
    assert app.conf.task_soft_time_limit > SLICE + TOTAL_SECONDS
