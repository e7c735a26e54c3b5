"""Who did what to whom, as far as the alerts, their text or the plant tell it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext, ngettext

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.models import Alert, AlertRaw, Incident
from alerts.incidents.page.devices import DeviceCard, end_of
from portal.ui.pieces import FlowNode
from portal.ui.words import length

MAX_NODES = 6

# Analytics rules hand on no addresses, but the text that the sensor wrote.
_IN_TEXT = {
    "source": re.compile(r"\bSource(?: device| host| address)?: *(\S+?)[.,;]?(?=\s|$)"),
    "destination": re.compile(r"\bDestination(?: device| host| address)?: *(\S+?)[.,;]?(?=\s|$)"),
}


@dataclass(frozen=True, slots=True)
class Flow:
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


def flow_of(incident: Incident, alerts: Sequence[Alert], cards: Sequence[DeviceCard]) -> Flow:
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
    return Flow(
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
    known: FlowNode | None,
) -> tuple[FlowNode, ...]:
    """The one end that is known, else all devices that are named, else the place."""
    if known is not None:
        return (known,)
    named = {name for alert in alerts for name in (*alert.any_device, *alert.any_address)}
    nodes = [card.as_node() for card in cards]
    covered = {card.name for card in cards} | {card.address for card in cards}
    nodes += [FlowNode(name) for name in sorted(named - covered)]
    return tuple(nodes[:MAX_NODES]) or _place(incident, alerts)


def _place(incident: Incident, alerts: Sequence[Alert]) -> tuple[FlowNode, ...]:
    sensor = next((alert.sensor for alert in alerts if alert.sensor), "")
    watched = gettext("sensor %(sensor)s") % {"sensor": sensor} if sensor else ""
    lines = filter(None, (watched, gettext("No device named")))
    return (FlowNode(incident.place, tuple(lines)),) if incident.place else ()


def _unknown(incident: Incident, devices: Sequence[FlowNode], end: FlowNode | None) -> str:
    known = alert_type_for(incident.alert_type)
    if end is not None and devices and (known is None or known.about == "pair"):
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
    span = max(each.latest_at or each.at for each in alerts) - min(each.at for each in alerts)
    times = {"n": n, "span": length(span)}
    return ngettext("%(n)s time in %(span)s", "%(n)s times in %(span)s", n) % times
