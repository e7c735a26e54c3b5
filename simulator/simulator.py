"""The simulator as one object: the pretend Azure, its gate, and the clock of its plant."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulator.arm.gate import Gate
from simulator.azure import Azure
from simulator.clock import Clock, iso
from simulator.defender.onboarding import begin_in_portal, has_begun_in_portal
from simulator.graph.gate import GraphGate
from simulator.logs.api import LogAnalytics
from simulator.operations import OPERATIONS
from simulator.people import PEOPLE
from simulator.plant.plant import Plant
from simulator.plant_clock import PlantClock
from simulator.provision import empty_workspace, provision
from simulator.store import Store
from simulator.store.portal import PortalQuery

Json = dict[str, Any]


class Simulator:
    """Everything but the network. Store and clock survive a restart when there is a folder."""

    def __init__(
        self,
        plant: Plant,
        *,
        data: Path | None = None,
        throttled: bool = True,
        living: bool = True,
        frozen_at: datetime | None = None,
    ) -> None:
        self.store = Store(None if data is None else data / "simulator.sqlite3")
        offset = timedelta(seconds=float(self.store.fact("offset_seconds", 0)))
        self.azure = Azure(
            store=self.store,
            clock=Clock(offset=offset, frozen_at=frozen_at),
            plant=plant,
            is_throttled=throttled,
            is_living=living,
        )
        self.gate = Gate(self.azure)
        self.logs = LogAnalytics(self.azure)
        self.azure.query_logs = self.logs.rows
        self.graph_gate = GraphGate(self.azure, self.logs.tables)
        self.plant_clock = PlantClock(self.azure, carry_out=self._carry_out_event)
        provision(self.azure)

    def carry_out(self, operation: str, body: Json, at: int | None = None) -> Json:
        """Do one operation, wholly or not at all; raises KeyError for unknown ones."""
        moment = self.azure.clock.ticks() if at is None else at
        with self.store.transaction():
            return OPERATIONS[operation](self.azure, body, moment)

    def _carry_out_event(self, event: Json, at: int) -> None:
        self.carry_out(str(event["do"]), {k: v for k, v in event.items() if k != "do"}, at)

    def empty_once(self) -> None:
        """Leave every workspace as on its first day, but for a store that began so before."""
        if self.store.fact("began empty"):
            return
        with self.store.transaction():
            for workspace in self.azure.workspaces:
                empty_workspace(self.azure, workspace, at=self.azure.clock.ticks())
            self.store.keep("began empty", True)

    def begin_in_portal(self, key: str) -> None:
        """Let a workspace live in the Defender portal from the start; raises KeyError."""
        with self.store.transaction():
            workspace = self.azure.workspace(key)
            begin_in_portal(self.azure, workspace)

    def advance(self, seconds: float) -> Json:
        """Move the clock and live through the time in between."""
        self.azure.clock.advance(timedelta(seconds=seconds))
        with self.store.transaction():
            self.store.keep("offset_seconds", self.azure.clock.offset.total_seconds())
        created = self.plant_clock.catch_up()
        return {"now": iso(self.azure.clock.ticks()), "created": created}

    def state(self) -> Json:
        """Return what the simulator holds and how it is set."""
        azure = self.azure
        return {
            "now": iso(self.azure.clock.ticks()),
            "offset_seconds": self.azure.clock.offset.total_seconds(),
            "incidents": self.store.incidents.counts(),
            "throttle": {"on": azure.throttle.on, "refused": azure.throttle.refused},
            "faults": azure.faults.describe(),
            "events_waiting": len(self.plant_clock.events),
            "living": azure.is_living,
            "graph": azure.graph,
            "per_day": azure.per_day,
            "switches": {
                workspace.key: self.azure.facts(workspace) for workspace in self.azure.workspaces
            },
            "runs": self.store.journal.count_runs(),
        }

    def describe(self) -> Json:
        """The plant, and what a client needs to sign in."""
        facts = dict(self.azure.plant.describe())
        facts["workspaces"] = [
            {
                **asdict(workspace),
                "id": workspace.path,
                "began_in_portal": has_begun_in_portal(self.azure, workspace),
            }
            for workspace in self.azure.workspaces
        ]
        facts["sentinel_people"] = [person._asdict() for person in PEOPLE]
        facts["applications"] = [
            {
                "key": application.key,
                "client_id": application.client_id,
                "object_id": application.object_id,
                "client_secret": application.secret,
                "roles": application.roles,
                "permissions": application.permissions,
                "enabled": application.enabled,
            }
            for application in self.azure.identities.applications
        ]
        return facts

    def describe_portal(self) -> list[Json]:
        """The incidents of the Defender portal, whatever their workspace, newest first."""
        keys = [workspace.key for workspace in self.azure.workspaces]
        rows = self.store.portal.listed(keys, PortalQuery(limit=1_000))
        return [
            {
                "id": str(row.id),
                "workspace": row.workspace,
                "name": row.incident,
                "status": row.status,
                "comments": len(row.more.get("comments", [])),
                "last_modified_by": row.more.get("lastModifiedBy"),
            }
            for row in rows
        ]

    def close(self) -> None:
        """Let go of the store and of the log tables."""
        self.logs.tables.close()
        self.store.close()
