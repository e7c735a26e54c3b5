"""F15, F16, F17, F24: one of 20 workspaces forbids reading, one is gone, incidents are deleted or
merged, thousands come at once. The others do not wait, and nothing that is known is lost.
"""

import random
import time
import uuid
from datetime import timedelta
from statistics import mean

import pytest
from django.urls import reverse

from alerts.incidents.models import Incident, TimelineItem
from alerts.intake.models import Cursor
from alerts.intake.services.sweep import BETWEEN_MISSES
from alerts.reviews.models import Verdict, VerdictKind
from alerts.sentinel.queries import Health, connection_health_of
from alerts.suppression.deploying.desired import is_healthy
from portal.jobs.models import Job
from tests.faults.intake import azure

__all__ = ["azure"]

SICK = 3


@pytest.fixture
def workspaces(azure, long):
    n = 20 if long else 6
    azure.add_workspaces(n)
    made = [azure.register(index) for index in range(n)]
    azure.go(40, step=20)
    return made


@pytest.fixture
def work(azure, long):
    """The worker works. In the long form the clock moves by what that really takes, too."""

    def worked():
        began = time.monotonic()
        azure.work()
        azure.advance(time.monotonic() - began if long else 0.0)

    return worked


def mean_lag(azure, work, workspaces, seconds) -> float:
    """How old an incident is on average when it is stored, in all workspaces but the sick one."""
    dice = random.Random(15)
    n = len(workspaces)
    due = sorted((dice.uniform(0, seconds), dice.randrange(n)) for _ in range(4 * n))
    began, tick = azure.now(), azure.now()
    last_pk = Incident.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while azure.now() < began + timedelta(seconds=seconds):
        tick += timedelta(seconds=5)
        azure.advance(max(0.0, (tick - azure.now()).total_seconds()))
        while due and began + timedelta(seconds=due[0][0]) <= azure.now():
            azure.inject(index=due.pop(0)[1])
        work()
    azure.go(20, step=20)
    rows = Incident.objects.filter(pk__gt=last_pk).exclude(workspace=workspaces[SICK])
    lags = [
        (stored - created).total_seconds()
        for created, stored in rows.values_list("created_at", "stored_at")
    ]
    assert len(lags) > 2 * n
    return mean(lags)


@pytest.mark.fault("F15")
def test_f15_one_of_twenty_that_forbids_reading_holds_nobody_up(
    azure, work, workspaces, client, ada, long, measure
):
    seconds = 150 if long else 40
    before = mean_lag(azure, work, workspaces, seconds)
    where = azure.azure.workspaces[SICK].name
    azure.control.fault(path=f"/{where}/", status=403, code="AuthorizationFailed")
    during = mean_lag(azure, work, workspaces, seconds)
    sick = workspaces[SICK]
    assert connection_health_of(sick.pk, now=azure.now()).health == Health.DENIED
    client.force_login(ada)
    assert "Azure refuses Tagout" in client.get("/status/").text
    azure.advance(1200)
    azure.work()
    well = [workspace for workspace in workspaces if is_healthy(workspace, now=azure.now())]
    assert len(well) == len(workspaces) - 1 and sick not in well, "there leases are left to end"
    azure.control.clear_faults()
    recovered = azure.seconds_until(lambda: azure.missed(sick, SICK) == 0, at_most=120)
    measure("lag of an incident while all are well", before, unit="s")
    measure("lag of the others with one sick", during, unit="s")
    measure("lag increase", 100 * (during / before - 1), unit="%", below=20)
    measure("sick one back after", recovered, unit="s", at_most=90)


