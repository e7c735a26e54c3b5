"""F29 and F31 with both doors at work: incidents change there while closings go out from here,
and the workers die and the broker forgets. Each effect happens once, nothing stays owed."""

import os
import random
import time

import pytest

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import Incident, IncidentRaw, IncidentStatus
from alerts.outbox.models import Change, ChangeOutcome
from portal import clock
from portal.accounts.models import GrantScope, Role
from portal.jobs.models import Job, JobState
from portal.jobs.services import LEASE
from simulator.running import running_simulator
from tests import cast
from tests.faults.conftest import wait_until
from tests.faults.outbox import SECRET_VARIABLE, SimulatedService

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}


@pytest.fixture
def service(monkeypatch):
    with running_simulator() as running:
        yield SimulatedService(running, monkeypatch)


def inject_in_pages(service, workspace, count):
    """The first pull of `SimulatedService.incidents` reads one page; many come in portions."""
    rows = []
    for start in range(0, count, 50):
        rows += service.incidents(workspace, min(50, count - start), title=f"Case {start}")
    return rows


@pytest.mark.django_db(transaction=True)
def test_f29_f31_nothing_is_lost_or_doubled_while_both_doors_are_at_work(
    service, make_person, broker, make_workers, long, capsys
):
    changing, closing, kills, flushes = (1000, 200, 25, 5) if long else (60, 12, 3, 1)
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None))
    workspace = service.register()
    ours = inject_in_pages(service, workspace, closing)
    theirs = inject_in_pages(service, workspace, changing)
    before = service.effects()
    ids = [row.pk for row in ours]
    close_incidents(incident_ids=ids, **BENIGN, by=sam, now=clock.now())
    comment_on_incidents(incident_ids=ids, message="The plant did this.", by=sam, now=clock.now())
    for row in theirs:
        service.control.edit(row.name, properties={"severity": "High"})
    Change.objects.filter(state=JobState.WAITING).update(due_at=clock.unshifted())

    workers = make_workers(**{SECRET_VARIABLE: os.environ[SECRET_VARIABLE]})
    dice = random.Random(31)
    flush_after = {round((turn + 1) * kills / (flushes + 1)) for turn in range(flushes)}
    for turn in range(kills):
        workers.start()
        n_seen = len(service.control.journal()) + stored(IncidentStatus.CLOSED)
        wait_until(
            lambda was=n_seen: (
                len(service.control.journal()) + stored(IncidentStatus.CLOSED) > was
                or is_over(theirs)
            ),
            seconds=LEASE.total_seconds() + 30,  # all that is left may be held by the dead
            what="a worker that does something",
        )
        time.sleep(dice.uniform(0.0, 0.6 if long else 0.15))  # dies with work in hand
        workers.kill()
        if turn in flush_after:
            broker.flush()
        if not long:
            end_leases_of_the_dead()

    began = time.monotonic()
    workers.start()
    wait_until(
        lambda: is_over(theirs),
        seconds=600 if long else 200,
        what="everything came in and went out",
    )
    with capsys.disabled():
        print(
            f"\n  in and out: {changing} in, {closing} closed, {kills} kills, {flushes} flushes,"
            f" drained {time.monotonic() - began:.0f} s after the last kill"
        )

    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    written = service.effects() - before
    assert (len(written), set(written.values())) == (2 * closing, {1}), "each write's effect once"
    assert Incident.objects.count() == changing + closing, "every incident is stored once"
    assert stored(IncidentStatus.CLOSED) == closing
    assert not Incident.objects.exclude(owed=0).exists()


def end_leases_of_the_dead():
    """As if the two minutes were over that they last; the long form waits for them."""
    for rows in (Change.objects, Job.objects):
        rows.filter(state=JobState.RUNNING).update(lease_until=clock.unshifted())


def stored(status):
    return IncidentRaw.objects.filter(body__properties__status=status.label).count()


def is_over(theirs):
    """All foreign edits are here, and nothing is owed."""
    names = [row.name for row in theirs]
    there = IncidentRaw.objects.filter(incident__name__in=names, body__properties__severity="High")
    return (
        there.count() == len(names)
        and not Change.objects.filter(outcome=ChangeOutcome.OPEN).exists()
    )
