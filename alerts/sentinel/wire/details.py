"""The alerts and entities of an incident: by a typed parser where all is as documented.

What it declines is read record by record; both find exactly the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import UNSET

from alerts.sentinel.wire.alert import RULE_PREFIX, WireAlert, alerts_in, vendor_id_in
from alerts.sentinel.wire.entity import (
    DEVICE_TEXTS,
    DEVICE_YES_NO,
    EntityAnswer,
    WireDevice,
    WireEntity,
    distinct,
    entities_in,
)
from alerts.sentinel.wire.facts import (
    D4iotFacts,
    custom_details_in,
    facts_in,
    folded,
    spellings,
    told_by,
    words_in,
)
from alerts.sentinel.wire.times import read_moment
from alerts.sentinel.wire.typed_details import (
    TypedAlert,
    TypedDevice,
    TypedEntity,
    TypedHost,
    TypedIot,
    TypedIp,
    TypedNic,
    typed_alerts,
    typed_entities,
)
from alerts.sentinel.wire.unreadable import Unreadable
from alerts.sentinel.wire.values import read_yes_no
from alerts.sentinel.wire.vocabulary import ALERT_STATUS, ENGINE, SEVERITY, read_choice

_make = tuple.__new__
_members_of = attrgetter(
    *("vendorOriginalId", "providerAlertId", "alertDisplayName", "alertType", "description"),
    *("productName", "vendorName", "providerName", "compromisedEntity", "alertLink"),
    *("status", "productComponentName"),
    *("startTimeUtc", "endTimeUtc", "timeGenerated", "processingEndTime"),
)
_device_texts_of = attrgetter(*DEVICE_TEXTS)
_device_yes_no_of = attrgetter(*DEVICE_YES_NO)
_KINDS = {one: one.__struct_config__.tag for one in (TypedIp, TypedNic, TypedHost, TypedIot)}


def read_alerts(body: bytes) -> list[WireAlert | Unreadable]:
    """Every alert of an incident; what cannot be read stands in its place as Unreadable."""
    typed = typed_alerts(body)
    if typed is None or "" in [one.properties.systemAlertId for one in typed[0]]:
        return alerts_in(body)
    return list(map(_alert_of, *typed))


def _alert_of(typed: TypedAlert, raw_json: bytes) -> WireAlert:
    said, flags = typed.properties, list[str]()
    told = [None if one is UNSET else one for one in _members_of(said)]
    vendor_id, provider_id, shown, kind, description, product, vendor, provider, *more = told
    compromised, link, status, engine, started, ended, generated, processed = more
    bag = said.additionalData or {}
    plan = _plan_of(*bag)
    details: dict[str, tuple[str, ...]] = {}
    if not plan.is_usual:
        bag = folded(bag)
        details = custom_details_in(bag, flags)
    if not vendor_id:
        vendor_id = bag.get(plan.vendor_id) if plan.is_usual else vendor_id_in(bag, details)
    return _make(
        WireAlert,
        (
            said.systemAlertId.lower(),
            vendor_id or provider_id or None,
            provider_id,
            shown,
            shown.removeprefix(RULE_PREFIX).strip() if shown else None,
            kind,
            description,
            SEVERITY.get(said.severity)
            or read_choice(said.severity, SEVERITY, "severity", flags, required=True),
            status if status is None else read_choice(status, ALERT_STATUS, "status", flags),
            product,
            vendor,
            provider,
            read_choice(engine, ENGINE, "engine", flags) if engine else None,
            compromised,
            link,
            read_moment(started, "started_at", flags),
            ended if ended is None else read_moment(ended, "ended_at", flags),
            read_moment(generated, "generated_at", flags),
            processed if processed is None else read_moment(processed, "processed_at", flags),
            said.tactics or (),
            said.techniques or _techniques_in(bag, plan, flags),
            said.remediationSteps or (),
            _facts_of(bag, plan, flags) if plan.is_usual else facts_in(bag, details, flags),
            details,
            bool(details) or (shown or "").startswith(RULE_PREFIX),
            tuple(flags),
            raw_json,
        ),
    )


def _techniques_in(bag: dict[Any, str], plan: _Plan, flags: list[str]) -> tuple[str, ...]:
    said = bag.get(plan.techniques)
    return () if said is None else words_in(said, "techniques", flags)


class _Plan(NamedTuple):
    """Where in a bag with these names everything stands."""

    facts: tuple[Any, ...]
    has_second_names: bool
    is_new: Any
    vendor_id: Any
    techniques: Any
    is_usual: bool  # no custom details of an analytics rule


@lru_cache(maxsize=1024)
def _plan_of(*names: str) -> _Plan:
    """Bags of one source have the same names."""
    by_folded = dict(spellings(*names))
    is_usual = "customdetails" not in by_folded
    places = told_by(*by_folded)
    return _Plan(
        tuple(by_folded[found[0]] if found else None for found in places),
        any(len(found) > 1 for found in places),
        by_folded.get("isnew"),
        by_folded.get("vendororiginalid"),
        by_folded.get("techniques") if is_usual else "techniques",
        is_usual,
    )


def _facts_of(bag: dict[Any, str], plan: _Plan, flags: list[str]) -> D4iotFacts:
    texts = list(map(bag.get, plan.facts))
    if plan.has_second_names and "" in texts:
        return facts_in(folded(bag), {}, flags)
    facts: list[Any] = [(text.strip() or None) if text else None for text in texts]
    is_new = bag.get(plan.is_new)
    facts.append(None if is_new is None else read_yes_no(is_new, "facts.is_new", flags))
    return _make(D4iotFacts, facts)


def read_entities(body: bytes) -> EntityAnswer:
    """Every entity of an incident; the addresses of devices are looked up in the same answer."""
    typed = typed_entities(body)
    if typed is None:
        return entities_in(body)
    answer, texts = typed
    by_id: dict[str, Any] = {}
    found: list[WireEntity | Unreadable] = []
    for one, raw_json in zip(answer.entities, texts, strict=True):
        friendly, device = one.properties.friendlyName, None
        if one.__class__ is TypedIot:
            by_id = by_id or _by_id(answer.entities)
            device = _device_of(one.properties, by_id)
        friendly = None if friendly is UNSET else friendly
        kind = _KINDS[one.__class__]
        found.append(_make(WireEntity, (one.name.lower(), kind, friendly, device, (), raw_json)))
    counts = answer.metaData or ()
    return EntityAnswer(found, {row.entityKind: row.count for row in counts} if counts else {})


def _by_id(entities: Iterable[TypedEntity]) -> dict[str, Any]:
    return {one.id.lower(): one.properties for one in entities if one.id.__class__ is str}


def _address_of(entity_id: object, by_id: dict[str, Any]) -> Any:
    its = by_id.get(entity_id.lower()) if isinstance(entity_id, str) else None
    return getattr(its, "address", None)


def _device_of(said: TypedDevice, by_id: dict[str, Any]) -> WireDevice:
    mac, address = said.macAddress, _address_of(said.ipAddressEntityId, by_id)
    macs: tuple[str, ...] = (mac,) if mac else ()
    addresses: tuple[str, ...] = (address,) if address else ()
    for nic in said.nicEntityIds or ():
        its = by_id.get(nic.lower())
        address = _address_of(getattr(its, "ipAddressEntityId", None), by_id)
        macs = distinct((*macs, getattr(its, "macAddress", None)))
        addresses = distinct((*addresses, address))
    return _make(
        WireDevice,
        (
            *[text or None for text in _device_texts_of(said)],
            *[None if one is UNSET else one for one in _device_yes_no_of(said)],
            said.protocols or (),
            said.owners or (),
            addresses,
            macs,
        ),
    )
