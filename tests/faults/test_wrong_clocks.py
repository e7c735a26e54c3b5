"""F23: the clock of a worker, or of Sentinel, is ten minutes off. What is due, leased or ended goes
by the database's clock, so nothing ends too early or too late, and everything is read.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.models import Incident
from alerts.intake.models import Cursor, Run
from alerts.outbox.models import Change, ChangeOutcome
from alerts.rules.sentinel_forms import LEASE, lease_of
from alerts.sentinel.models import Freshness, Reachability, WorkspaceScope
from alerts.sentinel.services.reach import note_fresh
from alerts.suppression.models import Rule, RuleVersion, VersionState
from portal import clock
from portal.audit.models import Entry
from portal.jobs.models import Job
from portal.jobs.services import move_clock
from tests.alerts.suppression.deploying.plant import polls, signed
from tests.conftest import NOON
from tests.faults.intake import azure
from tests.faults.outbox import environment_of_a_worker, let_holds_and_waits_pass
from tests.faults.test_rules_in_sentinel import SECRET, Plant, pretend

__all__ = ["azure", "pretend"]

HOME = Path(__file__).resolve().parents[2]
OFF = timedelta(minutes=10)
EXACT = timedelta(seconds=5)
FOUND_IN = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")

WORK = """
import sys, time, django
django.setup()
from alerts.intake.tasks import fetch_due_details, poll_due_workspaces
from alerts.outbox.tasks import deliver_due_changes, deliver_due_rules
from alerts.suppression.tasks import renew_leases, watch_rules
from portal.jobs.tasks import note_heartbeat
for _ in sys.stdin:
    note_heartbeat(name="bulk")
    for task in (poll_due_workspaces, fetch_due_details, deliver_due_changes, watch_rules,
                 renew_leases, deliver_due_rules):
        task()
    print(time.time(), flush=True)
"""


def faketime_library():
    """The library that shifts a process's clock, or skip: the matrix then says DID NOT RUN."""
    paths = [Path(folder) / "faketime" / "libfaketimeMT.so.1" for folder in FOUND_IN]
    found = next((path for path in paths if path.exists()), None)
    if found is None:
        pytest.skip("libfaketime is not here: apt-get install libfaketime")
    return found


