"""The devices an incident is about, as cards."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import FETCH_RAISE, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.models import Alert, Incident
from alerts.sites.models import Criticality, Device
from portal.ui.pieces import FlowNode

MOST_DEVICES = 50

LEVEL_WORDS: dict[float, Promise] = {
    0.0: gettext_lazy("Process"),
    1.0: gettext_lazy("Basic control"),
    2.0: gettext_lazy("Supervisory control"),
    3.0: gettext_lazy("Site operations"),
    3.5: gettext_lazy("DMZ"),
    4.0: gettext_lazy("Site business"),
    5.0: gettext_lazy("Enterprise"),
}
CRITICALITY_WORDS = {
    Criticality.IMPORTANT: gettext_lazy("Important"),
    Criticality.CROWN_JEWEL: gettext_lazy("Crown jewel"),
    Criticality.SAFETY: gettext_lazy("Safety system"),
}
PRECIOUS = (Criticality.CROWN_JEWEL, Criticality.SAFETY)


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """One device: what is known of it, and which side of the traffic it is."""

    pk: int
    name: str
    address: str
    site: str
    zone: str
    kind: str
    make: str
    level: str
    criticality: str  # in words; empty for normal ones
    is_precious: bool
    side: str  # source, destination or nothing
    facts: tuple[tuple[str, str], ...]

    def as_node(self) -> FlowNode:
        """The card as one end of a flow."""
        what = (
            self.kind if not self.is_precious else f"{self.kind or self.make} · {self.criticality}"
        )
        where = " · ".join(
            filter(None, (self.address if self.address != self.name else "", self.level))
        )
        return FlowNode(self.name, tuple(filter(None, (what.strip(" ·"), where))), self.is_precious)


def devices_of(incident: Incident) -> list[DeviceCard]:
    """The devices that an incident's entities and alerts name, the target first."""
    named = Q(pk__in=incident.entities.exclude(device=None).values("device"))
    rows = Device.objects.filter(named | _touched(incident))
    found = rows.select_related("zone__site").fetch_mode(FETCH_RAISE)[:MOST_DEVICES]
    cards = [_card(device, incident) for device in found]
    order = {"destination": 0, "source": 1}
    return sorted(cards, key=lambda card: (order.get(card.side, 2), card.name))


def _touched(incident: Incident) -> Q:
    """Devices by the zone and the addresses that the alerts name."""
    pairs = Alert.objects.filter(incidents=incident).values_list("zone_id", "any_address")[:200]
    wanted = Q(pk__in=[])
    by_zone: dict[int, set[str]] = {}
    for zone, addresses in pairs:
        if zone is not None:
            by_zone.setdefault(zone, set()).update(addresses)
    for zone, known in by_zone.items():
        wanted |= Q(zone_id=zone, address__in=known)
    return wanted


def end_of(cards: Iterable[DeviceCard], side: str, name: str) -> FlowNode:
    """One end of the flow: its card where there is one, else the name the alert gave."""
    for card in cards:
        if card.side == side:
            return card.as_node()
    return FlowNode(name or gettext("Not named"), ())


def _card(device: Device, incident: Incident) -> DeviceCard:
    zone, site = device.zone, device.zone.site
    level = device.purdue_level if device.purdue_level is not None else zone.purdue_level
    number = f"{level:g}" if level is not None else ""
    purdue = " · ".join(
        filter(None, (number, str(LEVEL_WORDS.get(level or 0.0, "") if number else "")))
    )
    criticality = str(CRITICALITY_WORDS.get(Criticality(device.criticality), ""))
    make = " ".join(filter(None, (device.vendor, device.model)))
    facts = (
        (gettext("Role"), ", ".join(filter(None, (device.kind, make)))),
        (gettext("Purdue level"), purdue),
        (gettext("Address"), device.address),
        (gettext("Zone"), f"{site.name}, {zone.name}"),
        (gettext("Firmware"), device.firmware),
    )
    return DeviceCard(
        pk=device.pk,
        name=device.name or device.address,
        address=device.address,
        site=site.name,
        zone=zone.name,
        kind=device.kind,
        make=make,
        level=gettext("Level %(level)s") % {"level": number} if number else "",
        criticality=criticality,
        is_precious=device.criticality in PRECIOUS,
        side=_side(device, incident),
        facts=tuple((name, value) for name, value in facts if value),
    )


def _side(device: Device, incident: Incident) -> str:
    names = {name.casefold() for name in (device.name, device.address) if name}
    if incident.destination.casefold() in names:
        return "destination"
    return "source" if incident.source.casefold() in names else ""
