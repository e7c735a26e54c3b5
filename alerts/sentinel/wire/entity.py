"""The entities of an incident; for IoT devices everything that tells whose machine it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from alerts.sentinel.wire.listing import Loaded, load_list
from alerts.sentinel.wire.unreadable import Bag, Unfit, Unreadable
from alerts.sentinel.wire.values import read_bag, read_text, read_texts, read_words, read_yes_no
from alerts.sentinel.wire.vocabulary import ENTITY_KIND, read_choice

_DEVICE_TEXTS = {
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
_YES_NO = {
    "isAuthorized": "is_authorized",
    "isProgramming": "is_programming",
    "isScanner": "is_scanner",
}

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
    """One entity; an unfamiliar kind keeps its name and all its properties."""

    name: str
    kind: str | None
    friendly_name: str | None
    properties: Bag
    device: WireDevice | None
    flags: tuple[str, ...]
    raw: Bag
    raw_json: bytes


@dataclass(frozen=True, slots=True)
class EntityAnswer:
    """All entities of one incident; `cut_short` when it counts more than it holds."""

    entities: list[WireEntity | Unreadable]
    counts: dict[str, int]

    @property
    def cut_short(self) -> bool:
        """Whether the answer holds fewer entities than it counts."""
        return sum(self.counts.values()) > len(self.entities)


def read_entities(body: bytes) -> EntityAnswer:
    """Every entity of an incident; the addresses of devices are looked up in the same answer."""
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
    try:
        return _entity_of(record, by_id)
    except Unfit as unfit:
        return Unreadable(str(unfit), record.raw_json)


def _entity_of(record: Loaded, by_id: dict[str, Bag]) -> WireEntity:
    raw, flags = record.raw, list(record.oddities)
    name, properties = raw.get("name"), raw.get("properties")
    if not isinstance(name, str) or not name:
        raise Unfit("it has no usable name")
    if not isinstance(properties, dict):
        raise Unfit("its properties are no object")
    kind = read_choice(raw.get("kind"), ENTITY_KIND, "kind", flags, required=True)
    friendly = read_text(properties.get("friendlyName"), "friendly_name", flags)
    device = _device_of(properties, by_id, flags) if kind == "IoTDevice" else None
    said = name.lower(), kind, friendly, properties, device, tuple(flags), raw, record.raw_json
    return _make(WireEntity, said)


def _device_of(properties: Bag, by_id: dict[str, Bag], flags: list[str]) -> WireDevice:
    get = properties.get
    texts = read_texts(properties, _DEVICE_TEXTS, flags)
    nics = [
        read_bag(by_id.get(nic.lower()), "nic", flags)
        for nic in read_words(get("nicEntityIds"), "nics", flags)
    ]
    ips = [get("ipAddressEntityId"), *(nic.get("ipAddressEntityId") for nic in nics)]
    macs = [get("macAddress"), *(nic.get("macAddress") for nic in nics)]
    members = [
        *[text or None for text in texts],
        *[read_yes_no(get(member), name, flags) for member, name in _YES_NO.items()],
        read_words(get("protocols"), "protocols", flags),
        read_words(get("owners"), "owners", flags),
        _distinct([by_id.get(ip.lower(), {}).get("address") for ip in ips if isinstance(ip, str)]),
        _distinct(macs),
    ]
    return _make(WireDevice, members)


def _distinct(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if isinstance(one, str) and one))
