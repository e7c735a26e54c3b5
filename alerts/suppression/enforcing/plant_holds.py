"""What cases of true positives and undecided suspicions hold at a plant: which devices, and for
which of them another incident there stays open.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from alerts.incidents.models import Entity, Incident, IncidentStatus
from alerts.reviews.queries.questions import Suspicion, suspicions_on
from alerts.rules.fields import FieldValues
from alerts.rules.guards.holds import (
    DeviceRef,
    Hold,
    IncidentEnds,
    blocking_labels,
    ends_of_alert,
    is_same_device,
)
from alerts.sites.models import Device
from alerts.suppression.drafting.same_devices import names_any, same_devices
from alerts.suppression.enforcing.true_positive_cases import (
    TruePositiveCase,
    candidates_since,
    cases_since,
    true_positive_cases,
)
from alerts.suppression.queries import entities_of, entity_names, facts_by_incident


@dataclass(frozen=True, slots=True)
class BlockingDevices:
    """The devices for which an incident stays open, by what holds them."""

    by_true_positives: tuple[str, ...] = ()  # open ones
    by_suspicions: tuple[str, ...] = ()
    by_closed_cases: tuple[str, ...] = ()  # of true positives that were closed
    by_past_cases: tuple[str, ...] = ()  # by true positives when it came, no longer

    @property
    def of_cases(self) -> tuple[str, ...]:
        """Those that true positives hold now."""
        return tuple(sorted({*self.by_true_positives, *self.by_closed_cases}))


@dataclass(frozen=True, slots=True)
class PlantHolds:
    """The cases and suspicions of one plant, and what each of them touches."""

    cases: Sequence[TruePositiveCase]
    suspicions: Sequence[Suspicion]
    ends: Mapping[int, IncidentEnds]
    now: datetime

    def devices_of(
        self, incident: Incident, touched: IncidentEnds, *, began_by: datetime | None = None
    ) -> BlockingDevices:
        """Return the devices of this incident that another one holds; with `began_by`, of true
        positives only those that held them at that moment.
        """
        since, now = start_of_holds(incident, now=self.now), self.now
        cases = [
            case
            for case in self.cases
            if case.incident.pk != incident.pk
            and (case.until is None or case.until > since)
            and (began_by is None or case.since <= began_by)
        ]
        suspicions = [
            Hold(ends=self.ends[suspicion.incident_id], is_narrow=suspicion.is_narrow)
            for suspicion in self.suspicions
            if suspicion.incident_id != incident.pk
        ]

        def labels(are_of: Callable[[TruePositiveCase], bool]) -> tuple[str, ...]:
            holds = [Hold(ends=self.ends[case.incident.pk]) for case in cases if are_of(case)]
            return blocking_labels(holds, touched)

        return BlockingDevices(
            labels(lambda case: case.is_open),
            blocking_labels(suspicions, touched),
            labels(lambda case: case.until is not None and case.until > now),
            labels(lambda case: case.until is not None and case.until <= now),
        )


def start_of_holds(incident: Incident, *, now: datetime) -> datetime:
    """Return from when on a hold on a device of the incident keeps it open: since it came, unless
    people have closed it.
    """
    is_of_people = incident.status == IncidentStatus.CLOSED and not incident.closed_by
    return now if is_of_people else min(incident.created_at, now)


def plant_holds(
    incidents: QuerySet[Incident],
    *,
    touched: Collection[IncidentEnds],
    suspicions: Sequence[Suspicion],
    since: datetime,
    now: datetime,
) -> PlantHolds:
    """Return what has held something of these ends at a plant since then, of its incidents;
    `suspicions` are those in force there. Until when a case held its devices is asked of the few
    that touch one of them.
    """
    rows = candidates_since(incidents, since=since)
    candidates = list(rows.order_by().values_list("pk", flat=True))
    holding = {*candidates, *(suspicion.incident_id for suspicion in suspicions)}
    if not holding:
        return PlantHolds((), (), {}, now)
    ends = ends_by_incident(holding)
    near = [
        pk
        for pk in candidates
        if any(blocking_labels([Hold(ends=ends[pk])], others) for others in touched)
    ]
    return PlantHolds(
        cases_since(Incident.objects.filter(pk__in=near), since=since, now=now) if near else (),
        suspicions,
        ends,
        now,
    )


def devices_in_open_cases(
    *, named: Collection[str], now: datetime, incidents: QuerySet[Incident] | None = None
) -> frozenset[str]:
    """Return the names and addresses, folded, of all devices that the case of a true positive or an
    undecided suspicion holds, of these incidents or all: for who cannot ask incident by incident.
    `named` is what is to be compared: it may be one of these devices by another name.
    """
    rows = Incident.objects.all() if incidents is None else incidents
    holding = {case.incident.pk for case in true_positive_cases(rows, now=now)}
    holding |= {row.incident_id for row in suspicions_on(rows) if not row.is_past}
    return handles_of(holding, named=named) if holding else frozenset()


def handles_of(incident_ids: Collection[int], *, named: Collection[str]) -> frozenset[str]:
    """Return the names and addresses, folded, of all devices that these incidents touch."""
    refs = {ref for ends in ends_by_incident(incident_ids).values() for ref in ends.devices}
    texts = {text for ref in refs for text in (ref.name, ref.address) if text}
    devices_by_name = Device.objects.alias(lower_name=Lower("name"), lower_address=Lower("address"))
    candidates = devices_by_name.filter(names_any(texts)).select_related("zone__site")
    seeds = [row.pk for row in candidates if any(is_same_device(_ref_of(row), ref) for ref in refs)]
    devices = same_devices(Q(pk__in=seeds), named=named)
    return frozenset(map(str.casefold, texts)).union(*(device.handles for device in devices))


def ends_by_incident(incident_ids: Collection[int]) -> dict[int, IncidentEnds]:
    """Return what each of these incidents touches."""
    facts, entities = facts_by_incident(incident_ids), entities_of(incident_ids)
    return {pk: ends_of_incident(facts[pk].values(), entities.get(pk, ())) for pk in incident_ids}


def ends_of_incident(alerts: Iterable[FieldValues], entities: Iterable[Entity]) -> IncidentEnds:
    """Return the ends of the alerts; of the entities the known devices, and names that no alert
    has.
    """
    rows = list(alerts)
    ends = tuple(ends_of_alert(facts) for facts in rows)
    sites = {facts.site for facts in rows}
    site = sites.pop() if len(sites) == 1 else ""
    named = {
        text.casefold()
        for alert in ends
        for device in alert.devices
        for text in (device.name, device.address)
    }
    devices = []
    for entity in entities:
        if entity.device is not None:
            devices.append(_ref_of(entity.device))
        else:
            unnamed = sorted(entity_names(entity) - named)
            devices += [DeviceRef(site=site, name=text, address=text) for text in unnamed]
    return IncidentEnds(alerts=ends, entities=tuple(devices))


def _ref_of(device: Device) -> DeviceRef:
    return DeviceRef(
        site=device.zone.site.name, zone=device.zone.name, name=device.name, address=device.address
    )
