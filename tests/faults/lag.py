"""How old is what Tagout knows, while two intake workers and beat run and time runs faster.

One clock for Tagout and Azure, `speed` times as fast as the machine's; all limits of time are as
much shorter, so that a call that hangs holds a worker for its 15 seconds of that clock.
"""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from queue import Empty, SimpleQueue

from django.db import connection

from alerts.intake import tasks
from alerts.intake.models import Cursor
from alerts.intake.services import details, slices
from alerts.sentinel.client.timeouts import ANSWER_SECONDS, TOTAL_SECONDS
from portal.schedule import SCHEDULE
from tests.conftest import NOON
from tests.faults.conftest import wait_until
from tests.faults.intake import IntakeService

PERIOD = timedelta(seconds=25)  # from poll to poll: due after 20, at the tick that follows
WORKERS = 2  # as docker-compose.yml starts them
INTAKE = (tasks.poll_due_workspaces, tasks.fetch_due_details, tasks.sweep_due_workspaces)


class FastService(IntakeService):
    """The pretend Azure and Tagout's intake on a clock that runs by itself."""

    def __init__(self, running, monkeypatch, *, speed: float):
        self.speed, self.began = speed, time.monotonic()
        super().__init__(running, monkeypatch)
        monkeypatch.setattr(self.azure.clock, "now", self.now)
        for module, name in (
            (slices, "TURN_SECONDS"),
            (slices, "SLICE_SECONDS"),
            (details, "_BATCH_SECONDS"),
        ):
            monkeypatch.setattr(module, name, getattr(module, name) / speed)
        client = "alerts.sentinel.client"
        monkeypatch.setattr(f"{client}.calls.ANSWER_SECONDS", ANSWER_SECONDS / speed)
        monkeypatch.setattr(
            f"{client}.azure.AzureSentinelClient.__init__.__kwdefaults__",
            {"seconds": TOTAL_SECONDS / speed},
        )

    def now(self):
        return NOON + timedelta(seconds=(time.monotonic() - self.began) * self.speed)

    def inject(self, n=1, *, index=0, **body):
        """Let incidents happen, while Azure answers others: asked for, not reached for."""
        properties = {"title": "Unauthorized PLC Programming"} | body.pop("properties", {})
        key = self.azure.workspaces[index].key
        made = self.control.inject(workspace=key, count=n, properties=properties, **body)
        return [one["name"] for one in made["incidents"]]

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds / self.speed)

    @contextmanager
    def workers(self):
        """Beat and the intake workers run inside this block."""
        messages, over = SimpleQueue(), threading.Event()
        threads = [threading.Thread(target=self._beat, args=(messages, over))]
        threads += [
            threading.Thread(target=self._work, args=(messages, over)) for _ in range(WORKERS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _beat(self, messages, over):
        ticks = {task: entry["schedule"] for task, entry in _schedule().items()}
        due = dict.fromkeys(ticks, 0.0)
        while not over.is_set():
            at = (self.now() - NOON).total_seconds()
            for task in (task for task, moment in due.items() if moment <= at):
                messages.put(task)
                due[task] = at + ticks[task]
            self.wait(0.5)

    def _work(self, messages, over):
        try:
            while not over.is_set():
                try:
                    task = messages.get(timeout=0.05)
                except Empty:
                    continue
                task()
        finally:
            connection.close()

    def ages(self, workspaces, *, periods: int, meanwhile=lambda: None) -> list[float]:
        """How old what is known of these workspaces became, in seconds, each time it was read anew,
        over so many periods of polls that begin now. `meanwhile` is called in each of them.
        """
        cursors = Cursor.objects.filter(pk__in=[workspace.pk for workspace in workspaces])
        fresh = dict(cursors.values_list("pk", "fresh_at"))
        ages = []  # when it was made known anew
        for _ in range(periods):
            meanwhile()
            until = self.now() + PERIOD
            while self.now() < until:
                for pk, at in cursors.values_list("pk", "fresh_at"):
                    if at != fresh[pk]:
                        ages.append((at - fresh[pk]).total_seconds())
                        fresh[pk] = at
                self.wait(0.5)
        unread = [(self.now() - at).total_seconds() for at in fresh.values()]
        return ages + [age for age in unread if age > max(ages, default=0)]

    def wait_until_read(self, workspaces) -> None:
        """Wait until each of these workspaces was read once."""
        cursors = Cursor.objects.filter(pk__in=[workspace.pk for workspace in workspaces])
        read = cursors.exclude(fresh_at=None)
        wait_until(
            lambda: read.count() == len(workspaces), seconds=60, what="all workspaces are read"
        )

    def wait_until_read_again(self, workspaces, *, times: int) -> int:
        """Wait until each of these workspaces was read to its end so often anew; return how often
        the one was that was read least.
        """
        fresh, reads = {}, Counter()
        cursors = Cursor.objects.filter(pk__in=[workspace.pk for workspace in workspaces])

        def have_been_read() -> bool:
            for pk, at in cursors.values_list("pk", "fresh_at"):
                reads[pk] += pk in fresh and fresh[pk] != at
                fresh[pk] = at
            return min(reads.values()) >= times

        wait_until(have_been_read, seconds=120, what=f"all were read {times} times")
        return min(reads.values())


def lag(ages: list[float]) -> float:
    """How long an incident that comes at any moment takes to be known, on average, in seconds:
    between two polls the age grows from nothing, and longer times meet more incidents.
    """
    return sum(age**2 for age in ages) / sum(ages) / 2


def _schedule():
    entries = {entry["task"]: entry for entry in SCHEDULE.values()}
    return {task: entries[task.name] for task in INTAKE}
