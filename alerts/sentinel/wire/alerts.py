"""Alerts in Sentinel's own words, with what Defender for IoT has in its bag of strings."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

import orjson
from msgspec import UNSET, Struct, UnsetType

from alerts.sentinel.wire.records import (
    Bag,
    Reader,
    Text,
    Unfit,
    UnreadableRecord,
    WireRecord,
    WireStruct,
    Words,
)
from alerts.sentinel.wire.values import (
    ALERT_STATUS,
    D4IOT_PRODUCTS,
    ENGINE,
    SEVERITY,
    is_missing,
    moment_field,
    read_bag,
    read_choice,
    read_texts,
    read_yes_no,
    text_field,
)

RULE_PREFIX = "(MDIoT) "
RULE_IDS = "Analytic Rule Ids"  # in the bag; no analytics rule can write it
# The type of an alert that an analytics rule made names its workspace and the rule.
_TYPE_OF_RULE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}_(?P<rule>.+)", re.I | re.S)
_RULE_PROVIDERS = frozenset({"asi scheduled alerts", "asi nrt alerts", "microsoftsentinel"})
_TEXTS = {
    "systemAlertId": "system_alert_id",
    "providerAlertId": "provider_alert_id",
    "vendorOriginalId": "vendor_original_id",
    "alertDisplayName": "display_name",
    "alertType": "alert_type",
    "description": "description",
    "productName": "product",
    "vendorName": "vendor",
    "providerName": "provider_name",
    "compromisedEntity": "compromised_entity",
    "alertLink": "alert_link",
}
_texts_of = attrgetter(*_TEXTS)
# Each fact may stand under several names; the first that says something is taken.
_FACT_NAMES = {
    "site": ("sitedisplayname", "site"),
    "zone": ("sensorzone", "zone", "zonedisplayname"),
    "sensor": ("sensorid", "sensor", "deviceid"),
    "source_device": ("sourcedevice",),
    "source_address": ("sourcedeviceaddress", "sourceaddress"),
    "destination_device": ("destinationdevice",),
    "destination_address": ("destinationdeviceaddress", "destinationaddress"),
    "protocol": ("protocol",),
    "port": ("port", "destinationport"),
    "category": ("category",),
    "function": ("function", "functioncode", "command"),
    "user_defined_title": ("userdefinedtitle", "userdefineddescription"),
    "management_url": ("alertmanagementuri",),
}


class D4iotFacts(Struct, frozen=True, gc=False):
    """What the sensor saw, as Defender for IoT reports it; a side that is not named is None."""

    site: str | None = None
    zone: str | None = None
    sensor: str | None = None
    source_device: str | None = None
    source_address: str | None = None
    destination_device: str | None = None
    destination_address: str | None = None
    protocol: str | None = None
    port: str | None = None
    category: str | None = None
    function: str | None = None
    user_defined_title: str | None = None
    management_url: str | None = None
    is_new: bool | None = None


class WireAlert(Struct, frozen=True, gc=False, kw_only=True):
    """One alert of an incident. `title` is `display_name` without what analytics rules prefix.
    `rule_ids` are the names of the analytics rules that made it, in lower case.
    """

    system_alert_id: str
    vendor_original_id: str | None
    provider_alert_id: str | None
    display_name: str | None
    title: str | None
    alert_type: str | None
    description: str | None
    severity: str | None
    status: str | None
    product: str | None
    vendor: str | None
    provider_name: str | None
    engine: str | None
    compromised_entity: str | None
    alert_link: str | None
    started_at: datetime | None
    ended_at: datetime | None
    generated_at: datetime | None
    processed_at: datetime | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    remediation_steps: tuple[str, ...]
    facts: D4iotFacts
    custom_details: dict[str, tuple[str, ...]]
    made_by_rule: bool
    rule_ids: tuple[str, ...]
    flags: tuple[str, ...]
    raw_json: bytes

    @property
    def is_from_d4iot(self) -> bool:
        """Whether Defender for IoT raised it, itself or through an analytics rule."""
        return (self.product or "").strip().casefold() in D4IOT_PRODUCTS or self.made_by_rule

    @property
    def has_title_of_rule(self) -> bool:
        """Whether an analytics rule wrote the title, and not the sensor."""
        provider = (self.provider_name or "").strip().casefold()
        return self.made_by_rule or bool(self.rule_ids) or provider in _RULE_PROVIDERS


class _Properties(WireStruct):
    systemAlertId: Text = UNSET
    severity: Text = UNSET
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
    tactics: Words = UNSET
    techniques: Words = UNSET
    remediationSteps: Words = UNSET
    resourceIdentifiers: list[dict[str, str]] | UnsetType | None = UNSET
    additionalData: dict[str, str] | UnsetType | None = UNSET


class _Alert(WireStruct):
    parts = {"properties": _Properties}

    id: Text = UNSET
    name: Text = UNSET
    type: Text = UNSET
    kind: Text = UNSET
    properties: _Properties | UnsetType | None = UNSET


_READER = Reader(_Alert)


def read_alerts(body: bytes) -> list[WireAlert | UnreadableRecord]:
    """Every alert of an incident; Unreadable in place of what cannot be read."""
    _, records = _READER.read(body)
    return _READER.read_records(body, records, _read)


def _read(record: WireRecord[_Alert]) -> WireAlert:
    props, flags = record.value.properties, list(record.oddities)
    if not isinstance(props, _Properties):
        raise Unfit("its properties are no object")
    texts = read_texts(_texts_of(props), _TEXTS.values(), flags)
    alert_id, provider_id, vendor_id, shown, alert_type, description, product, *more = texts
    vendor, provider_name, compromised_entity, alert_link = more
    alert_id = alert_id or text_field(record.value.name, "name", flags)
    if not alert_id:
        raise Unfit("it has no id")
    bag = _folded(_parsed_bag(props.additionalData, "additional_data", flags))
    details = _custom_details_in(bag, flags)
    return WireAlert(  # flags stand in the order in which these are read
        system_alert_id=alert_id.lower(),
        vendor_original_id=vendor_id or _vendor_id_in(bag, details) or provider_id or None,
        provider_alert_id=provider_id,
        display_name=shown,
        title=shown.removeprefix(RULE_PREFIX).strip() if shown else None,
        alert_type=alert_type,
        description=description,
        severity=read_choice(props.severity, SEVERITY, "severity", flags, required=True),
        status=read_choice(props.status, ALERT_STATUS, "status", flags),
        product=product,
        vendor=vendor,
        provider_name=provider_name,
        engine=read_choice(props.productComponentName or None, ENGINE, "engine", flags),
        compromised_entity=compromised_entity,
        alert_link=alert_link,
        started_at=moment_field(props.startTimeUtc, "started_at", flags),
        ended_at=moment_field(props.endTimeUtc, "ended_at", flags),
        generated_at=moment_field(props.timeGenerated, "generated_at", flags),
        processed_at=moment_field(props.processingEndTime, "processed_at", flags),
        tactics=_words_in(props.tactics, "tactics", flags),
        techniques=_words_in(props.techniques or bag.get("techniques"), "techniques", flags),
        remediation_steps=_words_in(props.remediationSteps, "remediation_steps", flags),
        facts=_facts_in(bag, details, flags),
        custom_details=details,
        made_by_rule=bool(details) or (shown or "").startswith(RULE_PREFIX),
        rule_ids=_rule_ids_in(bag, alert_type, flags),
        flags=tuple(flags),
        raw_json=record.raw_json,
    )


def _rule_ids_in(bag: Bag, alert_type: str | None, flags: list[str]) -> tuple[str, ...]:
    """The analytics rules that an alert names, in the bag or in its type; none for the sensor's."""
    value = bag.get("analyticruleids")
    ids = set(_words_in(value, "analytic_rule_ids", flags)) if value else set()
    if of_rule := _TYPE_OF_RULE.fullmatch(alert_type or ""):
        ids.add(of_rule["rule"])
    return tuple(sorted({rule_id.rpartition("/")[2].strip().lower() for rule_id in ids}))


