"""Entities and comments of an incident; of IoT devices all that shows whose machine it is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from alerts.sentinel.wire.incidents import usable_name
from alerts.sentinel.wire.records import (
    Bag,
    EntityList,
    Reader,
    Text,
    Unfit,
    UnreadableRecord,
    WireRecord,
    WireStruct,
)
from alerts.sentinel.wire.values import (
    ENTITY_KIND,
    moment_field,
    read_bag,
    read_choice,
    read_texts,
    read_words,
    read_yes_no,
    text_field,
)

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
_DEVICE_YES_NO = {
    "isAuthorized": "is_authorized",
    "isProgramming": "is_programming",
    "isScanner": "is_scanner",
}
_AUTHOR = {
    "name": "author.name",
    "email": "author.email",
    "objectId": "author.object_id",
    "userPrincipalName": "author.user_principal_name",
}


class WireDevice(Struct, frozen=True, gc=False, kw_only=True):
    """What an entity of kind IoTDevice contains about a device; empty texts become None."""

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


class WireEntity(Struct, frozen=True, gc=False):
    """One entity; an unfamiliar kind keeps its name, and its JSON is kept as it came."""

    name: str
    kind: str | None
    friendly_name: str | None
    device: WireDevice | None
    flags: tuple[str, ...]
    raw_json: bytes


class EntityAnswer(Struct, frozen=True):
    """All entities of one incident; `cut_short` when it counts more than it holds."""

    entities: list[WireEntity | UnreadableRecord]
    counts: dict[str, int]

    @property
    def cut_short(self) -> bool:
        """Whether the answer holds fewer entities than it counts."""
        return sum(self.counts.values()) > len(self.entities)


class WireComment(Struct, frozen=True, gc=False, kw_only=True):
    """One comment and who wrote it."""

    name: str
    etag: str | None
    message: str
    author_name: str | None
    author_email: str | None
    author_object_id: str | None
    created_at: datetime | None
    modified_at: datetime | None
    flags: tuple[str, ...]
    raw_json: bytes


class CommentPage(Struct, frozen=True):
    """One page of an incident's comments."""

    items: list[WireComment | UnreadableRecord]
    next_link: str | None


class _Entity(WireStruct):
    id: Text = UNSET
    name: Text = UNSET
    type: Text = UNSET
    kind: Text = UNSET
    properties: dict[str, str | bool | list[str] | dict[str, str] | None] | UnsetType | None = UNSET


class _CommentProperties(WireStruct):
    message: Text = UNSET
    author: dict[str, str | None] | UnsetType | None = UNSET
    createdTimeUtc: Text = UNSET
    lastModifiedTimeUtc: Text = UNSET


class _Comment(WireStruct):
    parts = {"properties": _CommentProperties}

    id: Text = UNSET
    name: Text = UNSET
    etag: Text = UNSET
    type: Text = UNSET
    properties: _CommentProperties | UnsetType | None = UNSET


_ENTITIES = Reader(_Entity, EntityList)
_COMMENTS = Reader(_Comment)


def read_entities(body: bytes) -> EntityAnswer:
    """Every entity of an incident; the addresses of devices are looked up in the same answer."""
    envelope, records = _ENTITIES.read(body)
    by_id: dict[str, Bag] = {}
    for record in records:
        if not isinstance(record, UnreadableRecord) and isinstance(record.value.id, str):
            properties = record.value.properties
            by_id[record.value.id.lower()] = properties if isinstance(properties, dict) else {}
    entities = _ENTITIES.read_records(body, records, lambda record: _read_entity(record, by_id))
    return EntityAnswer(entities, _counts_in(envelope.metaData))


def read_comments(body: bytes) -> CommentPage:
    """Read one page of comments; raises NotAPage when the answer is none."""
    envelope, records = _COMMENTS.read(body)
    comments = _COMMENTS.read_records(body, records, _read_comment)
    return CommentPage(comments, envelope.next_link)


def read_comment(body: bytes) -> WireComment | UnreadableRecord:
    """Read the answer to a question about one comment."""
    return _COMMENTS.read_only(body, _read_comment)


def _counts_in(meta: object) -> dict[str, int]:
    return {
        str(row.get("entityKind")): row["count"]
        for row in (meta if isinstance(meta, list) else ())
        if isinstance(row, dict) and isinstance(row.get("count"), int)
    }


def _read_entity(record: WireRecord[_Entity], by_id: dict[str, Bag]) -> WireEntity:
    entity, flags = record.value, list(record.oddities)
    name, properties = entity.name, entity.properties
    if not isinstance(name, str) or not name:
        raise Unfit("it has no usable name")
    if not isinstance(properties, dict):
        raise Unfit("its properties are no object")
    kind = read_choice(entity.kind, ENTITY_KIND, "kind", flags, required=True)
    friendly_name = text_field(properties.get("friendlyName"), "friendly_name", flags)
    device = _device_of(properties, by_id, flags) if kind == "IoTDevice" else None
    return WireEntity(name.lower(), kind, friendly_name, device, tuple(flags), record.raw_json)


def _device_of(properties: Bag, by_id: dict[str, Bag], flags: list[str]) -> WireDevice:
    get = properties.get
    texts = read_texts(map(get, _DEVICE_TEXTS), _DEVICE_TEXTS.values(), flags)
    members: dict[str, Any] = {
        name: text or None for name, text in zip(_DEVICE_TEXTS.values(), texts, strict=True)
    }
    for member, name in _DEVICE_YES_NO.items():
        members[name] = read_yes_no(get(member), name, flags)
    protocols = read_words(get("protocols"), "protocols", flags)
    owners = read_words(get("owners"), "owners", flags)
    address_ids, macs = [get("ipAddressEntityId")], [get("macAddress")]
    for nic_id in read_words(get("nicEntityIds"), "nics", flags):
        nic = read_bag(by_id.get(nic_id.lower()), "nic", flags)
        address_ids.append(nic.get("ipAddressEntityId"))
        macs.append(nic.get("macAddress"))
    addresses = [
        by_id.get(address_id.lower(), {}).get("address")
        for address_id in address_ids
        if isinstance(address_id, str)
    ]
    return WireDevice(
        **members,
        protocols=protocols,
        owners=owners,
        ip_addresses=_distinct(addresses),
        mac_addresses=_distinct(macs),
    )


def _distinct(values: Iterable[object]) -> tuple[str, ...]:
    """The texts among these that are not empty, each once."""
    return tuple(dict.fromkeys([text for text in values if isinstance(text, str) and text]))


def _read_comment(record: WireRecord[_Comment]) -> WireComment:
    comment, flags = record.value, list(record.oddities)
    name, props = usable_name(comment.name), comment.properties
    if not isinstance(props, _CommentProperties):
        raise Unfit("its properties are no object")
    etag = text_field(comment.etag, "etag", flags)
    message = text_field(props.message, "message", flags)
    author = read_bag(props.author, "author", flags)
    texts = read_texts(map(author.get, _AUTHOR), _AUTHOR.values(), flags)
    author_name, email, object_id, principal = texts
    return WireComment(
        name=name,
        etag=etag,
        message=message or "",
        author_name=author_name,
        author_email=email or principal,
        author_object_id=object_id,
        created_at=moment_field(props.createdTimeUtc, "created_at", flags),
        modified_at=moment_field(props.lastModifiedTimeUtc, "modified_at", flags),
        flags=tuple(flags),
        raw_json=record.raw_json,
    )
