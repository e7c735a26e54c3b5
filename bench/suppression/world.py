"""A scenario as mining and rules see it: cells, incident shapes and facts, without the truth."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.patterns.engine.cells import (
    OUTSIDE,
    AlertCell,
    CellEnd,
    CellHour,
    CellKey,
    CellVerdict,
    DeviceGroup,
    put_busier_end_first,
)
from alerts.patterns.engine.plan import IncidentPart, IncidentShape
from alerts.patterns.engine.sides import Inventory
from alerts.rules.fields import FieldValues
from simulator.scenarios.records import Alert, Incident, Site, Work
from simulator.scenarios.scenario import Scenario

SLACK = timedelta(hours=1)  # after planned work
SETTLED = timedelta(days=30)  # a device known so long counts as a member of its group
CRITICAL = ("safety", "crown-jewel")


@dataclass(frozen=True, slots=True)
class PreparedAlert:
    """One alert, prepared once: its cell, its hour and its facts."""

    key: CellKey
    occurrence: CellHour
    facts: FieldValues


@dataclass(slots=True)
class Judgement:
    """What people said about one incident so far: person, verdict, cause."""

    answers: list[tuple[str, str, str]] = field(default_factory=list)
    is_closed_benign: bool = False
    is_true_positive: bool = False

    @property
    def verdict(self) -> str:
        """The verdict in force: two of three decide; a lone one stands."""
        counts = Counter(_side(verdict) for _, verdict, _ in self.answers)
        sure = {side: n for side, n in counts.items() if side}
        if not sure:
            return self.answers[-1][1] if self.answers else ""
        side = max(sure, key=lambda candidate: (sure[candidate], candidate == "suspicious"))
        return next(v for _, v, _ in reversed(self.answers) if _side(v) == side)

    @property
    def is_lone_suspicion(self) -> bool:
        """Whether one person called it suspicious and nobody else was asked."""
        return self.verdict == "suspicious" and len(self.answers) == 1

    @property
    def is_confirmed(self) -> bool:
        """Whether two people called it suspicious, or the SOC found it to be true."""
        suspicions = sum(verdict == "suspicious" for _, verdict, _ in self.answers)
        return suspicions >= 2 or self.is_true_positive


def _side(verdict: str) -> str:
    return {"routine": "harmless", "maintenance": "harmless", "suspicious": "suspicious"}.get(
        verdict, ""
    )


class World:
    """One scenario, read without its truth."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.sites: dict[str, Site] = {site.name: site for site in scenario.sites}
        self.judgements: dict[str, Judgement] = defaultdict(Judgement)

    @cached_property
    def alerts(self) -> dict[str, tuple[PreparedAlert, ...]]:
        """The alerts of each incident."""
        return {
            incident.id: tuple(self._read(alert) for alert in incident.alerts)
            for incident in self.scenario.incidents
        }

    def inventory(self, site: str, now: datetime) -> Inventory:
        """How many devices of each kind and zone of a site have been known for 30 days."""
        settled = (
            d
            for d in self.scenario.devices
            if d.site == site and d.since <= now - SETTLED and d.is_there(now)
        )
        return Counter(DeviceGroup(device.kind, device.zone) for device in settled)

    def device_names(self, site: str, now: datetime) -> dict[DeviceGroup, frozenset[str]]:
        """The names of the devices of each kind and zone of a site, without critical ones."""
        names: dict[DeviceGroup, set[str]] = defaultdict(set)
        for device in self.scenario.devices:
            is_there = device.site == site and device.is_there(now)
            if is_there and device.criticality not in CRITICAL and device.name:
                names[DeviceGroup(device.kind, device.zone)].add(device.name)
        return {group: frozenset(found) for group, found in names.items()}

    def time_zone(self, site: str) -> str:
        """The site's IANA time zone."""
        return self.sites[site].time_zone

    def local_hour(self, alert: Alert) -> int:
        """The hour of an alert on the site's clock."""
        return alert.at.astimezone(ZoneInfo(self.time_zone(alert.site))).hour

    def people(self, site: str) -> list[str]:
        """Who of OT may be asked, the lead last."""
        own = [person for person in self.scenario.people if person.site == site]
        return [
            person.name for person in sorted(own, key=lambda candidate: candidate.role == "lead")
        ]

    def cells(
        self, incidents: Iterable[Incident]
    ) -> tuple[list[AlertCell], list[IncidentShape], dict[str, frozenset[int]]]:
        """Return cells, shapes of incidents, and the cells of each incident."""
        index: dict[CellKey, int] = {}
        cells: list[AlertCell] = []
        shapes: Counter[frozenset[IncidentPart]] = Counter()
        places: dict[str, frozenset[int]] = {}
        for incident in incidents:
            judgement = self.judgements.get(incident.id)
            parts, occurrences = set(), {}
            for alert in self.alerts[incident.id]:
                at = index.get(alert.key)
                if at is None:
                    at = index[alert.key] = len(cells)
                    cells.append(AlertCell(alert.key))
                cell, occurrence = cells[at], alert.occurrence
                cell.severity = max(cell.severity, alert.facts.severity)
                cell.occurrences.append(occurrence)
                parts.add(IncidentPart(at, occurrence.slot, occurrence.utc_slot, occurrence.works))
                occurrences[at] = occurrence
            shapes[frozenset(parts)] += 1
            places[incident.id] = frozenset(occurrences)
            if judgement is not None:
                _judge(incident, judgement, occurrences, cells)
        put_busier_end_first(cells)
        return cells, [IncidentShape(parts, n) for parts, n in shapes.items()], places

    def _read(self, alert: Alert) -> PreparedAlert:
        source, destination = _end_of(alert, "source"), _end_of(alert, "destination")
        is_directed = bool(source.name or destination.name)
        if not is_directed and len(alert.any_device) in (1, 2):
            named = sorted(alert.any_device)
            source = CellEnd(named[0])
            destination = CellEnd(named[1]) if len(named) > 1 else CellEnd()
        elif is_directed and not source.name:
            source, destination = destination, CellEnd()
            is_directed = False
        local = alert.at.astimezone(ZoneInfo(self.time_zone(alert.site)))
        utc = alert.at.astimezone(UTC)
        works = self._works(alert)
        occurrence = CellHour(
            local.toordinal(),
            local.weekday() * 24 + local.hour,
            utc.weekday() * 24 + utc.hour,
            1,
            works,
        )
        key = CellKey(
            alert.site,
            alert.alert_type,
            alert.user_defined_title,
            source,
            destination,
            alert.protocol,
            alert.function,
            is_directed,
        )
        sides = {
            f"{side}_{name}": getattr(alert, f"{side}_{name}")
            for side in ("source", "destination")
            for name in ("kind", "zone", "subnet")
        }
        works_by_name = tuple(sorted(self._works(alert, by_name=True)))
        facts = FieldValues(
            **alert.facts(),
            **sides,
            planned_work=tuple(sorted(works)),
            planned_work_for_hours=works_by_name,
        )
        return PreparedAlert(key, occurrence, facts)

    def _works(self, alert: Alert, *, by_name: bool = False) -> frozenset[str]:
        """The kinds of planned work that were written down by then and name what takes part. With
        `by_name`, only of work that names its devices.
        """
        ends = {alert.source_device, alert.destination_device, *alert.any_device} - {""}
        zones = {alert.source_zone, alert.destination_zone, alert.zone} - {""}
        return frozenset(
            work.kind
            for work in self._works_by_site[alert.site]
            if work.starts_at <= alert.at < work.ends_at + SLACK
            and work.entered_at <= alert.at
            and (
                ends & set(work.devices)
                if work.devices
                else not by_name and zones & set(work.zones)
            )
        )

    @cached_property
    def _works_by_site(self) -> dict[str, list[Work]]:
        works: dict[str, list[Work]] = defaultdict(list)
        for work in self.scenario.works:
            works[work.site].append(work)
        return works


