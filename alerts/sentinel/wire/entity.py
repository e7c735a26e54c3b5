"""The entities of an incident; for IoT devices everything that tells whose machine it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from alerts.sentinel.wire.listing import Loaded, load_list
from alerts.sentinel.wire.unreadable import Bag, Unreadable
from alerts.sentinel.wire.values import read_bag, read_text, read_texts, read_words, read_yes_no
from alerts.sentinel.wire.vocabulary import ENTITY_KIND, read_choice

DEVICE_TEXTS = {
    "deviceId": "device_id",
    "deviceName": "device_name",
    "deviceType": "device_type",
    "deviceSubType": "device_sub_type",
    "vendor": "vendor",
    "model": "model",
    "serialNumber": "serial_number",
    "firmwareVersion": "firmware_version",
    "operatingSystem": "operating_system",
    "macAddress": "mac_address",
    "site": "site",
    "zone": "zone",
    "sensor": "sensor",
    "source": "source",
    "importance": "importance",
    "purdueLayer": "purdue_layer",
}
DEVICE_YES_NO = {
    "isAuthorized": "is_authorized",
    "isProgramming": "is_programming",
    "isScanner": "is_scanner",
}
_LISTS = ("protocols", "owners")
TOLD = (*DEVICE_TEXTS, *DEVICE_YES_NO, *_LISTS)
_NOTHING: Bag = {}

_make = tuple.__new__  # the call by names takes four times as long


class WireDevice(NamedTuple):
    """What an entity of kind IoTDevice says about a device; empty texts become None."""

    device_id: str | None
    device_name: str | None
    device_type: str | None
    device_sub_type: str | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None
    operating_system: str | None
    mac_address: str | None
    site: str | None
    zone: str | None
    sensor: str | None
    source: str | None
    importance: str | None
    purdue_layer: str | None
    is_authorized: bool | None
    is_programming: bool | None
    is_scanner: bool | None
    protocols: tuple[str, ...]
    owners: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    mac_addresses: tuple[str, ...]


class WireEntity(NamedTuple):
    """One entity; an unfamiliar kind keeps its name, and its JSON is kept as it came."""

    name: str
    kind: str | None
    friendly_name: str | None
    device: WireDevice | None
    flags: tuple[str, ...]
    raw_json: bytes


class EntityAnswer(NamedTuple):
    """All entities of one incident; `cut_short` when it counts more than it holds."""

    entities: list[WireEntity | Unreadable]
    counts: dict[str, int]

    @property
    def cut_short(self) -> bool:
        """Whether the answer holds fewer entities than it counts."""
        return sum(self.counts.values()) > len(self.entities)


def entities_in(body: bytes) -> EntityAnswer:
    """Every entity of an incident, read member by member."""
    listing = load_list(body, "entities")
    by_id = _by_id(listing.records)
    entities = [
        record if isinstance(record, Unreadable) else _read(record, by_id)
        for record in listing.records
    ]
    return EntityAnswer(entities, _counts_in(listing.envelope.get("metaData")))


def _by_id(records: list[Loaded | Unreadable]) -> dict[str, Bag]:
    found: dict[str, Bag] = {}
    for record in records:
        if record.__class__ is Loaded:
            arm_id = record.raw.get("id")
            if arm_id.__class__ is str:
                properties = record.raw.get("properties")
                found[arm_id.lower()] = properties if properties.__class__ is dict else {}
    return found


def _counts_in(meta: object) -> dict[str, int]:
    return {
        str(row.get("entityKind")): row["count"]
        for row in (meta if isinstance(meta, list) else ())
        if isinstance(row, dict) and isinstance(row.get("count"), int)
    }


def _read(record: Loaded, by_id: dict[str, Bag]) -> WireEntity | Unreadable:
    raw, raw_json, oddities = record
    name, properties, kind = raw.get("name"), raw.get("properties"), raw.get("kind")
    if name.__class__ is not str or not name:
        return Unreadable("it has no usable name", raw_json)
    if properties.__class__ is not dict:
        return Unreadable("its properties are no object", raw_json)
    flags, known = list(oddities), ENTITY_KIND.get(kind) if kind.__class__ is str else None
    kind = known or read_choice(kind, ENTITY_KIND, "kind", flags, required=True)
    friendly = properties.get("friendlyName")
    if friendly.__class__ is not str:
        friendly = read_text(friendly, "friendly_name", flags)
    device = _device_of(properties, by_id, flags) if kind == "IoTDevice" else None
    return _make(WireEntity, (name.lower(), kind, friendly, device, tuple(flags), raw_json))


def _device_of(properties: Bag, by_id: dict[str, Bag], flags: list[str]) -> WireDevice:
    get = properties.get
    said = [tuple(one) if one.__class__ is list else one for one in map(get, TOLD)]
    try:
        told, odd = told_of(*said)
    except TypeError:  # an object where a text belongs
        told, odd = told_of.__wrapped__(*said)
    flags += odd
    ips, macs = [get("ipAddressEntityId")], [get("macAddress")]
    for nic in _nics_of(get("nicEntityIds"), by_id, flags):
        ips.append(nic.get("ipAddressEntityId"))
        macs.append(nic.get("macAddress"))
    addresses = [
        by_id.get(ip.lower(), _NOTHING).get("address") for ip in ips if ip.__class__ is str
    ]
    return _make(WireDevice, (*told, distinct(addresses), distinct(macs)))


@lru_cache(maxsize=8192, typed=True)
def told_of(*said: Any) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """What a device tells of itself, and what was odd: the same from incident to incident."""
    members = {
        name: list(v) if v.__class__ is tuple else v for name, v in zip(TOLD, said, strict=True)
    }
    flags: list[str] = []
    told = (
        *[text or None for text in read_texts(members, DEVICE_TEXTS, flags)],
        *[read_yes_no(members[member], name, flags) for member, name in DEVICE_YES_NO.items()],
        *[read_words(members[member], member, flags) for member in _LISTS],
    )
    return told, tuple(flags)


def _nics_of(ids: object, by_id: dict[str, Bag], flags: list[str]) -> list[Bag]:
    if ids is None:
        return []
    return [
        read_bag(by_id.get(nic.lower()), "nic", flags) for nic in read_words(ids, "nics", flags)
    ]


def distinct(values: Sequence[object]) -> tuple[str, ...]:
    """The texts among these that say something, each once."""
    return tuple(dict.fromkeys([one for one in values if isinstance(one, str) and one]))
