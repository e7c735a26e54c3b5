"""The plant lives on: its history is loaded once, what is due is created as time passes, and the
SOC desk goes on working.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from simulator.automation.run import disable_expired
from simulator.azure import PER_DAY, Azure
from simulator.clock import parse_time, to_moment, to_ticks
from simulator.desk import work_until
from simulator.incident_records import from_case
from simulator.incidents import add_case
from simulator.plant.records import Case
from simulator.store.incidents import Incident

Json = dict[str, Any]
HISTORY = timedelta(days=120)
BATCH = 1_000


class PlantClock:
    """Loads history, lets time pass, and carries out scripted events when their time has come."""

    def __init__(self, azure: Azure, *, carry_out: Callable[[Json, int], Any]) -> None:
        self._azure, self._carry_out = azure, carry_out
        if azure.store.fact("lived_until") is None:
            with azure.store.transaction():
                azure.store.keep("lived_until", azure.clock.ticks())
        self.events: list[Json] = azure.store.fact("events", [])

    def load_history(self, count: int) -> int:
        """Fill an empty store with the plant's past; returns how many incidents came."""
        store = self._azure.store
        progress = store.fact("history")
        if count == 0 or (progress is not None and progress["whole"]):
            return 0
        end = self._azure.clock.now()
        with store.transaction():
            if progress is not None:
                store.incidents.clear()
            store.keep("history", {"count": 0, "end": to_ticks(end), "whole": False})
        loaded = 0
        cases = self._azure.plant.history(count, start=end - HISTORY, end=end)
        for batch in itertools.batched(self._numbered(cases), BATCH, strict=False):
            with store.transaction():
                store.incidents.put_all(batch)
            loaded += len(batch)
        with store.transaction():
            store.keep("history", {"count": loaded, "end": to_ticks(end), "whole": True})
            self._azure.per_day = max(PER_DAY, loaded / HISTORY.days)
            store.keep("per_day", self._azure.per_day)
            store.keep("lived_until", to_ticks(end))
        return loaded

    def _numbered(self, cases: Iterable[Case]) -> Iterator[Incident]:
        store = self._azure.store
        numbers = {
            workspace.key: store.incidents.latest_number(workspace.key)
            for workspace in self._azure.workspaces
        }
        for case in cases:
            key = self._azure.workspace(case.workspace).key
            numbers[key] += 1
            yield from_case(self._azure, case, number=numbers[key])

    def load_script(self, script: Json) -> None:
        """Plan the faults and events of a script; times are seconds from now, or moments."""
        start = self._azure.clock.now()
        planned = [
            {**fault, "do": "faults", "at": _due(fault.get("at", 0), start)}
            for fault in script.get("faults", [])
        ]
        planned += [
            {**event, "at": _due(event.get("at", 0), start)} for event in script.get("events", [])
        ]
        self._plan(sorted([*self.events, *planned], key=lambda event: int(event["at"])))

    def _plan(self, events: list[Json]) -> None:
        self.events = events
        with self._azure.store.transaction():
            self._azure.store.keep("events", events)

    def catch_up(self) -> int:
        """Create what happened since the last look, run due events; returns how many incidents."""
        now = self._azure.clock.ticks()
        created = 0
        while self.events and self.events[0]["at"] <= now:
            event, *rest = self.events
            created += self._live_until(int(event["at"]))
            self._plan(rest)
            body = {key: value for key, value in event.items() if key != "at"}
            self._carry_out(body, int(event["at"]))
        created += self._live_until(now)
        with self._azure.store.transaction():
            for workspace in self._azure.workspaces:
                disable_expired(self._azure, workspace, at=now)
        return created

    def _live_until(self, until: int) -> int:
        store = self._azure.store
        after = int(store.fact("lived_until"))
        if until <= after:
            return 0
        created = 0
        if self._azure.is_living:
            cases = self._azure.plant.happenings(
                to_moment(after), to_moment(until), per_day=self._azure.per_day
            )
            with store.transaction():
                for case in cases:
                    created += len(add_case(self._azure, case))
                if self._azure.is_staffed:
                    work_until(self._azure, until, after=after)
        with store.transaction():
            store.keep("lived_until", until)
        return created


def _due(at: Any, start: datetime) -> int:
    if isinstance(at, str):
        return parse_time(at)
    return to_ticks(start + timedelta(seconds=float(at)))
