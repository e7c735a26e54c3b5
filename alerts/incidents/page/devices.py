"""The devices an incident is about, as cards, and who did what to whom among them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import FETCH_RAISE, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.models import Alert, AlertRaw, Incident
from alerts.sites.engine.devices import is_public_address
from alerts.sites.models import Criticality, Device
from portal.ui.pieces import FlowNode
from portal.ui.words import length

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
    """A Purdue level and its name; empty where none is recorded."""
    if level is None:
        return ""
    return " · ".join(filter(None, (level_name(level), str(LEVEL_WORDS.get(level, "")))))


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """One device and its side of the traffic; outside the plant without site, zone and level."""

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
    cards += _outside_cards(alerts, incident, inside={device.address for device in inside})
    order = {"destination": 0, "source": 1}
    return sorted(cards, key=lambda card: (order.get(card.side, 2), card.name))


def end_of(cards: Iterable[DeviceCard], side: str, name: str) -> FlowNode | None:
    """Return one end of the flow: its card, or the name in the alert; None where it has none."""
    for card in cards:
        if card.side == side:
            return card.as_node()
    return FlowNode(name, (outside_words(),) if is_public_address(name) else ()) if name else None


def _touched(alerts: Iterable[Alert]) -> Q:
    """Devices by the zone and the addresses that the alerts name."""
    condition = Q(pk__in=[])
    by_zone: dict[int, set[str]] = {}
    for alert in alerts:
        if alert.zone_id is not None:
            by_zone.setdefault(alert.zone_id, set()).update(alert.any_address)
    for zone, addresses in by_zone.items():
        condition |= Q(zone_id=zone, address__in=addresses)
    return condition


def _outside_cards(
    alerts: Iterable[Alert], incident: Incident, *, inside: set[str]
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
        if address not in inside and is_public_address(address)
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
    is_normal = device.criticality == Criticality.NORMAL
    criticality = "" if is_normal else device.get_criticality_display()
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
    """The name at an end, without how many others are there, too: "PLC-1 +2"."""
    return re.sub(r" \+\d+$", "", end).casefold()


MAX_NODES = 6

# Analytics rules hand on no addresses, but the text that the sensor wrote.
_IN_TEXT = {
    "source": re.compile(r"\bSource(?: device| host| address)?: *(\S+?)[.,;]?(?=\s|$)"),
    "destination": re.compile(r"\bDestination(?: device| host| address)?: *(\S+?)[.,;]?(?=\s|$)"),
}


@dataclass(frozen=True, slots=True)
class DeviceFlow:
    """Both ends where they are known, else the devices that took part, or at least the place."""

    source: FlowNode | None
    target: FlowNode | None
    devices: tuple[FlowNode, ...]
    action: str
    detail: str
    note: str  # what is not known
    is_bad: bool

    @property
    def is_directed(self) -> bool:
        """Whether it is known who began and with whom."""
        return self.source is not None and self.target is not None


def flow_of(incident: Incident, alerts: Sequence[Alert], cards: Sequence[DeviceCard]) -> DeviceFlow:
    """The flow of the newest alert, and how often it was seen in this incident."""
    alert = alerts[0] if alerts else None
    source = end_of(cards, "source", incident.source)
    target = end_of(cards, "destination", incident.destination)
    if source is None and target is None:
        source, target = _ends_in_text(incident, cards)
    devices = () if source and target else _involved(incident, alerts, cards, source or target)
    protocol = (alert.protocol if alert else "") or incident.protocol
    action = (alert.function if alert else "") or protocol or gettext("Traffic")
    wire = ", ".join(filter(None, (protocol if protocol != action else "", _port(alert))))
    return DeviceFlow(
        source=source,
        target=target,
        devices=devices,
        action=action,
        detail=" · ".join(filter(None, (wire, _times(alerts)))),
        note=_unknown(incident, devices, source or target),
        is_bad=incident.severity >= 3,
    )


def _involved(
    incident: Incident,
    alerts: Sequence[Alert],
    cards: Sequence[DeviceCard],
    end: FlowNode | None,
) -> tuple[FlowNode, ...]:
    """The one end that is known, else all devices that are named, else the place."""
    if end is not None:
        return (end,)
    names = {name for alert in alerts for name in (*alert.any_device, *alert.any_address)}
    nodes = [card.as_node() for card in cards]
    covered = {card.name for card in cards} | {card.address for card in cards}
    nodes += [FlowNode(name) for name in sorted(names - covered)]
    return tuple(nodes[:MAX_NODES]) or _place(incident, alerts)


def _place(incident: Incident, alerts: Sequence[Alert]) -> tuple[FlowNode, ...]:
    sensor = next((alert.sensor for alert in alerts if alert.sensor), "")
    watched = gettext("sensor %(sensor)s") % {"sensor": sensor} if sensor else ""
    facts = filter(None, (watched, gettext("No device named")))
    return (FlowNode(incident.place, tuple(facts)),) if incident.place else ()


def _unknown(incident: Incident, devices: Sequence[FlowNode], end: FlowNode | None) -> str:
    alert_type = alert_type_for(incident.alert_type)
    if end is not None and devices and (alert_type is None or alert_type.about == "pair"):
        return gettext("The other device is not named.")
    return gettext("It is not known which of them started it.") if len(devices) > 1 else ""


def _ends_in_text(
    incident: Incident, cards: Sequence[DeviceCard]
) -> tuple[FlowNode | None, FlowNode | None]:
    """Both ends as the text of the newest alert names them."""
    texts = AlertRaw.objects.filter(alert__incidents=incident).order_by("-alert__at")
    text = texts.values_list("body__properties__description", flat=True).first()
    if not isinstance(text, str):
        return None, None
    source, destination = (_node_named(pattern, text, cards) for pattern in _IN_TEXT.values())
    return source, destination


def _node_named(
    pattern: re.Pattern[str], text: str, cards: Sequence[DeviceCard]
) -> FlowNode | None:
    found = pattern.search(text)
    if found is None:
        return None
    name = found[1].casefold()
    named = [card for card in cards if name in (card.name.casefold(), card.address.casefold())]
    return end_of([replace(card, side="named") for card in named], "named", found[1])


def _port(alert: Alert | None) -> str:
    return gettext("port %(port)s") % {"port": alert.port} if alert and alert.port else ""


def _times(alerts: Sequence[Alert]) -> str:
    n = len(alerts)
    if n < 2:
        return ""
    span = max(alert.latest_at or alert.at for alert in alerts) - min(alert.at for alert in alerts)
    times = {"n": n, "span": length(span)}
    return ngettext("%(n)s time in %(span)s", "%(n)s times in %(span)s", n) % times
