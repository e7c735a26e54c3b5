"""An alert of Sentinel as a flat record of facts (suppression §1)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.services.rows import SEVERITIES, alert_type_of
from alerts.sentinel.wire import WireAlert, WireDevice
from alerts.sites.services import Atlas, Found, Place

_CLOCKS_DIFFER = timedelta(minutes=10)


class AlertRow(NamedTuple):
    """The columns of an alert, in the order in which they are copied."""

    workspace_id: int
    key: str
    system_alert_id: str
    sensor: str
    site_id: int | None
    zone_id: int | None
    alert_type: str
    user_defined_title: str
    engine: str
    category: str
    severity: int
    protocol: str
    port: int | None
    function: str
    techniques: Sequence[str]
    tactics: Sequence[str]
    product_name: str
    source_device: str
    source_address: str
    destination_device: str
    destination_address: str
    any_device: Sequence[str]
    any_address: Sequence[str]
    at: datetime
    latest_at: datetime
    plant_weekday: int | None
    plant_minute: int | None
    flags: Sequence[str]


class StoredAlert(NamedTuple):
    """What the incident needs to know of an alert, after all its versions were merged."""

    id: int
    alert_type: str
    protocol: str
    site_id: int | None
    source: str
    destination: str
    any_device: Sequence[str]
    any_address: Sequence[str]
    at: datetime
    severity: int
    user_defined_title: str


class Surroundings(NamedTuple):
    """What the incident lends to an alert that does not say everything itself."""

    workspace_id: int
    created_at: datetime
    devices: Sequence[WireDevice]
    only_place: Place  # where all its devices are, when that is one place


def place_of(alert: WireAlert) -> Place:
    """Where an alert says it happened."""
    facts = alert.facts
    return Place(facts.site or "", facts.zone or "", facts.sensor or "")


def place_of_device(device: WireDevice) -> Place:
    """Where a device entity stands."""
    return Place(device.site or "", device.zone or "", device.sensor or "")


def addresses_of(*, device: WireDevice) -> tuple[str, ...]:
    """The addresses of a device: its IPs, else its MACs."""
    return device.ip_addresses or device.mac_addresses


def alert_row(
    alert: WireAlert, *, around: Surroundings, atlas: Atlas, now: datetime
) -> tuple[AlertRow, Found]:
    """One alert as a row, and where it is."""
    facts, flags = alert.facts, list(alert.flags)
    found = _found(alert, around, atlas)
    at = alert.started_at or alert.generated_at or around.created_at
    latest = alert.generated_at or alert.ended_at or at
    if max(at, latest) > now + _CLOCKS_DIFFER:
        at, latest = min(at, now), min(latest, now)
        flags.append("at:in_the_future")
    source = (facts.source_device or "")[:120], (facts.source_address or "")[:64]
    destination = (facts.destination_device or "")[:120], (facts.destination_address or "")[:64]
    any_device, any_address = _named(source, destination, around.devices)
    alert_type = alert_type_of(alert.title or alert.alert_type or "")
    known = alert_type_for(alert_type)
    weekday, minute = _plant_time(at, found)
    row = AlertRow(
        around.workspace_id,
        (alert.vendor_original_id or alert.system_alert_id)[:120],
        alert.system_alert_id[:120],
        (facts.sensor or "")[:120],
        found.site_id,
        found.zone_id,
        alert_type,
        (facts.user_defined_title or "")[:1000],
        (alert.engine or (known.component if known else ""))[:40],
        (facts.category or (known.category if known else ""))[:80],
        SEVERITIES.get(alert.severity or "", 0),
        (facts.protocol or "")[:80],
        _port(facts.port, flags),
        (facts.function or "")[:120],
        alert.techniques,
        alert.tactics,
        (alert.product or "")[:120],
        *source,
        *destination,
        any_device,
        any_address,
        at,
        latest,
        weekday,
        minute,
        flags,
    )
    return row, found


def _found(alert: WireAlert, around: Surroundings, atlas: Atlas) -> Found:
    found = atlas.find(place_of(alert))
    if found.site_id is None:
        return atlas.find(around.only_place)
    if found.zone_id is None and around.only_place.zone:
        by_devices = atlas.find(around.only_place)
        return by_devices if by_devices.site_id == found.site_id else found
    return found


def _named(
    source: tuple[str, str], destination: tuple[str, str], devices: Iterable[WireDevice]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All devices and addresses that an alert names. What a rule made has only the entities."""
    names, addresses = {source[0], destination[0]}, {source[1], destination[1]}
    if not any(names) and not any(addresses):
        for device in devices:
            names.add((device.device_name or "")[:120])
            addresses.update([address[:64] for address in addresses_of(device=device)])
    return tuple(sorted(filter(None, names))), tuple(sorted(filter(None, addresses)))


def _port(text: str | None, flags: list[str]) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    flags.append("port:not_a_port")
    return None


def _plant_time(at: datetime, found: Found) -> tuple[int | None, int | None]:
    """Weekday and minute as the plant's clock shows them; nothing where the plant is not known."""
    if found.site_id is None:
        return None, None
    local = at.astimezone(_zone(found.time_zone))
    return local.weekday(), local.hour * 60 + local.minute


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
