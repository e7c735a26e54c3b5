"""The devices an incident is about, as cards: those of the plant, and what stands outside it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import FETCH_RAISE, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.models import Alert, Incident
from alerts.sites.engine.outside import is_public_address
from alerts.sites.models import Criticality, Device
from portal.ui.pieces import FlowNode

MAX_DEVICES = 50

LEVEL_WORDS: dict[float, Promise] = {
    0.0: gettext_lazy("Process"),
    1.0: gettext_lazy("Basic control"),
    2.0: gettext_lazy("Supervisory control"),
    3.0: gettext_lazy("Site operations"),
    3.5: gettext_lazy("DMZ"),
    4.0: gettext_lazy("Site business"),
    5.0: gettext_lazy("Enterprise"),
}


def level_name(level: float) -> str:
    """A Purdue level as people write it: 2, or 3.5."""
    return f"{level:g}"


def level_words(level: float | None) -> str:
    """A Purdue level and what it is called; empty where nobody told."""
    if level is None:
        return ""
    return " · ".join(filter(None, (level_name(level), str(LEVEL_WORDS.get(level, "")))))


CRITICALITY_WORDS = {
    Criticality.IMPORTANT: gettext_lazy("Important"),
    Criticality.CROWN_JEWEL: gettext_lazy("Crown jewel"),
    Criticality.SAFETY: gettext_lazy("Safety system"),
}


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """One device: what is known of it, and which side of the traffic it is. What stands outside
    the plant has neither site nor zone nor level.
    """

    name: str
    address: str
    kind: str
    make: str
    level: str
    criticality: str  # in words; empty for normal ones
    is_precious: bool
    is_outside: bool
    side: str  # source, destination or nothing
    facts: tuple[tuple[str, str], ...]
    pk: int | None = None  # none: no device of the plant

    def as_node(self) -> FlowNode:
        """The card as one end of a flow."""
        address = self.address if self.address != self.name else ""
        if self.is_outside:
            return FlowNode(self.name, tuple(filter(None, (outside_words(), address))))
        what = (
            self.kind if not self.is_precious else f"{self.kind or self.make} · {self.criticality}"
        )
        where = " · ".join(filter(None, (address, self.level)))
        return FlowNode(self.name, tuple(filter(None, (what.strip(" ·"), where))), self.is_precious)


def outside_words() -> str:
    """Where a public address is that no inventory of the plant has."""
    return gettext("Outside the plant")


def devices_of(incident: Incident, alerts: Sequence[Alert]) -> list[DeviceCard]:
    """The devices that an incident's entities and its alerts name, the target first."""
    named = Q(pk__in=incident.entities.exclude(device=None).values("device"))
    rows = Device.objects.filter(named | _touched(alerts))
    found = rows.select_related("zone__site").fetch_mode(FETCH_RAISE)[:MAX_DEVICES]
    inside = [device for device in found if not device.is_outside]
    cards = [_card(device, incident) for device in inside]
    cards += _outside_cards(alerts, incident, known={device.address for device in inside})
    order = {"destination": 0, "source": 1}
    return sorted(cards, key=lambda card: (order.get(card.side, 2), card.name))


def end_of(cards: Iterable[DeviceCard], side: str, name: str) -> FlowNode | None:
    """One end of the flow: its card where there is one, else the name the alert gave; None where
    it gave none.
    """
    for card in cards:
        if card.side == side:
            return card.as_node()
    return FlowNode(name, (outside_words(),) if is_public_address(name) else ()) if name else None


def _touched(alerts: Iterable[Alert]) -> Q:
    """Devices by the zone and the addresses that the alerts name."""
    wanted = Q(pk__in=[])
    by_zone: dict[int, set[str]] = {}
    for alert in alerts:
        if alert.zone_id is not None:
            by_zone.setdefault(alert.zone_id, set()).update(alert.any_address)
    for zone, known in by_zone.items():
        wanted |= Q(zone_id=zone, address__in=known)
    return wanted


def _outside_cards(
    alerts: Iterable[Alert], incident: Incident, *, known: set[str]
) -> list[DeviceCard]:
    """A card for each public address that is no device of the plant."""
    names: dict[str, str] = {}
    for alert in alerts:
        for address in alert.any_address:
            names.setdefault(address, "")
        names[alert.source_address] = alert.source_device
        names[alert.destination_address] = alert.destination_device
    return [
        _outside_card(address, name or address, incident)
        for address, name in names.items()
        if address not in known and is_public_address(address)
    ][:MAX_DEVICES]


def _outside_card(address: str, name: str, incident: Incident) -> DeviceCard:
    facts = ((gettext("Address"), address), (gettext("Place"), outside_words()))
    return DeviceCard(
        name=name,
        address=address,
        kind="",
        make="",
        level="",
        criticality="",
        is_precious=False,
        is_outside=True,
        side=_side({name, address}, incident),
        facts=facts,
    )


def _card(device: Device, incident: Incident) -> DeviceCard:
    zone, site = device.zone, device.zone.site
    level = device.purdue_level if device.purdue_level is not None else zone.purdue_level
    number = level_name(level) if level is not None else ""
    criticality = str(CRITICALITY_WORDS.get(Criticality(device.criticality), ""))
    make = " ".join(filter(None, (device.vendor, device.model)))
    facts = (
        (gettext("Role"), ", ".join(filter(None, (device.role, device.kind, make)))),
        (gettext("Purdue level"), level_words(level)),
        (gettext("Address"), device.address),
        (gettext("Zone"), f"{site.name}, {zone.name}"),
        (gettext("Firmware"), device.firmware),
    )
    return DeviceCard(
        name=device.name or device.address,
        address=device.address,
        kind=device.kind,
        make=make,
        level=gettext("Level %(level)s") % {"level": number} if number else "",
        criticality=criticality,
        is_precious=device.is_critical,
        is_outside=False,
        side=_side({device.name, device.address}, incident),
        facts=tuple((name, value) for name, value in facts if value),
        pk=device.pk,
    )


def _side(names: Iterable[str], incident: Incident) -> str:
    folded = {name.casefold() for name in names if name}
    if _first_name(incident.destination) in folded:
        return "destination"
    return "source" if _first_name(incident.source) in folded else ""


def _first_name(end: str) -> str:
    """The name at an end, without how many others stand there, too: "PLC-1 +2"."""
    return re.sub(r" \+\d+$", "", end).casefold()
