"""Which open incidents true positives leave to people: as the guard compares them, by devices of
the inventory and by names and addresses alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, Min, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Lower

from alerts.incidents.models import Entity, Incident, IncidentAlert
from alerts.incidents.models.incident import OPEN
from alerts.reviews.queries.questions import suspicions_on
from alerts.rules.guards.holds import DeviceRef, is_same_device
from alerts.suppression.enforcing.plant_holds import ends_by_incident
from alerts.suppression.enforcing.true_positive_cases import TruePositiveCase, cases_since

_IN_ALERTS = ("source_device", "source_address", "destination_device", "destination_address")
_LISTS_IN_ALERTS = ("any_device", "any_address")
_IN_ENTITIES = {
    "label": F("label"),
    "device_name": F("device__name"),
    "device_address": F("device__address"),
    "text_name": KT("body__properties__deviceName"),
    "text_address": KT("body__properties__address"),
    "text_card": KT("body__properties__macAddress"),
    "text_host": KT("body__properties__hostName"),
}


def incidents_touching(
    case_ids: Collection[int], incidents: QuerySet[Incident]
) -> Mapping[int, list[Incident]]:
    """Return by case those of these incidents at its plant that touch a device of it, the latest
    first: in as many questions as for one case.
    """
    ends = ends_by_incident(case_ids) if case_ids else {}
    texts = {
        text for of_case in ends.values() for ref in of_case.devices for text in _texts_of(ref)
    }
    if not texts:
        return defaultdict(list)
    near = _incidents_naming(texts, incidents)
    rows = list(incidents.filter(pk__in=near).order_by("-created_at", "-pk"))
    touching = _incidents_by_device([row.pk for row in rows])
    devices_by_text: dict[str, set[DeviceRef]] = defaultdict(set)
    for device in touching:
        for text in _texts_of(device):
            devices_by_text[text].add(device)
    found: dict[int, list[Incident]] = defaultdict(list)
    for case in Incident.objects.filter(pk__in=case_ids):
        touched = {
            pk
            for other in set(ends[case.pk].devices)
            for device in set().union(*(devices_by_text.get(text, ()) for text in _texts_of(other)))
            if is_same_device(device, other)
            for pk in touching[device]
        }
        for row in rows:
            if row.pk != case.pk and row.pk in touched and _is_of_plant(case, row):
                found[case.pk].append(row)
    return found


def _incidents_by_device(incident_ids: Collection[int]) -> Mapping[DeviceRef, set[int]]:
    """Return which of these incidents touch a device, by device: few are compared so, not each
    pair of incidents.
    """
    found: dict[DeviceRef, set[int]] = defaultdict(set)
    if incident_ids:
        for pk, ends in ends_by_incident(incident_ids).items():
            for device in ends.devices:
                found[device].add(pk)
    return found


def open_incidents_of(
    cases: Sequence[TruePositiveCase], incidents: QuerySet[Incident]
) -> Mapping[int, list[Incident]]:
    """Return by case those of these incidents that are open and were so while it held a device of
    theirs: rules leave them to people, however long before it they came. The latest first.
    """
    until = {case.incident.pk: case.until for case in cases}
    touching = incidents_touching(until, incidents.filter(OPEN))
    return {
        pk: [row for row in touching.get(pk, ()) if end is None or row.created_at < end]
        for pk, end in until.items()
    }


def cases_with_effect(
    cases: QuerySet[Incident],
    incidents: QuerySet[Incident],
    *,
    now: datetime,
    since: datetime | None = None,
) -> dict[TruePositiveCase, list[Incident]]:
    """Return those of these true positives that hold their devices, that have held something until
    `since` or later, or for which one of these incidents stays open although their hold is long
    over; each with these incidents. The latest first.
    """
    since = since or now
    oldest = incidents.filter(OPEN).aggregate(at=Min("created_at"))["at"]
    found = cases_since(cases, since=min(oldest or since, since), now=now)
    waiting = open_incidents_of(found, incidents)
    return {
        case: waiting[case.incident.pk]
        for case in found
        if not case.has_ended(now)
        or waiting[case.incident.pk]
        or (case.was_in_effect and not case.has_ended(since))
    }


def incidents_that_hold(incidents: QuerySet[Incident], *, now: datetime) -> set[int]:
    """Return those of these incidents because of which others stay with people, or would: true
    positives and undecided suspicions that touch a device.
    """
    cases = cases_with_effect(incidents, Incident.objects.all(), now=now)
    found = {case.incident.pk for case in cases}
    found |= {row.incident_id for row in suspicions_on(incidents) if not row.is_past}
    return {pk for pk, ends in ends_by_incident(found).items() if ends.devices}


def _is_of_plant(case: Incident, row: Incident) -> bool:
    """Whether the guard asks about the case when it judges the incident."""
    return case.workspace_id == row.workspace_id or bool({*case.site_ids} & {*row.site_ids})


def _texts_of(ref: DeviceRef) -> set[str]:
    texts = {text for text in (ref.name, ref.address) if text}
    return {text.lower() for text in texts} | {text.casefold() for text in texts}


def _incidents_naming(texts: Iterable[str], incidents: QuerySet[Incident]) -> set[int]:
    """Return those of these incidents with an alert or an entity that has one of these texts, in
    lower case, as a name or an address.
    """
    words, ids = sorted(texts), incidents.order_by().values("pk")
    links = IncidentAlert.objects.filter(incident__in=ids)
    singles = {f"one_{name}": Lower(f"alert__{name}") for name in _IN_ALERTS}
    lists = {f"all_{name}": _lowered_list(f"alert__{name}") for name in _LISTS_IN_ALERTS}
    links = links.alias(**singles, **lists).filter(
        _any_of({f"{name}__in": words for name in singles})
        | _any_of({f"{name}__overlap": words for name in lists})
    )
    entities = Entity.objects.filter(incident__in=ids)
    columns = {f"one_{name}": Lower(column) for name, column in _IN_ENTITIES.items()}
    entities = entities.alias(**columns).filter(_any_of({f"{name}__in": words for name in columns}))
    return {*links.values_list("incident", flat=True), *entities.values_list("incident", flat=True)}


def _lowered_list(column: str) -> Func:
    """The texts of a column that lists them, in lower case."""
    return Func(
        F(column),
        template="lower(%(expressions)s::text)::text[]",
        output_field=ArrayField(TextField()),
    )


def _any_of(conditions: Mapping[str, Sequence[str]]) -> Q:
    return reduce(or_, (Q(**{name: words}) for name, words in conditions.items()))
