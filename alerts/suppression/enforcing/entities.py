"""What the entities of an incident say beside its alerts: strangers, criticality."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from alerts.incidents.models import Entity
from alerts.sentinel.wire.vocabulary import ENTITY_KIND
from alerts.sites.models import Device
from alerts.suppression.engine.facts import Facts

_NAMED = {
    "IoTDevice": ("deviceName",),
    "Ip": ("address",),
    "Nic": ("macAddress",),
    "Host": ("hostName",),
}
_THE_ALERT_ITSELF = frozenset({"SecurityAlert", "Bookmark"})


@dataclass(frozen=True, slots=True)
class Around:
    """The entities of one incident, as far as a decision needs them."""

    unexplained: tuple[str, ...]
    unknown_kinds: tuple[str, ...]
    device_ids: frozenset[int]


def around(incident_id: int, *, alerts: Iterable[Facts]) -> Around:
    """Look at all entities beside all alerts. What no alert names, and nothing named leads to, is
    unexplained.
    """
    said = {name.casefold() for facts in alerts for name in _ends(facts)}
    entities = list(Entity.objects.filter(incident=incident_id).select_related("device"))
    explained = {one.pk for one in entities if names_of(one) & said}
    explained |= {one.pk for one in entities if one.kind in _THE_ALERT_ITSELF}
    leads = {ref for one in entities if one.pk in explained for ref in _references(one)}
    while more := {one.pk for one in entities if one.pk not in explained and _id_of(one) in leads}:
        explained |= more
        leads |= {ref for one in entities if one.pk in more for ref in _references(one)}
    return Around(
        unexplained=tuple(
            sorted(one.label or one.name for one in entities if one.pk not in explained)
        ),
        unknown_kinds=tuple(
            sorted({one.kind or "none" for one in entities if one.kind not in ENTITY_KIND})
        ),
        device_ids=frozenset(one.device_id for one in entities if one.device_id is not None),
    )


def criticality_of(found: Around, *, alerts: Iterable[Facts]) -> dict[str, str]:
    """The criticality of every device that is involved, by its name. A name that the alert's own
    site does not know is looked up everywhere.
    """
    rows = list(alerts)
    names = {name for facts in rows for name in _ends(facts)}
    sites = {facts.site for facts in rows if facts.site}
    known = Device.objects.filter(Q(name__in=names) | Q(address__in=names))
    if sites and all(facts.site for facts in rows):
        known = known.filter(zone__site__name__in=sites)
    pairs = [*known, *Device.objects.filter(pk__in=found.device_ids)]
    return {str(device): device.criticality for device in pairs}


def _ends(facts: Facts) -> set[str]:
    ends = {facts.source_device, facts.source_address, facts.destination_device}
    ends |= {facts.destination_address, *facts.any_device, *facts.any_address}
    return {name for name in ends if name}


def names_of(entity: Entity) -> set[str]:
    """By which names the entity could stand in an alert, folded."""
    properties = _properties(entity)
    texts = [properties.get(member) for member in _NAMED.get(entity.kind, ())]
    if entity.kind in _NAMED:
        texts.append(entity.label)
    if entity.device is not None:
        texts += [entity.device.name, entity.device.address]
    return {text.casefold() for text in texts if isinstance(text, str) and text}


def _properties(entity: Entity) -> dict[str, Any]:
    held = entity.body.get("properties") if isinstance(entity.body, dict) else None
    return held if isinstance(held, dict) else {}


def _id_of(entity: Entity) -> str:
    held = entity.body.get("id") if isinstance(entity.body, dict) else None
    return held.casefold() if isinstance(held, str) else ""


def _references(entity: Entity) -> set[str]:
    """The ids of other entities that this one is made of: its addresses and network cards."""
    found: set[str] = set()
    for member, value in _properties(entity).items():
        if member.endswith(("EntityId", "EntityIds")):
            values: Collection[Any] = value if isinstance(value, list) else [value]
            found |= {one.casefold() for one in values if isinstance(one, str) and one}
    return found
