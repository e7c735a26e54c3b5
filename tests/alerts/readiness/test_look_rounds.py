"""When rounds of looking go on, pause and begin anew."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps

from alerts.intake.models import Cursor
from alerts.readiness.services.check_workspace import EVERY, SOON, check_due_workspace
from alerts.sentinel.client.port import SentinelThrottled
from portal import clock
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.incidents import make_incident

pytestmark = pytest.mark.django_db


def test_a_round_that_takes_long_goes_on_where_it_stopped(workspace, sentinel, monkeypatch):
    passed = iter(range(0, 10_000, 8))  # each look at the watch is eight seconds later
    watch = SimpleNamespace(monotonic=lambda: next(passed))
    for module in ("check_workspace", "part_reader"):
        monkeypatch.setattr(f"alerts.readiness.services.{module}.time", watch)
    turns = 0
    while turns < 20 and check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel):
        turns += 1
    reads = [call.name for call in sentinel.calls if call.verb == "read_prerequisite"]
    assert turns > 2
    assert len(reads) == len(set(reads)) == 12
    assert Job.objects.get(kind="readiness.read").payload == {}


def test_a_workspace_that_refused_us_is_looked_at_once_its_probe_is_due(workspace, sentinel):
    from alerts.sentinel.models import Reachability

    def step():
        return check_due_workspace(purpose="rules", now=NOON, connect=lambda *_: sentinel)

    unshifted = clock.unshifted()
    row = Reachability.objects.create(
        workspace=workspace, purpose="rules", open_until=unshifted + timedelta(minutes=1)
    )
    assert not step()
    row.open_until = unshifted - timedelta(seconds=1)
    row.save()
    assert step()
    row.refresh_from_db()
    assert row.open_until is None


def test_a_round_falls_silent_when_another_process_was_told_to(workspace, sentinel):
    from alerts.sentinel.services.reach import note_error

    def told_meanwhile():
        error = SentinelThrottled("slow", retry_after=60)
        note_error(workspace_id=workspace.pk, now=clock.unshifted(), error=error)

    def step():
        return check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)

    sentinel.before_next(told_meanwhile, verb="read_prerequisite")
    assert step()
    assert len([call for call in sentinel.calls if call.verb == "read_prerequisite"]) == 1
    assert not step()


def test_while_alerts_are_owed_the_next_round_is_soon(workspace, sentinel):
    incident = make_incident(workspace, details_due_at=NOON)
    check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)
    job = Job.objects.get(kind="readiness.read")
    assert job.due_at - clock.unshifted() < SOON * 2
    incident.details_due_at = None
    incident.save()
    Cursor.objects.update_or_create(workspace=workspace, defaults={"fresh_at": NOON})
    Job.objects.update(due_at=clock.unshifted())
    check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)
    job.refresh_from_db()
    assert job.due_at - clock.unshifted() > EVERY - SOON


def test_a_workspace_that_was_never_read_is_counted_again_soon(workspace, sentinel):
    check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)
    assert Job.objects.get(kind="readiness.read").due_at - clock.unshifted() < SOON * 2


def test_an_upgrade_has_each_workspace_looked_at_at_once(workspace, sentinel):
    def step():
        return check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)

    while step():
        pass
    Job.objects.filter(kind="readiness.read").update(due_at=clock.unshifted() + EVERY)
    assert not step()
    migration = import_module("alerts.readiness.migrations.0003_look_again")
    migration.look_at_once(apps, None)
    assert step()