def _end_of(alert: Alert, side: str) -> CellEnd:
    """Return one end as the product reads it: beyond the plant nobody knows a kind or a zone."""
    address, zone = getattr(alert, f"{side}_address"), getattr(alert, f"{side}_zone")
    is_outside = bool(address) and not zone
    return CellEnd(
        getattr(alert, f"{side}_device"),
        address,
        OUTSIDE if is_outside else getattr(alert, f"{side}_kind"),
        zone,
        is_outside,
        getattr(alert, f"{side}_criticality") in CRITICAL,
    )


def _judge(
    incident: Incident,
    judgement: Judgement,
    occurrences: dict[int, CellHour],
    cells: list[AlertCell],
) -> None:
    """Write what people said into the cells of an incident."""
    verdict = judgement.verdict
    cause = next((c for _, v, c in reversed(judgement.answers) if v == verdict), "")
    by = judgement.answers[-1][0] if judgement.answers else ""
    for at, occurrence in occurrences.items():
        cell = cells[at]
        cell.closings += judgement.is_closed_benign
        cell.true_positives += judgement.is_true_positive
        if verdict:
            cell.verdicts.append(
                CellVerdict(
                    incident.id,
                    verdict,
                    cause,
                    by,
                    occurrence.slot,
                    occurrence.utc_slot,
                    occurrence.works,
                )
            )
