"""F11, F12, F15, F17, F29, F31 at the door out: what goes out lands once, or a person knows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.acts.triage import comment_on_incidents, label_incidents
from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import Change, ChangeOutcome
from portal import clock
from portal.jobs.models import JobState
from simulator.running import running_simulator
from tests.faults.conftest import wait_until
from tests.faults.outbox import (
    SECRET_VARIABLE,
    SimulatedService,
    deliver_all,
    environment_of_a_worker,
    let_holds_and_waits_pass,
)

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
HOME = Path(__file__).resolve().parents[2]


@pytest.fixture
def service(monkeypatch):
    with running_simulator() as running:
        yield SimulatedService(running, monkeypatch)


@pytest.fixture
def workspace(db, service):
    return service.register()


def close(rows, by):
    now = clock.now()
    return close_incidents(incident_ids=[row.pk for row in rows], **BENIGN, by=by, now=now)


def test_a_decision_reaches_sentinel_and_comes_back_as_no_news(service, workspace, sam):
    (incident,) = service.incidents(workspace, labels=[{"labelName": "Press-Shop"}])
    now = clock.now()
    label_incidents(incident_ids=[incident.pk], add=["Line 2"], by=sam, now=now)
    comment_on_incidents(incident_ids=[incident.pk], message="Looking.", by=sam, now=now)
    close([incident], sam)
    assert deliver_all() == [], "ten seconds to undo"
    let_holds_and_waits_pass()
    call_command("deliver", workspace.name, "--json")
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    there = service.read(incident)
    assert (there["status"], there["classification"]) == ("Closed", "BenignPositive")
    assert there["classificationComment"] == "Closed by Sam Keller in Tagout."
    assert [label["labelName"] for label in there["labels"]] == ["Press-Shop", "Line 2"]
    assert service.pull(workspace).changed == 0
    incident.refresh_from_db()
    assert (incident.status, incident.owed) == (IncidentStatus.CLOSED, 0)
    assert set(service.effects().values()) <= {1, 2}


@pytest.mark.fault("F11")
@pytest.mark.parametrize("status", [409, 412])
def test_f11_after_a_conflict_it_is_read_again_and_a_person_wins(
    service, workspace, sam, status, measure
):
    calm, taken = service.incidents(workspace, 2)
    close([calm, taken], sam)
    service.control.edit(taken.name, owner="Piotr Zielinski")
    service.control.fault(method="PUT", path=calm.name, status=status, code="Conflict", count=2)
    let_holds_and_waits_pass()
    assert sorted(deliver_all()) == [ChangeOutcome.CONFLICTED, ChangeOutcome.SENT]
    assert service.read(calm)["status"] == "Closed"
    theirs = service.read(taken)
    edited = (theirs["status"], theirs["owner"]["assignedTo"])
    measure("human edits overwritten", int(edited != ("New", "Piotr Zielinski")), at_most=0)
    taken.refresh_from_db()
    assert (taken.status, taken.owner_name) == (IncidentStatus.NEW, "Piotr Zielinski")
    won = taken.timeline.get(code="conflict").details["won"]
    assert [line["now"] for line in won] == ["Piotr Zielinski"]


@pytest.mark.fault("F12")
def test_f12_an_applied_write_whose_answer_is_lost_is_not_repeated(
    service, workspace, sam, long, measure
):
    n = 100 if long else 10
    rows = service.incidents(workspace, n)
    before = service.effects()
    close(rows, sam)
    ids = [row.pk for row in rows]
    comment_on_incidents(incident_ids=ids, message="Agreed.", by=sam, now=clock.now())
    service.control.fault(method="PUT", drop="after", applied=True, probability=0.5, count=n)
    for _ in range(4 * n):
        let_holds_and_waits_pass()
        deliver_all()
        if not Change.objects.filter(outcome=ChangeOutcome.OPEN).exists():
            break
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    written = service.effects() - before
    comments = [path for path in written if "/comments/" in path]
    assert (len(comments), len(written)) == (n, 2 * n)
    measure(f"duplicates of {2 * n} writes", sum(written.values()) - 2 * n, at_most=0)


def test_f15_a_workspace_that_forbids_writing_does_not_hold_the_others_up(service, sam, db):
    forbidden, allowed = service.register(0), service.register(1)
    (first,), others = service.incidents(forbidden), service.incidents(allowed, 3)
    close([first, *others], sam)
    where = service.running.workspaces[0].name
    service.control.fault(method="PUT", path=where, status=403, code="AuthorizationFailed")
    let_holds_and_waits_pass()
    assert sorted(deliver_all()) == [ChangeOutcome.OPEN] + [ChangeOutcome.SENT] * 3
    waiting = Change.objects.get(outcome=ChangeOutcome.OPEN)
    assert waiting.state == JobState.WAITING
    assert "AuthorizationFailed" in waiting.latest_error
    first.refresh_from_db()
    assert first.owed == 1, "the page says that Sentinel has not taken it yet"
    service.control.clear_faults()
    let_holds_and_waits_pass()
    assert deliver_all() == [ChangeOutcome.SENT]


def test_f17_deleted_and_merged_incidents_take_no_write_and_lose_no_row(service, workspace, sam):
    deleted, loser, survivor = service.incidents(workspace, 3)
    close([deleted, loser], sam)
    service.control.delete(deleted.name)
    service.control.merge(loser.name, survivor.name)
    let_holds_and_waits_pass()
    assert sorted(deliver_all()) == [ChangeOutcome.CONFLICTED, ChangeOutcome.REFUSED]
    assert "no longer in Sentinel" in Change.objects.get(outcome=ChangeOutcome.REFUSED).note
    assert Incident.objects.count() == 3
    loser.refresh_from_db()
    assert loser.is_read_only


@pytest.mark.django_db(transaction=True)
def test_f29_a_flushed_broker_loses_and_doubles_nothing(service, sam, broker, make_workers, long):
    workspace = service.register()
    n = 500 if long else 25
    rows = service.incidents(workspace, n)
    before = service.effects()
    close(rows, sam)
    ids = [row.pk for row in rows]
    comment_on_incidents(incident_ids=ids, message="Agreed.", by=sam, now=clock.now())
    let_holds_and_waits_pass()
    service.control.fault(method="PUT", delay=_slowness(long))  # else all is sent before the flush
    make_workers(**{SECRET_VARIABLE: os.environ[SECRET_VARIABLE]}).start()
    for share in range(5 if long else 1):
        enough = len(before) + (share + 1) * n // 6
        wait_until(
            lambda least=enough: len(service.effects()) >= least, seconds=120, what="at work"
        )
        broker.flush()
    owed = Change.objects.filter(outcome=ChangeOutcome.OPEN)
    assert owed.exists(), "it was flushed at work"
    service.control.clear_faults()
    wait_until(lambda: not owed.exists(), seconds=600 if long else 120, what="all sent")
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    written = service.effects() - before
    assert (len(written), set(written.values())) == (2 * n, {1})


@pytest.mark.django_db(transaction=True)
def test_f31_workers_killed_at_work_lose_nothing_and_double_nothing(service, sam, long):
    workspace = service.register()
    turns = 8 if long else 1  # three workers each
    n = 24 * turns
    rows = service.incidents(workspace, n)
    before = service.effects()
    close(rows, sam)
    ids = [row.pk for row in rows]
    comment_on_incidents(incident_ids=ids, message="Agreed.", by=sam, now=clock.now())
    service.control.fault(method="PUT", delay=_slowness(long))
    for _ in range(turns):
        let_holds_and_waits_pass()
        _kill_three_at_work(service)
    assert Change.objects.filter(outcome=ChangeOutcome.OPEN).exists(), "they were killed at work"
    service.control.clear_faults()
    let_holds_and_waits_pass()
    deliver_all()
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    written = service.effects() - before
    assert (len(written), set(written.values())) == (2 * n, {1})
    assert set(Incident.objects.values_list("status", "owed")) == {(IncidentStatus.CLOSED, 0)}


def _slowness(long):
    """Seconds a write takes, so that much is left while we look; the short form has fewer writes,
    and the machine may be busy elsewhere for some seconds.
    """
    return 0.08 if long else 0.5


def _kill_three_at_work(service, writes=4):
    """Start three workers at once and kill one after the other without warning."""
    n_seen = len(service.control.journal())
    workers = [
        subprocess.Popen(
            [sys.executable, "manage.py", "deliver"], cwd=HOME, env=environment_of_a_worker()
        )
        for _ in range(3)
    ]
    try:
        for n, worker in enumerate(workers, start=1):
            least = n_seen + n * writes
            wait_until(
                lambda least=least: len(service.control.journal()) >= least,
                seconds=90,
                what="at work",
            )
            worker.kill()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(10)
