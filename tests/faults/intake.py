"""Intake at work on a pretend Azure over TLS, while minutes pass in milliseconds.

One clock for Tagout and Azure: it stands still until `go` moves it, which wakes the intake worker
as the schedule does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.intake import tasks
from alerts.intake.models import Cursor
from alerts.sentinel.client.authentication import CappedRetry
from alerts.sentinel.client.azure import AzureSentinelClient
from portal.jobs.models import Job
from simulator.faults import Fault
from simulator.running import running_simulator
from simulator.store.incidents import IncidentPage
from tests.conftest import NOON
from tests.faults.outbox import SimulatedService

EVERYTHING = IncidentPage(limit=1_000_000)


@dataclass(frozen=True)
class Call:
    """One call that reached Azure."""

    at: datetime
    method: str
    path: str

    @property
    def is_list(self) -> bool:
        """Whether it asks for a page of incidents."""
        return self.path.split("?")[0].lower().endswith("/incidents")


class IntakeService(SimulatedService):
    """Workspaces in the pretend Azure, the calls that reach it, and the worker that makes them."""

    def __init__(self, running, monkeypatch):
        super().__init__(running, monkeypatch)
        self.simulator, self.azure = running.simulator, running.simulator.azure
        self.offset, self.calls = timedelta(), []
        self.on_call = lambda call: None  # runs in Azure's own thread, before it answers
        meet = self.azure.faults.meet

        def recorded(method: str, path: str, now: datetime) -> Fault | None:
            call = Call(now, method, path)
            self.calls.append(call)
            self.on_call(call)
            return meet(method, path, now)

        monkeypatch.setattr(self.azure.faults, "meet", recorded)
        monkeypatch.setattr("portal.clock.now", self.now)
        monkeypatch.setattr("portal.clock.unshifted", self.now)
        monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
        monkeypatch.setattr(CappedRetry, "get_backoff_time", lambda self, settings: 0)

    def now(self) -> datetime:
        return NOON + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)
        self.azure.clock.advance(timedelta(seconds=seconds))

    def go(self, seconds: float, *, step: float = 5.0) -> None:
        """Let time pass; the worker wakes every `step` seconds."""
        for _ in range(max(1, round(seconds / step))):
            self.advance(step)
            self.work()

    def work(self) -> None:
        """Wake the intake worker once for everything."""
        tasks.poll_due_workspaces()
        tasks.fetch_due_details()
        tasks.sweep_due_workspaces()

    def poll_now(self) -> None:
        """Read what changed in every workspace, whatever it has waited for."""
        Job.objects.filter(kind="intake.poll").update(due_at=self.now())
        tasks.poll_due_workspaces()

    def add_workspaces(self, n: int) -> None:
        """Have at least `n` workspaces in Azure."""
        first = self.running.workspaces[0]
        more = range(len(self.azure.workspaces), n)
        self.azure.workspaces += tuple(
            replace(first, key=f"plant-{number}", name=f"ws-plant-{number}") for number in more
        )

    def inject(self, n: int = 1, *, index: int = 0, **body) -> list[str]:
        """Let incidents happen; returns their names."""
        key = self.azure.workspaces[index].key
        properties = {"title": "Unauthorized PLC Programming"} | body.pop("properties", {})
        request = {"workspace": key, "count": n, "properties": properties, **body}
        return [one["name"] for one in self.simulator.carry_out("inject", request)["incidents"]]

    def edit(self, name: str, **properties) -> None:
        """A person changes an incident in Sentinel."""
        self.simulator.carry_out("edit", {"incident": name, "properties": properties})

    def listed(self, index: int = 0) -> dict[str, str]:
        """All incidents of a workspace in Azure: etag by name."""
        key = self.azure.workspaces[index].key
        rows = self.simulator.store.incidents.listed(key, EVERYTHING)
        return {row.name: row.etag for row in rows}

    def calls_to(self, index: int) -> list[Call]:
        """The calls about one workspace."""
        name = f"/{self.azure.workspaces[index].name}/".lower()
        return [call for call in self.calls if name in call.path.lower()]

    def missed(self, workspace, index: int = 0) -> int:
        """How many incidents are not stored as they are in Azure."""
        rows = Incident.objects.filter(workspace=workspace, gone_at=None)
        stored = dict(rows.values_list("name", "etag"))
        return sum(stored.get(name) != etag for name, etag in self.listed(index).items())

    def seconds_until(self, is_so, *, at_most: float, step: float = 5.0) -> float:
        """Let time pass until it is so; returns how long that was, by the moved clock."""
        began = self.now()
        while not is_so():
            if (self.now() - began).total_seconds() > at_most:
                pytest.fail(f"not so after {at_most} s")
            self.go(step, step=step)
        return (self.now() - began).total_seconds()


def fresh_at(workspace) -> datetime | None:
    """When a workspace was last read to the end."""
    return Cursor.objects.filter(workspace=workspace).values_list("fresh_at", flat=True).first()


def page_by(monkeypatch, n: int) -> None:
    """Let Azure's lists come in pages of `n`."""
    ours = AzureSentinelClient.list_incidents.__kwdefaults__
    monkeypatch.setattr(AzureSentinelClient.list_incidents, "__kwdefaults__", ours | {"top": n})
    monkeypatch.setattr("alerts.intake.services.pages.MAX_PAGE_SIZE", n)


@pytest.fixture
def azure(db, monkeypatch):
    with running_simulator(now=NOON) as running:
        yield IntakeService(running, monkeypatch)
