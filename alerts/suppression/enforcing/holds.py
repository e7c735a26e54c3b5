"""Which open cases keep an incident open (S1): true positives, and suspicions nobody decided."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from alerts.incidents.models import Entity, Incident, Status
from alerts.incidents.models.incident import touches
from alerts.reviews.queries import suspicions_on
from alerts.sites.models import Device
from alerts.suppression.enforcing.cover import facts_by_incident
from alerts.suppression.enforcing.entities import names_of
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.guards.holds import (
    DeviceRef,
    Hold,
    IncidentEnds,
    ends_of_alert,
    held_by,
)


@dataclass(frozen=True, slots=True)
class HeldNames:
    """The devices for which an incident stays open, by what holds them."""

    by_true_positives: tuple[str, ...] = ()
    by_suspicions: tuple[str, ...] = ()


def held_names(incident: Incident, *, alerts: Iterable[Facts]) -> HeldNames:
    """Return the devices of this incident that another case holds open. The incident's own verdict
    is no case against it: it keeps itself open as touched by a person.
    """
    others = _of_same_plant(incident)
    positives = others.filter(
        classification="TruePositive", status__lt=Status.CLOSED, gone_at=None, merged_into=None
    )
    positive_ids = set(positives.values_list("pk", flat=True))
    suspicions = [each for each in suspicions_on(others) if not each.is_past]
    if not positive_ids and not suspicions:
        return HeldNames()
    ends = _ends_of({*positive_ids, *(each.incident_id for each in suspicions)})
    own = Entity.objects.filter(incident=incident).select_related("device__zone__site")
    touched = _ends(alerts, own)
    return HeldNames(
        held_by([Hold(ends=ends[pk]) for pk in positive_ids], touched),
        held_by(
            [Hold(ends=ends[each.incident_id], is_narrow=each.is_narrow) for each in suspicions],
            touched,
        ),
    )


def _of_same_plant(incident: Incident) -> QuerySet[Incident]:
    """The other incidents of the workspace, or of a site that this one touches: a device of that
    site may be seen through another workspace, too.
    """
    near = Q(workspace=incident.workspace_id)
    if incident.site_ids:
        near |= touches(incident.site_ids)
    return Incident.objects.filter(near).exclude(pk=incident.pk)


def _ends_of(incident_ids: Collection[int]) -> dict[int, IncidentEnds]:
    """What each of these incidents touches."""
    facts = facts_by_incident(incident_ids)
    entities: dict[int, list[Entity]] = {pk: [] for pk in incident_ids}
    rows = Entity.objects.filter(incident__in=incident_ids)
    for entity in rows.select_related("device__zone__site"):
        entities[entity.incident_id].append(entity)
    return {pk: _ends(facts[pk].values(), entities[pk]) for pk in incident_ids}


def _ends(alerts: Iterable[Facts], entities: Iterable[Entity]) -> IncidentEnds:
    """The ends of the alerts; of the entities the known devices, and names that no alert said."""
    rows = list(alerts)
    ends = tuple(ends_of_alert(facts) for facts in rows)
    sites = {facts.site for facts in rows}
    site = sites.pop() if len(sites) == 1 else ""
    named = {
        text.casefold() for each in ends for one in each.devices for text in (one.name, one.address)
    }
    devices = []
    for entity in entities:
        if entity.device is not None:
            devices.append(_ref_of(entity.device))
        else:
            unnamed = sorted(names_of(entity) - named)
            devices += [DeviceRef(site=site, name=text, address=text) for text in unnamed]
    return IncidentEnds(alerts=ends, entities=tuple(devices))


def _ref_of(device: Device) -> DeviceRef:
    return DeviceRef(
        site=device.zone.site.name, zone=device.zone.name, name=device.name, address=device.address
    )
