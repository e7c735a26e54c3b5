"""What was fetched for an incident, reduced to what will be stored as soon as it was read.

A batch is read as a whole before it is stored: what will not be stored is let go at once, and what
many alerts say alike is kept once.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from alerts.incidents.ingest.alert_facts import SharedAlertFacts
from alerts.incidents.ingest.pg_copy import texts_line
from alerts.sentinel.wire import (
    D4iotFacts,
    Unreadable,
    WireAlert,
    WireComment,
    WireDevice,
    WireEntity,
)
from alerts.sites.engine.devices import known_kind
from alerts.sites.services import Where, level_of

MAX_ENTITIES = 500  # rows kept an incident; more than that is never suppressed (S1)
_MAX_SHARED = 8192
_make = tuple.__new__


class FetchedAlert(NamedTuple):
    """An alert, apart from where it is."""

    key: str
    system_alert_id: str
    shared: SharedAlertFacts
    at: datetime | None
    latest_at: datetime | None
    flags: tuple[str, ...]
    raw_json: bytes


class FetchedDevice(NamedTuple):
    """A device that an entity describes."""

    where: Where
    addresses: tuple[str, ...]  # its IPs, else its MACs
    told: tuple[Any, ...]  # as the last members of DeviceSeen


class FetchedEntity(NamedTuple):
    """An entity, its kind and label as members of a line."""

    name: str
    said: str
    device: FetchedDevice | None
    raw_json: bytes


class Details:
    """All that was fetched for one incident; `comments` is None where they were not asked for."""

    __slots__ = (
        *("incident_id", "alerts", "n_unreadable", "entities", "n_entities", "devices"),
        *("comments", "entities_cut_short", "n_unreadable_entities"),
    )

    def __init__(
        self,
        incident_id: int,
        alerts: Sequence[WireAlert | Unreadable],
        entities: Sequence[WireEntity | Unreadable],
        comments: Sequence[WireComment | Unreadable] | None = None,
        entities_cut_short: bool = False,
    ) -> None:
        self.incident_id, self.comments = incident_id, comments
        self.alerts = [_alert(one) for one in alerts if isinstance(one, WireAlert)]
        self.n_unreadable = len(alerts) - len(self.alerts)
        found = [_entity(one) for one in entities if isinstance(one, WireEntity)]
        devices = [one.device for one in found if one.device]
        self.entities, self.devices = found[:MAX_ENTITIES], devices[:MAX_ENTITIES]
        self.n_entities, self.n_unreadable_entities = len(entities), len(entities) - len(found)
        self.entities_cut_short = entities_cut_short


def _alert(alert: WireAlert) -> FetchedAlert:
    key = *alert.facts[:_FACTS], *_named_in_common(alert)
    given: FetchedAlert = _make(
        FetchedAlert,
        (
            (alert.vendor_original_id or alert.system_alert_id)[:120],
            alert.system_alert_id[:120],
            _all_shared.get(key) or _shared(key),
            alert.started_at or alert.generated_at,
            alert.generated_at or alert.ended_at,
            alert.flags,
            alert.raw_json,
        ),
    )
    return given


# Facts up to the title that a person gave; links and the like are of one alert only.
_FACTS = D4iotFacts._fields.index("user_defined_title") + 1
_named_in_common = itemgetter(
    *map(
        WireAlert._fields.index,
        ("title", "alert_type", "engine", "severity", "techniques", "tactics", "product"),
    )
)
# Rather than an lru_cache: that keeps an order of use, which costs more here than it saves.
_all_shared: dict[tuple[Any, ...], SharedAlertFacts] = {}


def _shared(key: tuple[Any, ...]) -> SharedAlertFacts:
    """The same for all alerts that say the same."""
    if len(_all_shared) >= _MAX_SHARED:
        _all_shared.clear()
    _all_shared[key] = shared = SharedAlertFacts(D4iotFacts(*key[:_FACTS]), *key[_FACTS:])
    return shared


def _entity(entity: WireEntity) -> FetchedEntity:
    name, kind, friendly_name, device, _, raw_json = entity
    its = _device(device) if device else None
    given: FetchedEntity = _make(
        FetchedEntity, (name[:100], _said(kind, friendly_name), its, raw_json)
    )
    return given


@lru_cache(maxsize=8192)
def _said(kind: str | None, friendly_name: str | None) -> str:
    return texts_line(((kind or "")[:60], (friendly_name or "")[:1000]))


def _device(device: WireDevice) -> FetchedDevice:
    told = (
        device.device_name or "",
        known_kind(device.device_sub_type, device.device_type),
        device.vendor or "",
        device.model or "",
        device.firmware_version or "",
        level_of(layer=device.purdue_layer),
        (device.importance or "").casefold() == "high",
        device.is_programming,
        device.is_scanner,
        device.is_authorized,
    )
    where = device.site, device.zone, device.sensor
    addresses = device.ip_addresses or device.mac_addresses
    given: FetchedDevice = _make(FetchedDevice, (where, addresses, told))
    return given
