"""An alert in Sentinel's own words, with what Defender for IoT says in its bag of strings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.sentinel.wire.facts import (
    D4iotFacts,
    custom_details_in,
    facts_in,
    folded,
    parsed_bag,
    words_in,
)
from alerts.sentinel.wire.listing import Loaded, load_list
from alerts.sentinel.wire.times import read_moment
from alerts.sentinel.wire.unreadable import Bag, Unfit, Unreadable
from alerts.sentinel.wire.values import read_text, read_texts
from alerts.sentinel.wire.vocabulary import (
    ALERT_STATUS,
    D4IOT_PRODUCTS,
    ENGINE,
    SEVERITY,
    read_choice,
)

RULE_PREFIX = "(MDIoT) "

_TEXTS = {
    "systemAlertId": "system_alert_id",
    "providerAlertId": "provider_alert_id",
    "vendorOriginalId": "vendor_original_id",
    "alertDisplayName": "display_name",
    "alertType": "alert_type",
    "productName": "product",
    "vendorName": "vendor",
    "providerName": "provider_name",
    "compromisedEntity": "compromised_entity",
    "description": "description",
    "alertLink": "alert_link",
}


@dataclass(frozen=True, slots=True)
class WireAlert:
    """One alert of an incident. `title` is `display_name` without what analytics rules prefix."""

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
    flags: tuple[str, ...]
    raw: Bag
    raw_json: bytes

    @property
    def is_from_d4iot(self) -> bool:
        """Whether Defender for IoT raised it, itself or through an analytics rule."""
        return (self.product or "").strip().casefold() in D4IOT_PRODUCTS or self.made_by_rule


def read_alerts(body: bytes) -> list[WireAlert | Unreadable]:
    """Every alert of an incident; what cannot be read stands in its place as Unreadable."""
    return [_read(record) for record in load_list(body).records]


def _read(record: Loaded | Unreadable) -> WireAlert | Unreadable:
    if isinstance(record, Unreadable):
        return record
    try:
        return alert_of(*record)
    except Unfit as unfit:
        return Unreadable(str(unfit), record.raw_json)


def alert_of(raw: Bag, raw_json: bytes, oddities: tuple[str, ...] = ()) -> WireAlert:
    """Read one alert from its parsed JSON; raises Unfit where there is none to be read."""
    props = raw.get("properties")
    if not isinstance(props, dict):
        raise Unfit("its properties are no object")
    flags = list(oddities)
    get, texts = props.get, _texts_of(raw, props, flags)
    bag = folded(parsed_bag(get("additionalData"), "additional_data", flags))
    details = custom_details_in(bag, flags)
    shown = texts["display_name"]
    return WireAlert(
        **texts,
        title=shown.removeprefix(RULE_PREFIX).strip() if shown else None,
        severity=read_choice(get("severity"), SEVERITY, "severity", flags, required=True),
        status=read_choice(get("status"), ALERT_STATUS, "status", flags),
        engine=_engine_of(get("productComponentName"), flags),
        started_at=read_moment(get("startTimeUtc"), "started_at", flags),
        ended_at=read_moment(get("endTimeUtc"), "ended_at", flags),
        generated_at=read_moment(get("timeGenerated"), "generated_at", flags),
        processed_at=read_moment(get("processingEndTime"), "processed_at", flags),
        tactics=words_in(get("tactics"), "tactics", flags),
        techniques=words_in(get("techniques") or bag.get("techniques"), "techniques", flags),
        remediation_steps=words_in(get("remediationSteps"), "remediation_steps", flags),
        facts=facts_in(bag, details, flags),
        custom_details=details,
        made_by_rule=bool(details) or (shown or "").startswith(RULE_PREFIX),
        flags=tuple(flags),
        raw=raw,
        raw_json=raw_json,
    )


def _texts_of(raw: Bag, props: Bag, flags: list[str]) -> dict[str, Any]:
    texts: dict[str, Any] = dict(
        zip(_TEXTS.values(), read_texts(props, _TEXTS, flags), strict=True)
    )
    own = texts["system_alert_id"] or read_text(raw.get("name"), "name", flags)
    if not own:
        raise Unfit("it has no id")
    bag = props.get("additionalData")
    spare = folded(bag) if isinstance(bag, dict) else {}
    vendor = texts["vendor_original_id"] or spare.get("vendororiginalid")
    details = custom_details_in(spare, [])
    for candidate in (vendor, *details.get("vendororiginalid", ()), texts["provider_alert_id"]):
        if isinstance(candidate, str) and candidate:
            return texts | {"system_alert_id": own.lower(), "vendor_original_id": candidate}
    return texts | {"system_alert_id": own.lower(), "vendor_original_id": None}


def _engine_of(value: object, flags: list[str]) -> str | None:
    return read_choice(value or None, ENGINE, "engine", flags)
