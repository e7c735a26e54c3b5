"""An alert of Sentinel as a flat record of facts (suppression §1)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Any

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.services.details_work import Work, where_of
from alerts.incidents.services.plant_time import plant_time
from alerts.incidents.services.rows import SEVERITIES, alert_type_of
from alerts.incidents.services.sights import AlertRow, Seen, Sight, sight_of
from alerts.sentinel.wire import D4iotFacts, WireAlert, WireDevice
from alerts.sites.services import Atlas, Found, Where

_CLOCKS_DIFFER = timedelta(minutes=10)
_NOWHERE: Where = (None, None, None)
_make = tuple.__new__


def read_alerts(work: Iterable[Work], *, atlas: Atlas, now: datetime) -> Iterator[Work]:
    """Reduce the alerts of these incidents to facts, and find where everything is. One incident
    after the other, so that who goes on with it has it still at hand.
    """
    latest = now + _CLOCKS_DIFFER
    for one in work:
        for alert in one.alerts:
            found = atlas.find(alert.facts[:3])
            if found.zone_id is None:
                found = _found_by_devices(found, one.devices, atlas)
            one.rows.append(_row_of(alert, one, found, latest, now))
            one.found.append(found)
        one.found += [atlas.find(where_of(device)) for device in one.devices]
        yield one


def _row_of(alert: WireAlert, one: Work, found: Found, latest: datetime, now: datetime) -> AlertRow:
    facts, flags = alert.facts, alert.flags
    key = *facts[:_SHARED], found.site_id, found.zone_id, *_named_in_common(alert)
    sight = _sights.get(key) or _sight_of(key)
    seen = sight.seen
    at = alert.started_at or alert.generated_at or one.row.created_at
    latest_at = alert.generated_at or alert.ended_at or at
    if at > latest or latest_at > latest:
        at, latest_at = min(at, now), min(latest_at, now)
        flags = (*flags, "at:in_the_future")
    if seen.port is None and facts.port is not None:
        flags = (*flags, "port:not_a_port")
    if not (seen.any_device or seen.any_address):  # made by a rule: only the entities tell
        any_device, any_address = _named_by(one.devices)
        sight = sight_of(seen._replace(any_device=any_device, any_address=any_address))
    row: AlertRow = _make(
        AlertRow,
        (
            one.row.workspace_id,
            (alert.vendor_original_id or alert.system_alert_id)[:120],
            alert.system_alert_id[:120],
            sight,
            at,
            latest_at,
            *plant_time(at, found=found),
            flags,
            one.row.id,
            alert.raw_json,
        ),
    )
    return row


# Facts up to the title that a person gave; links and the like are of one alert only.
_SHARED = D4iotFacts._fields.index("user_defined_title") + 1
_named_in_common = itemgetter(
    *map(
        WireAlert._fields.index,
        ("title", "alert_type", "engine", "severity", "techniques", "tactics", "product"),
    )
)


# Rather than an lru_cache: that keeps an order of use, which costs more here than it saves.
_sights: dict[tuple[Any, ...], Sight] = {}
_MOST_SIGHTS = 8192


def _sight_of(key: tuple[Any, ...]) -> Sight:
    """What was seen: the same is seen again and again."""
    if len(_sights) >= _MOST_SIGHTS:
        _sights.clear()
    _sights[key] = found = sight_of(_seen(D4iotFacts(*key[:_SHARED]), *key[_SHARED:]))
    return found


def _seen(  # noqa: PLR0917  in the order of the key
    facts: D4iotFacts,
    site_id: int | None,
    zone_id: int | None,
    title: str | None,
    kind: str | None,
    engine: str | None,
    severity: str | None,
    techniques: tuple[str, ...],
    tactics: tuple[str, ...],
    product: str | None,
) -> Seen:
    source = (facts.source_device or "")[:120], (facts.source_address or "")[:64]
    destination = (facts.destination_device or "")[:120], (facts.destination_address or "")[:64]
    alert_type = alert_type_of(title or kind or "")
    known = alert_type_for(alert_type)
    return Seen(
        sensor=(facts.sensor or "")[:120],
        alert_type=alert_type,
        user_defined_title=(facts.user_defined_title or "")[:1000],
        engine=(engine or (known.component if known else ""))[:40],
        category=(facts.category or (known.category if known else ""))[:80],
        protocol=(facts.protocol or "")[:80],
        function=(facts.function or "")[:120],
        product_name=(product or "")[:120],
        source_device=source[0],
        source_address=source[1],
        destination_device=destination[0],
        destination_address=destination[1],
        site_id=site_id,
        zone_id=zone_id,
        severity=SEVERITIES.get(severity or "", 0),
        port=_port(facts.port),
        techniques=techniques,
        tactics=tactics,
        any_device=_distinct((source[0], destination[0])),
        any_address=_distinct((source[1], destination[1])),
    )


def _found_by_devices(found: Found, devices: Sequence[WireDevice], atlas: Atlas) -> Found:
    """Where an alert is that names no zone, or no place at all: where all its devices are."""
    places = {where_of(device) for device in devices} - {_NOWHERE}
    only = _NOWHERE
    if len(places) == 1:
        (only,) = places
    elif len(sites := {place[0] for place in places}) == 1:
        only = (sites.pop(), None, None)
    if found.site_id is None:
        return atlas.find(only)
    by_devices = atlas.find(only) if only[1] else found
    return by_devices if by_devices.site_id == found.site_id else found


def _named_by(devices: Sequence[WireDevice]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All devices and addresses that entities name."""
    addresses = chain.from_iterable(one.ip_addresses or one.mac_addresses for one in devices)
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
