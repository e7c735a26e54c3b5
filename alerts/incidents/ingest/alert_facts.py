"""An alert of Sentinel as a flat record of facts (suppression §1), once for all alike."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.incidents.engine.catalogue import alert_type_for, alert_type_of
from alerts.incidents.engine.title_proof import TitleRules, title_flags
from alerts.incidents.ingest.incident_rows import SEVERITIES
from alerts.incidents.ingest.pg_copy import copy_line
from alerts.sentinel.wire.alerts import WireAlert
from alerts.sentinel.wire.entities import WireDevice
from alerts.sites.engine.devices import is_public_address
from alerts.sites.services.learn import DeviceLocation

_CLOCKS_DIFFER = timedelta(minutes=10)


class AlertContent(NamedTuple):
    """What many alerts state alike; links, ids and moments are of one alert only."""

    title: str | None
    alert_type: str | None
    engine: str | None
    severity: str | None
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    product: str | None
    sensor: str | None
    source_device: str | None
    source_address: str | None
    destination_device: str | None
    destination_address: str | None
    protocol: str | None
    port: str | None
    category: str | None
    function: str | None
    user_defined_title: str | None


class AlertColumns(NamedTuple):
    """The columns of an alert that many alerts share, in the order in which they are copied."""

    sensor: str
    alert_type: str
    user_defined_title: str
    engine: str
    category: str
    protocol: str
    function: str
    product_name: str
    source_device: str
    source_address: str
    destination_device: str
    destination_address: str
    site_id: int | None
    zone_id: int | None
    severity: int
    port: int | None
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    any_device: tuple[str, ...]
    any_address: tuple[str, ...]


class AlertSummary(NamedTuple):
    """What an alert contributes to its incident."""

    alert_type: str
    protocol: str
    site_id: int | None
    source: str
    destination: str
    any_device: tuple[str, ...]
    any_address: tuple[str, ...]
    user_defined_title: str
    function: str
    severity: int


class AlertEnd(NamedTuple):
    """A device at one end of an alert."""

    zone_id: int
    address: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class AlertFacts:
    """The facts of an alert: as columns, as members of a line, as its incident gets them."""

    columns: AlertColumns
    line: str
    summary: AlertSummary
    ends: tuple[AlertEnd, ...]


class AlertRow(NamedTuple):
    """An alert, of an incident or of none, ready to be stored."""

    workspace_id: int
    key: str
    system_alert_id: str
    facts: AlertFacts
    at: datetime
    latest_at: datetime
    plant_weekday: int | None
    plant_minute: int | None
    flags: tuple[str, ...]
    incident_ids: tuple[int, ...]
    raw_json: bytes


class AlertIncident(Protocol):
    """The incident that an alert came with, or its substitute where there is none."""

    @property
    def id(self) -> int | None:
        """Of the incident; None where there is none."""

    @property
    def workspace_id(self) -> int:
        """Where it is."""

    @property
    def created_at(self) -> datetime:
        """When it was created."""


def alert_row_of(
    alert: WireAlert,
    *,
    incident: AlertIncident,
    place: DeviceLocation,
    devices: Collection[WireDevice],
    titles: TitleRules,
    now: datetime,
) -> AlertRow:
    """Return the row of an alert that happened at this place. What it does not have itself is taken
    from its incident: when that was created, and which devices its entities describe. `titles` are
    the analytics rules of its workspace, by which its title proves its type.
    """
    facts = _facts_at(_content_of(alert), place.site_id, place.zone_id)
    flags = (*alert.flags, *title_flags(alert, titles))
    at = alert.started_at or alert.generated_at or incident.created_at
    latest_at = alert.generated_at or alert.ended_at or at
    latest = now + _CLOCKS_DIFFER
    if at > latest or latest_at > latest:
        at, latest_at = min(at, now), min(latest_at, now)
        flags = (*flags, "at:in_the_future")
    columns = facts.columns
    if columns.port is None and alert.facts.port is not None:
        flags = (*flags, "port:not_a_port")
    if not (columns.any_device or columns.any_address):  # made by a rule: only the entities tell
        facts = alert_facts_of(
            columns._replace(
                any_device=distinct((device.device_name or "")[:120] for device in devices),
                any_address=distinct(
                    address[:64] for device in devices for address in addresses_of(device)
                ),
            )
        )
    weekday, minute = plant_time(at, place=place)
    return AlertRow(
        workspace_id=incident.workspace_id,
        key=key_of(alert),
        system_alert_id=alert.system_alert_id[:120],
        facts=facts,
        at=at,
        latest_at=latest_at,
        plant_weekday=weekday,
        plant_minute=minute,
        flags=flags,
        incident_ids=() if incident.id is None else (incident.id,),
        raw_json=alert.raw_json,
    )


def key_of(alert: WireAlert) -> str:
    """The key of an alert: the id at the source, which a rule keeps, else that in Sentinel."""
    return (alert.vendor_original_id or alert.system_alert_id)[:120]


def _content_of(alert: WireAlert) -> AlertContent:
    facts = alert.facts
    return AlertContent(
        title=alert.title,
        alert_type=alert.alert_type,
        engine=alert.engine,
        severity=alert.severity,
        techniques=alert.techniques,
        tactics=alert.tactics,
        product=alert.product,
        sensor=facts.sensor,
        source_device=facts.source_device,
        source_address=facts.source_address,
        destination_device=facts.destination_device,
        destination_address=facts.destination_address,
        protocol=facts.protocol,
        port=facts.port,
        category=facts.category,
        function=facts.function,
        user_defined_title=facts.user_defined_title,
    )


@lru_cache(maxsize=8192)
def _facts_at(content: AlertContent, site_id: int | None, zone_id: int | None) -> AlertFacts:
    source_device = (content.source_device or "")[:120]
    source_address = (content.source_address or "")[:64]
    destination_device = (content.destination_device or "")[:120]
    destination_address = (content.destination_address or "")[:64]
    alert_type = alert_type_of(content.title or content.alert_type or "")
    catalogued = alert_type_for(alert_type)
    columns = AlertColumns(
        sensor=(content.sensor or "")[:120],
        alert_type=alert_type,
        user_defined_title=(content.user_defined_title or "")[:1000],
        engine=(content.engine or (catalogued.component if catalogued else ""))[:40],
        category=(content.category or (catalogued.category if catalogued else ""))[:80],
        protocol=(content.protocol or "")[:80],
        function=(content.function or "")[:120],
        product_name=(content.product or "")[:120],
        source_device=source_device,
        source_address=source_address,
        destination_device=destination_device,
        destination_address=destination_address,
        site_id=site_id,
        zone_id=zone_id,
        severity=SEVERITIES.get(content.severity or "", 0),
        port=_port(content.port),
        techniques=content.techniques,
        tactics=content.tactics,
        any_device=distinct((source_device, destination_device)),
        any_address=distinct((source_address, destination_address)),
    )
    return alert_facts_of(columns)


@lru_cache(maxsize=4096)
def alert_facts_of(columns: AlertColumns) -> AlertFacts:
    """The facts behind these columns."""
    summary = AlertSummary(
        alert_type=columns.alert_type,
        protocol=columns.protocol,
        site_id=columns.site_id,
        source=columns.source_device or columns.source_address,
        destination=columns.destination_device or columns.destination_address,
        any_device=columns.any_device,
        any_address=columns.any_address,
        user_defined_title=columns.user_defined_title,
        function=columns.function,
        severity=columns.severity,
    )
    # What the sensor saw of the outside is no device of its zone.
    ends = [
        AlertEnd(columns.zone_id, address, name)
        for address, name in (
            (columns.source_address, columns.source_device),
            (columns.destination_address, columns.destination_device),
        )
        if columns.zone_id and address and not is_public_address(address)
    ]
    return AlertFacts(columns, copy_line(columns), summary, tuple(ends))


def addresses_of(device: WireDevice) -> tuple[str, ...]:
    """The addresses that identify a device: its IPs, else its MACs."""
    return device.ip_addresses or device.mac_addresses


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names that are not empty or placeholders, each once, in order."""
    return tuple(sorted(set(filter(None, names))))


def plant_time(at: datetime, *, place: DeviceLocation) -> tuple[int | None, int | None]:
    """Weekday and minute as the plant's clock shows them; None where the plant is not known."""
    if place.site_id is None:
        return None, None
    local = at.astimezone(_zone(place.time_zone))
    return local.weekday(), local.hour * 60 + local.minute


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _port(text: str | None) -> int | None:
    """The port; None where that is none, however it is written."""
    if text and text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    return None