@pytest.mark.fault("F16")
def test_f16_of_a_workspace_that_is_gone_nothing_is_deleted(azure, client, ada, measure):
    workspace, well = azure.register(0), azure.register(1)
    azure.inject(10, alerts=[], entities=[])
    azure.go(40)
    before = Incident.objects.count(), TimelineItem.objects.count()
    where = azure.azure.workspaces[0].name
    error = {"error": {"code": "ResourceNotFound", "message": f"The workspace {where} is gone."}}
    azure.control.fault(path=f"/{where}(/|$)", status=404, answer=error)
    azure.inject(index=1)
    Job.objects.filter(kind="intake.sweep").update(due_at=azure.now())
    found_after = azure.seconds_until(
        lambda: connection_health_of(workspace.pk, now=azure.now()).health == Health.GONE,
        at_most=120,
    )
    azure.go(BETWEEN_MISSES.total_seconds() + 300, step=60)
    assert azure.missed(well, 1) == 0
    assert not Incident.objects.filter(gone_at__isnull=False).exists()
    client.force_login(ada)
    assert workspace.name in client.get("/status/").text
    lost = before[0] - Incident.objects.filter(workspace=workspace).count()
    lost += max(0, before[1] - TimelineItem.objects.count())
    measure("rows deleted", lost, at_most=0)
    measure("marked as gone after", found_after, unit="s", at_most=25)


@pytest.mark.fault("F17")
def test_f17_deleted_and_merged_incidents_keep_their_annotations(azure, sam, long, measure):
    azure.register(0)
    n = 50 if long else 6
    names = azure.inject(3 * n)
    azure.go(40)
    deleted, losers, survivors = names[:n], names[n : 2 * n], names[2 * n :]
    rows = {row.name: row for row in Incident.objects.all()}
    for name in names:
        verdict = Verdict.objects.create(
            kind=VerdictKind.ROUTINE,
            cause="other",
            by=sam,
            given_at=azure.now(),
            key=uuid.uuid4(),
            act=uuid.uuid4(),
        )
        verdict.incidents.add(rows[name])
    azure.advance(1200)
    for name in deleted:
        azure.simulator.carry_out("delete", {"incident": name})
    for loser, survivor in zip(losers, survivors, strict=True):
        azure.simulator.carry_out("merge", {"loser": loser, "survivor": survivor})
    for _ in range(2):  # one miss proves nothing
        Job.objects.filter(kind="intake.sweep").update(due_at=azure.now())
        Cursor.objects.update(swept_at=None)
        azure.go(40, step=20)
        azure.advance(BETWEEN_MISSES.total_seconds() + 60)
    rows = {row.name: row for row in Incident.objects.all()}
    assert all(rows[name].gone_at for name in deleted)
    numbers = [rows[name].number for name in survivors]
    assert [rows[name].merged_into for name in losers] == numbers
    kept = Verdict.objects.filter(incidents__name__in=names).distinct().count()
    measure("verdicts lost", 3 * n - kept, at_most=0)
    measure("incidents lost", 3 * n - len(rows), at_most=0)


@pytest.mark.fault("F24")
def test_f24_a_burst_is_read_within_a_minute(azure, work, client, sam, long, measure):
    workspace = azure.register(0)
    azure.go(40)
    client.force_login(sam)
    n, minutes = (5000, 10) if long else (180, 1)
    oldest, pages = 0.0, []
    for _ in range(minutes * 12):
        azure.inject(n // (minutes * 12))
        azure.advance(5)
        work()
        fresh_at = Cursor.objects.get(workspace=workspace).fresh_at
        oldest = max(oldest, (azure.now() - fresh_at).total_seconds())
        began = time.perf_counter()
        assert client.get(reverse("incidents:queue")).status_code == 200
        pages.append(1000 * (time.perf_counter() - began))
    recovered = azure.seconds_until(lambda: azure.missed(workspace) == 0, at_most=60)
    measure("greatest age of what is known", oldest, unit="s", below=60)
    measure("all of it there after", recovered, unit="s", below=60)
    p95 = sorted(pages)[int(len(pages) * 0.95) - 1]
    measure("queue p95", p95, unit="ms", at_most=500, by_clock=True)