@contextmanager
def worker_whose_clock_is_off_by(seconds):
    """A process whose clock is off; what is yielded has it run a worker's tasks once, and returns
    what that clock shows.
    """
    environment = environment_of_a_worker() | {
        "LD_PRELOAD": str(faketime_library()),
        "FAKETIME": f"{seconds:+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        SECRET: os.environ[SECRET],
    }
    with subprocess.Popen(
        [sys.executable, "-c", WORK],
        cwd=HOME,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def work():
            process.stdin.write("work\n")
            process.stdin.flush()
            return float(process.stdout.readline().split()[-1])

        yield work
    assert process.returncode == 0


@pytest.fixture
def plant(transactional_db, pretend, make_person, monkeypatch):
    monkeypatch.setenv(SECRET, pretend.application().secret)
    return Plant(pretend, make_person)


def rule_that_ends(plant, number, at):
    """A live rule of Tagout's own worker that ends then."""
    definition = polls(enforcement="tagout", workspace=plant.key)
    rule = Rule.objects.create(number=number, made_by=plant.people[0], made_at=clock.now())
    version = signed(definition, by=plant.people, workspaces=[plant.workspace], rule=rule)
    RuleVersion.objects.filter(pk=version.pk).update(expires_at=at)
    return version


def pytest_generate_tests(metafunc):
    """The short form leaves out the worker whose clock is behind: each costs ten seconds."""
    if "worker_is_ahead" in metafunc.fixturenames:
        both = metafunc.config.getoption("--long-faults")
        values = {"ahead": True, "behind": False} if both else {"ahead": True}
        metafunc.parametrize("worker_is_ahead", values.values(), ids=list(values))


@pytest.mark.fault("F23")
def test_f23_a_worker_whose_clock_is_off_works_by_that_of_the_database(
    plant, worker_is_ahead, sam, measure
):
    plant.workspace.ot_scope = WorkspaceScope.ALL  # what is put in names no product
    plant.workspace.save(update_fields=["ot_scope"])
    plant.go_live()
    move_clock(by=timedelta(hours=5))  # its lease is due to grow
    plant.control.advance(5 * 3600)
    note_fresh(workspace_id=plant.workspace.pk, now=clock.now())
    ended = rule_that_ends(plant, 20, clock.now() - OFF / 2)
    going_on = rule_that_ends(plant, 21, clock.now() + OFF / 2)
    names = [
        one["name"]
        for one in plant.control.inject(workspace=plant.key, count=20, properties={"title": "x"})[
            "incidents"
        ]
    ]
    Job.objects.filter(kind="suppression.leases").update(due_at=clock.unshifted())
    real, business = clock.unshifted(), clock.now()
    off = int(OFF.total_seconds()) if worker_is_ahead else -int(OFF.total_seconds())
    with worker_whose_clock_is_off_by(off) as work:
        assert abs(work() - clock.unshifted().timestamp() - off) < 60, "its clock was off"
        incidents = list(Incident.objects.filter(name__in=names))
        close_incidents(
            incident_ids=[row.pk for row in incidents],
            classification="BenignPositive",
            reason="SuspiciousButExpected",
            by=sam,
            now=clock.now(),
        )
        let_holds_and_waits_pass()
        work()

    def is_wrong(at, began, slack=timedelta()):
        return not began - EXACT <= at <= began + (clock.now() - business) + slack + EXACT

    on_business_time = [
        *Cursor.objects.values_list("fresh_at", flat=True),
        *Freshness.objects.values_list("fresh_at", flat=True),
        *Run.objects.filter(started_at__gte=business).values_list("finished_at", flat=True),
        *Incident.objects.filter(name__in=names).values_list("stored_at", flat=True),
        *Entry.objects.order_by("-seq").values_list("at", flat=True)[:10],
    ]
    on_real_time = [
        *Reachability.objects.filter(reached_at__gte=real).values_list("reached_at", flat=True),
        *Job.objects.filter(kind="heartbeat").values_list("settled_at", flat=True),
        *Change.objects.values_list("settled_at", flat=True),
    ]
    due = list(Job.objects.filter(kind="intake.poll").values_list("due_at", flat=True))
    wrong = sum(is_wrong(at, business) for at in on_business_time)
    wrong += sum(is_wrong(at, real) for at in on_real_time)
    wrong += sum(is_wrong(at, real, timedelta(seconds=20)) for at in due)
    assert len(incidents) == 20
    assert set(Change.objects.values_list("outcome", flat=True)) == {ChangeOutcome.SENT}
    states = dict(RuleVersion.objects.values_list("pk", "state"))
    ends_wrong = (states[ended.pk] != VersionState.EXPIRED) + (
        states[going_on.pk] != VersionState.LIVE
    )
    lease = lease_of(plant.row("rule").landed)
    assert plant.row("rule").is_as_wanted
    ends_wrong += is_wrong(lease - LEASE, business, timedelta(minutes=1))
    moments = len(on_business_time) + len(on_real_time) + len(due)
    measure(f"moments that are off, of {moments}", wrong, at_most=0)
    measure("wrong expiries, of 3", ends_wrong, at_most=0)


@pytest.mark.fault("F23")
@pytest.mark.parametrize("ahead", [True, False], ids=["ahead", "behind"])
def test_f23_a_sentinel_whose_clock_is_off_is_read_whole(azure, ahead, long, measure):
    workspace = azure.register(0)
    azure.go(40)
    if ahead:
        azure.azure.clock.advance(OFF)
    else:
        azure.offset += OFF
    ahead_of_us = 0
    for _ in range(20 if long else 3):
        names = azure.inject(5)
        azure.go(60, step=5 if long else 20)
        azure.edit(names[0], severity="High")
        azure.go(60, step=5 if long else 20)
        ahead_of_us += (Cursor.objects.get().watermark or NOON) > azure.now()
    measure("missed", azure.missed(workspace), at_most=0)
    measure("watermark beyond now", ahead_of_us, at_most=0)
