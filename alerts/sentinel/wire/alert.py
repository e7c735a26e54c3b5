"""An alert in Sentinel's own words, with what Defender for IoT says in its bag of strings."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

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
    "description": "description",
    "productName": "product",
    "vendorName": "vendor",
    "providerName": "provider_name",
    "compromisedEntity": "compromised_entity",
    "alertLink": "alert_link",
}
_make = tuple.__new__  # the call by keywords takes four times as long


class WireAlert(NamedTuple):
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
    raw_json: bytes

    @property
    def is_from_d4iot(self) -> bool:
        """Whether Defender for IoT raised it, itself or through an analytics rule."""
        return (self.product or "").strip().casefold() in D4IOT_PRODUCTS or self.made_by_rule


def alerts_in(body: bytes) -> list[WireAlert | Unreadable]:
    """Every alert of an incident, read member by member."""
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
    get = props.get
    own, provider_id, vendor_id, shown, kind, description, *more = read_texts(props, _TEXTS, flags)
    product, vendor, provider, compromised, link = more
    own = own or read_text(raw.get("name"), "name", flags)
    if not own:
        raise Unfit("it has no id")
    bag = folded(parsed_bag(get("additionalData"), "additional_data", flags))
    details = custom_details_in(bag, flags)
    return _make(
        WireAlert,
        (
            own.lower(),
            vendor_id or vendor_id_in(bag, details) or provider_id or None,
            provider_id,
            shown,
            shown.removeprefix(RULE_PREFIX).strip() if shown else None,
            kind,
            description,
            read_choice(get("severity"), SEVERITY, "severity", flags, required=True),
            read_choice(get("status"), ALERT_STATUS, "status", flags),
            product,
            vendor,
            provider,
            read_choice(get("productComponentName") or None, ENGINE, "engine", flags),
            compromised,
            link,
            read_moment(get("startTimeUtc"), "started_at", flags),
            read_moment(get("endTimeUtc"), "ended_at", flags),
            read_moment(get("timeGenerated"), "generated_at", flags),
            read_moment(get("processingEndTime"), "processed_at", flags),
            words_in(get("tactics"), "tactics", flags),
            words_in(get("techniques") or bag.get("techniques"), "techniques", flags),
            words_in(get("remediationSteps"), "remediation_steps", flags),
            facts_in(bag, details, flags),
            details,
            bool(details) or (shown or "").startswith(RULE_PREFIX),
            tuple(flags),
            raw_json,
        ),
    )


def vendor_id_in(bag: Bag, details: dict[str, tuple[str, ...]]) -> str | None:
    """The id that the product itself gave, where only the bag or a rule's details tell it."""
    candidates = bag.get("vendororiginalid"), *details.get("vendororiginalid", ())
    return next((one for one in candidates if isinstance(one, str) and one), None)