def _vendor_id_in(bag: Bag, details: dict[str, tuple[str, ...]]) -> str | None:
    """Return the product's own id, where only the bag or a rule's details have it."""
    candidates = bag.get("vendororiginalid"), *details.get("vendororiginalid", ())
    return next((text for text in candidates if isinstance(text, str) and text), None)


def _parsed_bag(value: object, name: str, flags: list[str]) -> Bag:
    """A nested object, also where it came as JSON in a text, as the log tables hold it."""
    if isinstance(value, str):
        value = _parsed(value, name, flags)
    return read_bag(value, name, flags)


def _parsed(text: str, name: str, flags: list[str]) -> Any:
    try:
        return orjson.loads(text) if text.strip() else None
    except ValueError:
        flags.append(f"{name}:no_json")
        return None


def _folded(bag: Bag) -> Bag:
    """The bag by lower-cased names without blanks: their spelling differs between sources."""
    return {name: bag[key] for name, key in _spellings(*bag)}


@lru_cache(maxsize=1024)
def _spellings(*names: str) -> tuple[tuple[str, str], ...]:
    """Folded names and the names themselves. Of two that fold to one the first counts."""
    return tuple({_folded_name(name): name for name in reversed(names)}.items())


def _folded_name(name: str) -> str:
    return name.replace(" ", "").replace("_", "").casefold()


