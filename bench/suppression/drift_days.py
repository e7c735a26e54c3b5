"""Days from a change of the plant to silence: how long what a rule had closed reached people again,
because a device was replaced or joined others, or a job moved.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulator.scenarios.records import Incident, Process
from simulator.scenarios.scenario import Scenario
from simulator.scenarios.tables import StreamRow, tables_of

DAY: Final = timedelta(days=1)
MIN_INCIDENTS: Final = 2  # after a change; one alone is no rhythm that could fall silent
MOST: Final = 0.9


@dataclass(frozen=True, slots=True)
class SilenceAfterDrift:
    """One change in one process that a rule had closed before; `days` until a rule closed it again,
    or until the end where none did.
    """

    kind: str
    days: float
    is_silent: bool


def drift_figures(
    scenario: Scenario, closed: Collection[str], *, until: datetime
) -> dict[str, Any]:
    """Return how many days they took: the median and the 90 % point, by kind, too. What did not
    fall silent counts with the days that it has lasted.
    """
    cases = list(silences_after_drift(scenario, closed, until=until))
    days = sorted(case.days for case in cases)
    kinds = sorted({case.kind for case in cases})
    return {
        "n": len(cases),
        "median": round(median(days), 2) if days else None,
        "most": round(days[min(int(MOST * len(days)), len(days) - 1)], 2) if days else None,
        "not_silent": sum(not case.is_silent for case in cases),
        "by_kind": {
            kind: [round(case.days, 2) for case in cases if case.kind == kind] for kind in kinds
        },
    }


def silences_after_drift(
    scenario: Scenario, closed: Collection[str], *, until: datetime
) -> Iterator[SilenceAfterDrift]:
    """Yield each change since the first signatures of what rules had closed before it."""
    newcomers: dict[str, list[tuple[str, datetime, str]]] = {}
    for device in scenario.devices:
        if scenario.split_at <= device.since < until:
            kind = "replaced" if device.replaces else "joined"
            newcomers.setdefault(device.site, []).append((device.name, device.since, kind))
    moved = {
        row.name: [stream for stream in row.stream if stream.moved_to]
        for row in tables_of(scenario.shape).processes
        if row.moves
    }
    zones = {site.name: ZoneInfo(site.time_zone) for site in scenario.sites}
    for process in scenario.processes:
        incidents = [i for i in _incidents(scenario, process) if i.at < until]
        for name, since, kind in newcomers.get(process.site, ()):
            own = [i for i in incidents if i.at >= since and _names(i, name)]
            if _had_closed(incidents, closed, before=since):
                yield from _case(kind, own, closed, until)
        own = _after_move(incidents, moved.get(process.name, ()), zones[process.site])
        is_new = bool(own) and own[0].at >= scenario.split_at
        if is_new and _had_closed(incidents, closed, before=own[0].at):
            yield from _case("moved", own, closed, until)


def _incidents(scenario: Scenario, process: Process) -> list[Incident]:
    return sorted((scenario.by_id[pk] for pk in process.incident_ids), key=lambda i: i.at)


def _names(incident: Incident, name: str) -> bool:
    return any(name in (a.source_device, a.destination_device) for a in incident.alerts)


def _had_closed(
    incidents: Sequence[Incident], closed: Collection[str], *, before: datetime
) -> bool:
    return any(i.id in closed for i in incidents if i.at < before)


def _after_move(
    incidents: Sequence[Incident], streams: Sequence[StreamRow], zone: ZoneInfo
) -> list[Incident]:
    """Those from the first one at the new hour on."""
    for place, incident in enumerate(incidents):
        if any(_is_at(incident.at.astimezone(zone), stream) for stream in streams):
            return list(incidents[place:])
    return []


def _is_at(local: datetime, stream: StreamRow) -> bool:
    """Whether a moment is within the spread of the new hour, and not within that of the old one."""
    minute = local.hour * 60 + local.minute
    after = [
        (minute - start.hour * 60 - start.minute) % 1440
        for start in map(time.fromisoformat, (stream.moved_to, stream.start))
    ]
    return after[0] <= stream.spread < after[1]


def _case(
    kind: str, own: Sequence[Incident], closed: Collection[str], until: datetime
) -> Iterator[SilenceAfterDrift]:
    if len(own) < MIN_INCIDENTS:
        return
    silent = next((i.at for i in own if i.id in closed), None)
    yield SilenceAfterDrift(kind, ((silent or until) - own[0].at) / DAY, silent is not None)
