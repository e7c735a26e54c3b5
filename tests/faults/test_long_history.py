"""The past of a workspace is read from Log Analytics by a command that is killed again and again.
It goes on each time, and in the end everything is there once.
"""

import os
import random
import signal
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count, Sum

from alerts.incidents.models import Alert, Entity, Incident, IncidentAlert, PatternMemory
from alerts.intake.models import LogBackfill
from portal.audit.models import Entry
from simulator.running import running_simulator
from tests.architecture.tree import HOME
from tests.faults.conftest import wait_until
from tests.faults.outbox import SimulatedService


class BackfillCommand:
    """`manage.py backfill NAME` in a process of its own, on the test's database."""

    def __init__(self, name, log):
        database = settings.DATABASES["default"]
        self.log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "backfill", name],
            cwd=HOME,
            env={
                **os.environ,
                "DATABASE_URL": f"postgresql://{database['USER']}@"
                f"{quote(database['HOST'], safe='')}/{connection.settings_dict['NAME']}",
                "REDIS_URL": "redis://localhost:1/0",  # it needs no broker
            },
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def kill(self):
        """kill -9. False where it had ended by itself."""
        was_running = self.process.poll() is None
        if was_running:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()
        return was_running

    def wait(self, seconds=60):
        """Return how it ended."""
        try:
            return self.process.wait(timeout=seconds)
        finally:
            self.log.close()


def progress(workspace):
    """What changes as long as it reads, a window that is not read whole included."""
    backfill = LogBackfill.objects.filter(pk=workspace.pk).first()
    return (
        backfill and backfill.read_since,
        Incident.objects.filter(workspace=workspace).count(),
        Alert.objects.filter(workspace=workspace).count(),
        Incident.objects.filter(workspace=workspace, details_state="fetched").count(),
    )


def read_with_kills(workspace, *, kills, most_seconds, dice, log):
    """Run the command until it ends, killed so often at random points; returns how often."""
    killed = 0
    while killed < kills:
        before, command = progress(workspace), BackfillCommand(workspace.name, log)
        wait_until(
            lambda was=before, it=command: progress(workspace) != was or it.process.poll() == 0,
            seconds=60,
            what="a command that reads",
        )
        time.sleep(dice.uniform(0, most_seconds))
        if not command.kill():
            assert command.process.returncode == 0
            return killed
        killed += 1
    last = BackfillCommand(workspace.name, log)
    assert last.wait(3600) == 0, log.read_text()[-2000:]
    return killed


@pytest.mark.django_db(transaction=True)
def test_a_backfill_that_is_killed_at_any_point_loses_and_doubles_nothing(
    request, tmp_path, monkeypatch, capsys
):
    long = request.config.getoption("--long-history")
    incidents, kills, most_seconds = (200_000, 12, 12.0) if long else (2_500, 3, 0.3)
    dice, log = random.Random(13), tmp_path / "backfill.log"
    with running_simulator(incidents=incidents) as running:
        service = SimulatedService(running, monkeypatch)
        places = running.workspaces if long else running.workspaces[:1]
        in_sentinel, told_by_sensors = 0, 0
        for index, place in enumerate(places):
            workspace = service.register(index)
            type(workspace).objects.filter(pk=workspace.pk).update(logs_endpoint=running.endpoint)
            in_sentinel += sum(running.control.state()["incidents"][place.key].values())
            logs = running.simulator.logs.tables.connection(place)  # written before the clock runs
            told_by_sensors += logs.execute(
                "SELECT count(DISTINCT VendorOriginalId) FROM SecurityAlert"
                " WHERE ProviderName = 'IoTSecurity'"
            ).fetchone()[0]
            began = time.monotonic()
            killed = read_with_kills(
                workspace, kills=kills, most_seconds=most_seconds, dice=dice, log=log
            )
            backfill = LogBackfill.objects.get(pk=workspace.pk)
            assert backfill.state == "done"
            with capsys.disabled():
                print(
                    f"\n{place.key}: {backfill.incidents} incidents, {backfill.alerts} alerts,"
                    f" {backfill.lone_alerts} alone, {backfill.windows} windows, killed {killed}"
                    f" times, {time.monotonic() - began:.0f} s"
                )
    totals = LogBackfill.objects.aggregate(
        Sum("incidents"), Sum("incomplete"), Sum("unreadable"), Sum("lone_alerts")
    )
    assert totals["incidents__sum"] == in_sentinel == Incident.objects.count()
    assert totals["incomplete__sum"] == totals["unreadable__sum"] == 0
    assert not Incident.objects.exclude(details_state="fetched").exists()
    assert PatternMemory.objects.aggregate(Sum("seen"))["seen__sum"] == in_sentinel
    of_sensors = Alert.objects.filter(product_name__icontains="iot")
    assert of_sensors.count() == told_by_sensors
    counts = Incident.objects.annotate(n=Count("alerts")).values_list("n", "alerts_count")
    assert all(n == said for n, said in counts.iterator())
    assert (
        IncidentAlert.objects.count()
        == Incident.objects.aggregate(Sum("alerts_count"))["alerts_count__sum"]
    )
    assert Entity.objects.exists()
    finished = Entry.objects.filter(action="intake.log_backfill.finished")
    assert finished.count() == len(places)
    assert " %, back to " in log.read_text()
