"""An alert of Sentinel as a flat record of facts (suppression §1)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.services.plant_time import plant_time
from alerts.incidents.services.rows import SEVERITIES, alert_type_of
from alerts.sentinel.wire import D4iotFacts, WireAlert, WireDevice
from alerts.sites.services import Atlas, Found, Place

_CLOCKS_DIFFER = timedelta(minutes=10)
_make = tuple.__new__


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
    row: AlertRow = _make(
        AlertRow,
        (
            around.workspace_id,
            (alert.vendor_original_id or alert.system_alert_id)[:120],
            alert.system_alert_id[:120],
            *_seen(facts, found.site_id, found.zone_id, _named_in_common(alert)),
            at,
            latest,
            *plant_time(at, found=found),
            flags,
        ),
    )
    if row.port is None and facts.port is not None:
        flags.append("port:not_a_port")
    if not (row.any_device or row.any_address):  # made by a rule: only the entities tell
        any_device, any_address = _named_by(around.devices)
        row = row._replace(any_device=any_device, any_address=any_address)
    return row, found


_named_in_common = itemgetter(
    *map(
        WireAlert._fields.index,
        ("title", "alert_type", "engine", "severity", "techniques", "tactics", "product"),
    )
)


@lru_cache(maxsize=8192)
def _seen(
    facts: D4iotFacts, site_id: int | None, zone_id: int | None, named: tuple[Any, ...]
) -> tuple[Any, ...]:
    """The columns from `sensor` to `any_address`: the same each time that the same is seen."""
    title, kind, engine, severity, techniques, tactics, product = named
    source = (facts.source_device or "")[:120], (facts.source_address or "")[:64]
    destination = (facts.destination_device or "")[:120], (facts.destination_address or "")[:64]
    alert_type = alert_type_of(title or kind or "")
    known = alert_type_for(alert_type)
    return (
        (facts.sensor or "")[:120],
        site_id,
        zone_id,
        alert_type,
        (facts.user_defined_title or "")[:1000],
        (engine or (known.component if known else ""))[:40],
        (facts.category or (known.category if known else ""))[:80],
        SEVERITIES.get(severity or "", 0),
        (facts.protocol or "")[:80],
        _port(facts.port),
        (facts.function or "")[:120],
        techniques,
        tactics,
        (product or "")[:120],
        *source,
        *destination,
        _distinct((source[0], destination[0])),
        _distinct((source[1], destination[1])),
    )


def _found(alert: WireAlert, around: Surroundings, atlas: Atlas) -> Found:
    found = atlas.find(place_of(alert))
    if found.site_id is None:
        return atlas.find(around.only_place)
    if found.zone_id is None and around.only_place.zone:
        by_devices = atlas.find(around.only_place)
        return by_devices if by_devices.site_id == found.site_id else found
    return found


def _named_by(devices: Sequence[WireDevice]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All devices and addresses that entities name."""
    addresses = chain.from_iterable(addresses_of(device=device) for device in devices)
    return (
        _distinct((device.device_name or "")[:120] for device in devices),
        _distinct(address[:64] for address in addresses),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(filter(None, names))))


def _port(text: str | None) -> int | None:
    """The port; None where that is none, however it is written."""
    if text and text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    return None