def _custom_details_in(bag: Bag, flags: list[str]) -> dict[str, tuple[str, ...]]:
    """What an analytics rule carried over: lists of texts by folded name, {} for other alerts."""
    value = bag.get("customdetails")
    if value is None:
        return {}
    details = _folded(_parsed_bag(value, "custom_details", flags))
    return {
        name: tuple(str(member) for member in (value if isinstance(value, list) else [value]))
        for name, value in details.items()
        if value is not None
    }


def _facts_in(bag: Bag, details: dict[str, tuple[str, ...]], flags: list[str]) -> D4iotFacts:
    """The D4IoT facts of a bag, or of custom details where a rule kept no more than those."""
    names = _FACT_NAMES if details else _names_in(*bag)
    facts = {fact: _first(names[fact], bag, details, flags) for fact in names}
    return D4iotFacts(**facts, is_new=read_yes_no(bag.get("isnew"), "facts.is_new", flags))


@lru_cache(maxsize=1024)
def _names_in(*names: str) -> dict[str, tuple[str, ...]]:
    """Of each fact's names those that a bag has: bags of one source have the same names."""
    present = {
        fact: tuple(name for name in spellings if name in names)
        for fact, spellings in _FACT_NAMES.items()
    }
    return {fact: spellings for fact, spellings in present.items() if spellings}


def _first(
    names: Sequence[str], bag: Bag, details: dict[str, tuple[str, ...]], flags: list[str]
) -> str | None:
    for name in names:
        value = bag.get(name)
        if value.__class__ is str:
            if value:
                return value.strip() or None
            continue
        if value is None:
            if not details.get(name):
                continue
            value = details[name][0]
        if value.__class__ is not str:
            value = str(value) if value.__class__ is int else value
            value = text_field(value, f"facts.{name}", flags)
        if value:
            return value.strip() or None
    return None


def _words_in(value: object, name: str, flags: list[str]) -> tuple[str, ...]:
    """A list of texts, however it is written: as a list, as JSON in a text, or with commas."""
    if isinstance(value, tuple):  # decoded as documented
        return value
    if is_missing(value):
        return ()
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            value = _parsed(value, name, flags)
        else:
            value = [word.strip() for word in value.split(",") if word.strip()]
    if isinstance(value, list):
        words = tuple(word for word in value if isinstance(word, str))
        if len(words) != len(value):
            flags.append(f"{name}:not_all_text")
        return words
    flags.append(f"{name}:not_a_list")
    return ()
