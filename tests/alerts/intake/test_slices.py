from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor, Run
from alerts.intake.services.slices import (
    DETAILS,
    HISTORY,
    POLL,
    SWEEP,
    run_due_slices,
    run_one_slice,
)
from alerts.intake.services.sweep import note_missing
from alerts.sentinel.client.port import SentinelDenied, SentinelThrottled, SentinelUnavailable
from portal import clock
from portal.jobs.models import Job, JobState
from tests.factories.answers import alert, device
from tests.factories.incidents import NOON, make_workspace
from tests.memory_sentinel import MemorySentinel


def test_a_workspace_is_polled_once_per_period(workspace, sentinel):
    sentinel.add_incident(at=NOON - timedelta(minutes=5))
    before = clock.unshifted()
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    after = clock.unshifted()
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)
    job = Job.objects.get(kind=POLL)
    assert job.state == JobState.WAITING
    assert before <= job.due_at - timedelta(seconds=20) <= after
    assert Incident.objects.count() == 1


def test_more_than_a_slice_can_read_within_the_overlap_is_read_in_the_next_ones(
    workspace, sentinel, monkeypatch
):
    """A script that touches thousands of incidents in a quarter of an hour must not hold up intake
    for ever: each slice would begin before all of them again."""
    monkeypatch.setattr(
        MemorySentinel.list_incidents,
        "__kwdefaults__",
        MemorySentinel.list_incidents.__kwdefaults__ | {"top": 4},
    )
    monkeypatch.setattr("alerts.intake.services.slices.SLICE_SECONDS", 0.0)
    for n in range(17):
        sentinel.add_incident(at=NOON - timedelta(minutes=30, seconds=-n))
    for n in range(5):
        assert run_one_slice(kind=POLL, connect=lambda _: sentinel), "due at once while unfinished"
        assert Incident.objects.count() == 4 + 3 * n, "each begins with the last one before"
        assert Cursor.objects.get().fresh_at is None
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert Incident.objects.count() == 17
    assert Cursor.objects.get().fresh_at == NOON
    assert Job.objects.get(kind=POLL).payload == {}
    sentinel.add_incident(at=NOON - timedelta(minutes=44))
    Job.objects.update(due_at=clock.unshifted())
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert Incident.objects.count() == 18, "the next reading overlaps again"


def test_a_sick_workspace_delays_no_other(workspace, sentinel):
    make_workspace("porto")
    sentinel.add_incident(at=NOON - timedelta(minutes=5))
    sick = MemorySentinel()
    sick.fail_next(SentinelUnavailable("Away."), times=99)
    clients = {"gdansk": sick, "porto": sentinel}
    for _ in range(2):
        assert run_one_slice(kind=POLL, connect=lambda w: clients[w.name])
    assert Incident.objects.get().workspace.name == "porto"
    assert Cursor.objects.get(workspace=workspace).latest_error == "Away."
    assert Job.objects.get(key=str(workspace.uuid)).latest_error == "Away."


def test_after_one_failure_only_the_poll_calls_until_it_goes_well(workspace, sentinel):
    """Else a workspace that hangs would hold a worker for each kind of work."""
    run_one_slice(kind=POLL, connect=lambda _: sentinel)
    sentinel.fail_next(SentinelUnavailable("Away."), times=1)
    Job.objects.update(due_at=clock.unshifted())
    run_one_slice(kind=POLL, connect=lambda _: sentinel)
    for kind in (HISTORY, DETAILS):
        assert not run_one_slice(kind=kind, connect=lambda _: sentinel)
    Job.objects.update(due_at=clock.unshifted())
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert run_one_slice(kind=HISTORY, connect=lambda _: sentinel)


def test_a_workspace_holds_one_worker_besides_its_poll(workspace, sentinel):
    porto = make_workspace("porto")
    read = []
    for kind in (DETAILS, HISTORY):  # both workspaces have their jobs
        for _ in range(2):
            run_one_slice(kind=kind, connect=lambda _: sentinel)
    now = clock.unshifted()
    Job.objects.update(due_at=now, state=JobState.WAITING)
    at_work = Job.objects.filter(kind=DETAILS, key=str(workspace.uuid))
    at_work.update(state=JobState.RUNNING, lease_until=now + timedelta(minutes=2))

    def connect(read_workspace):
        read.append(read_workspace)
        return sentinel

    assert run_one_slice(kind=HISTORY, connect=connect)
    assert not run_one_slice(kind=HISTORY, connect=connect)
    assert read == [porto]
    assert run_one_slice(kind=POLL, connect=connect) and run_one_slice(kind=POLL, connect=connect)
    assert set(read) == {porto, workspace}, "polls wait for nobody"


@pytest.mark.parametrize("retry_after", [60, 3600])
def test_nobody_calls_before_the_time_that_azure_named(workspace, sentinel, retry_after):
    sentinel.fail_next(SentinelThrottled("Slow down.", retry_after=retry_after))
    run_one_slice(kind=POLL, connect=lambda _: sentinel)
    Job.objects.update(due_at=clock.unshifted())
    calls = len(sentinel.calls)
    for kind in (POLL, HISTORY, DETAILS):
        assert not run_one_slice(kind=kind, connect=lambda _: sentinel)
    assert len(sentinel.calls) == calls


