"""Answers with the alerts and entities of an incident that have the documented members only.

Like pages of incidents: a typed parser says of each member that it is of its kind, and whatever it
refuses is read member by member.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from alerts.sentinel.wire.listing import has_nul
from alerts.sentinel.wire.typed import Text
from alerts.sentinel.wire.values import MAX_INTEGER

type YesNo = bool | UnsetType | None
type Many = tuple[str, ...] | UnsetType | None
type Bagful = dict[str, str] | UnsetType | None
type Name = Annotated[str, Meta(min_length=1)]


class _Known(Struct, gc=False, forbid_unknown_fields=True):
    """An object of which we know all members; what is written back is what was read."""


class TypedSaid(_Known):
    """What an alert says."""

    systemAlertId: str
    severity: str
    alertDisplayName: Text = UNSET
    friendlyName: Text = UNSET
    providerAlertId: Text = UNSET
    vendorOriginalId: Text = UNSET
    alertType: Text = UNSET
    description: Text = UNSET
    productName: Text = UNSET
    vendorName: Text = UNSET
    providerName: Text = UNSET
    productComponentName: Text = UNSET
    compromisedEntity: Text = UNSET
    alertLink: Text = UNSET
    status: Text = UNSET
    intent: Text = UNSET
    confidenceLevel: Text = UNSET
    startTimeUtc: Text = UNSET
    endTimeUtc: Text = UNSET
    timeGenerated: Text = UNSET
    processingEndTime: Text = UNSET
    tactics: Many = UNSET
    techniques: Many = UNSET
    remediationSteps: Many = UNSET
    resourceIdentifiers: list[dict[str, str]] | UnsetType | None = UNSET
    additionalData: Bagful = UNSET


class TypedAlert(_Known):
    """An alert of an incident."""

    properties: TypedSaid
    id: Text = UNSET
    name: Text = UNSET
    type: Text = UNSET
    kind: Text = UNSET


class TypedAlerts(_Known):
    """All alerts of an incident."""

    value: list[TypedAlert]


class TypedThing(_Known):
    """What every entity may say, and addresses and network cards beyond that."""

    friendlyName: Text = UNSET
    additionalData: Bagful = UNSET
    address: Text = UNSET
    macAddress: Text = UNSET
    ipAddressEntityId: Text = UNSET
    vlans: Many = UNSET
    hostName: Text = UNSET
    netBiosName: Text = UNSET
    dnsDomain: Text = UNSET
    ntDomain: Text = UNSET
    osFamily: Text = UNSET
    osVersion: Text = UNSET
    azureID: Text = UNSET


class TypedDevice(_Known):
    """What an IoT device says of itself."""

    friendlyName: Text = UNSET
    additionalData: Bagful = UNSET
    deviceId: Text = UNSET
    deviceName: Text = UNSET
    deviceType: Text = UNSET
    deviceSubType: Text = UNSET
    vendor: Text = UNSET
    model: Text = UNSET
    serialNumber: Text = UNSET
    firmwareVersion: Text = UNSET
    operatingSystem: Text = UNSET
    macAddress: Text = UNSET
    ipAddressEntityId: Text = UNSET
    site: Text = UNSET
    zone: Text = UNSET
    sensor: Text = UNSET
    source: Text = UNSET
    importance: Text = UNSET
    purdueLayer: Text = UNSET
    isAuthorized: YesNo = UNSET
    isProgramming: YesNo = UNSET
    isScanner: YesNo = UNSET
    protocols: Many = UNSET
    owners: Many = UNSET
    nicEntityIds: Many = UNSET
    iotSecurityAgentId: Text = UNSET
    edgeId: Text = UNSET
    iotHubEntityId: Text = UNSET
    hostEntityId: Text = UNSET


class _Entity(_Known, tag_field="kind"):
    name: Name
    id: Text = UNSET
    type: Text = UNSET


class TypedIp(_Entity, tag="Ip", kw_only=True):
    """An address."""

    properties: TypedThing


class TypedNic(_Entity, tag="Nic", kw_only=True):
    """A network card."""

    properties: TypedThing


class TypedHost(_Entity, tag="Host", kw_only=True):
    """A computer."""

    properties: TypedThing


class TypedIot(_Entity, tag="IoTDevice", kw_only=True):
    """A device of a plant."""

    properties: TypedDevice


type TypedEntity = TypedIp | TypedNic | TypedHost | TypedIot


class TypedCount(_Known):
    """How many entities of a kind there are."""

    entityKind: str
    count: Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


class TypedEntities(_Known):
    """All entities of an incident."""

    entities: list[TypedEntity]
    metaData: list[TypedCount] | UnsetType = UNSET


_decode_alerts = msgspec.json.Decoder(TypedAlerts).decode
_decode_entities = msgspec.json.Decoder(TypedEntities).decode
_encode = msgspec.json.Encoder().encode
_MEMBER = b'":'


def typed_alerts(body: bytes) -> tuple[list[TypedAlert], list[bytes]] | None:
    """The alerts, each with its compact JSON; None where anything is not as documented."""
    if has_nul(body):
        return None
    try:
        found = _decode_alerts(body).value
    except (ValueError, RecursionError):
        return None
    texts = [_encode(one) for one in found]
    return (found, texts) if _is_all(body, b'{"value":[]}', texts) else None


def typed_entities(body: bytes) -> tuple[TypedEntities, list[bytes]] | None:
    """The entities with their compact JSON; None where anything is not as documented."""
    if has_nul(body):
        return None
    try:
        answer = _decode_entities(body)
    except (ValueError, RecursionError):
        return None
    texts = [_encode(one) for one in answer.entities]
    around = b'{"entities":[]}'
    if answer.metaData is not UNSET:
        around += b',"metaData":' + _encode(answer.metaData)
    return (answer, texts) if _is_all(body, around, texts) else None


def _is_all(body: bytes, around: bytes, texts: Sequence[bytes]) -> bool:
    """Whether nothing was dropped: of two equal members a parser keeps the last, silently.

    Compact JSON is the shortest there is: as long as what came, it is all of it. Else what looks
    like a member is counted.
    """
    whole = texts[0] if len(texts) == 1 else b",".join(texts)
    if len(whole) + len(around) == len(body):
        return True
    return around.count(_MEMBER) + whole.count(_MEMBER) == body.count(_MEMBER)