def test_after_five_failures_only_a_probe_is_let_through(workspace, sentinel):
    sentinel.fail_next(SentinelUnavailable("Away."), times=99)
    for _ in range(12):
        Job.objects.update(due_at=clock.unshifted())
        run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert len(sentinel.calls) == 5


def test_work_that_asks_nothing_neither_closes_the_breaker_nor_takes_its_probe(
    workspace, sentinel, monkeypatch
):
    moment = clock.unshifted()
    monkeypatch.setattr("portal.clock.unshifted", lambda: moment)
    sentinel.fail_next(SentinelUnavailable("Away."), times=99)
    for _ in range(120):  # ten minutes, as the schedule wakes
        for kind in (DETAILS, POLL):
            run_one_slice(kind=kind, connect=lambda _: sentinel)
        moment += timedelta(seconds=5)
    assert 5 + 15 <= len(sentinel.calls) <= 5 + 20


def test_missing_rights_are_noted_and_nothing_is_lost(workspace, sentinel):
    sentinel.add_incident(at=NOON - timedelta(minutes=5))
    run_one_slice(kind=POLL, connect=lambda _: sentinel)
    sentinel.fail_next(SentinelDenied("No permission.", status=403), times=1)
    Job.objects.update(due_at=clock.unshifted())
    run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert Cursor.objects.get().latest_error == "No permission."
    assert Incident.objects.count() == 1


def test_a_worker_that_died_is_followed_by_another_after_its_lease(workspace, sentinel):
    sentinel.add_incident(at=NOON - timedelta(minutes=5))

    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    with pytest.raises(Killed):
        run_one_slice(kind=POLL, connect=die)
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)
    Job.objects.update(lease_until=clock.unshifted() - timedelta(seconds=1))
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert Incident.objects.count() == 1


def test_an_error_of_our_own_is_told_and_tried_again_without_waiting_for_the_lease(
    workspace, sentinel
):
    sentinel.add_incident(at=NOON - timedelta(minutes=5))

    def stumble(_):
        raise RuntimeError("We did not expect that.")

    assert run_one_slice(kind=POLL, connect=stumble)
    job = Job.objects.get(kind=POLL)
    assert (job.state, job.lease_until) == (JobState.WAITING, None)
    assert job.latest_error == "RuntimeError: We did not expect that."
    assert job.due_at - clock.unshifted() <= timedelta(seconds=20)
    Job.objects.update(due_at=clock.unshifted())
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert Incident.objects.count() == 1


def test_paused_workspaces_are_left_alone(workspace, sentinel):
    workspace.state = "paused"
    workspace.save()
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert sentinel.calls == []


def test_the_wake_ups_bring_everything_in(workspace, sentinel):
    for hours in (1, 50, 500):
        name = sentinel.add_incident(at=NOON - timedelta(hours=hours))
        sentinel.alerts[name] = [alert(hours)]
        sentinel.entities[name] = device("PLC-21", "10.20.2.21")
    for kinds in ((POLL,), (HISTORY, SWEEP), (DETAILS,)):
        run_due_slices(kinds=kinds, connect=lambda _: sentinel)
    assert Incident.objects.filter(details_state="fetched").count() == 3
    assert Job.objects.get(kind=DETAILS).payload == {"per_second": 10.0}
    assert Job.objects.get(kind=HISTORY).due_at > clock.unshifted()


def test_details_that_did_not_fit_into_a_slice_go_on_at_once(workspace, sentinel, monkeypatch):
    before = clock.unshifted()
    run_one_slice(kind=DETAILS, connect=lambda _: sentinel)
    job = Job.objects.get(kind=DETAILS)
    assert job.due_at >= before + timedelta(seconds=5), "nothing is owed: no hurry"
    Job.objects.update(due_at=clock.unshifted())
    monkeypatch.setattr("alerts.intake.services.slices.SLICE_SECONDS", 0.0)
    run_one_slice(kind=DETAILS, connect=lambda _: sentinel)
    job.refresh_from_db()
    assert job.due_at <= clock.unshifted()


def test_the_daily_sweep_waits_for_history_and_for_its_day(workspace, sentinel):
    sentinel.add_incident(at=NOON - timedelta(hours=2))

    def slice_of(kind):
        Job.objects.update(due_at=clock.unshifted())
        return run_one_slice(kind=kind, connect=lambda _: sentinel)

    run_one_slice(kind=SWEEP, connect=lambda _: sentinel)
    slice_of(SWEEP)
    assert Cursor.objects.get().swept_at is None
    run_one_slice(kind=HISTORY, connect=lambda _: sentinel)
    slice_of(SWEEP)
    assert Cursor.objects.get().swept_at == NOON
    calls = len(sentinel.calls)
    slice_of(SWEEP)
    assert len(sentinel.calls) == calls
    sentinel.incidents.clear()
    note_missing(
        workspace_id=workspace.pk,
        incident_ids=Incident.objects.values_list("pk", flat=True),
        now=NOON - timedelta(minutes=16),
    )
    slice_of(SWEEP)
    assert Run.objects.get(kind="sweep").deleted == 1, "what it had missed is gone"
