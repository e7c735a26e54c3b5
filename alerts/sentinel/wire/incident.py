"""An incident in Sentinel's own words, read from raw JSON so that no odd member can lose it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

import orjson

from alerts.sentinel.wire.parts import WireLabel, WireOwner, labels_of, owner_of
from alerts.sentinel.wire.times import read_moment
from alerts.sentinel.wire.unreadable import Bag, Unfit
from alerts.sentinel.wire.values import read_bag, read_count, read_text, read_words
from alerts.sentinel.wire.vocabulary import (
    CLASSIFICATION,
    CLASSIFICATION_REASON,
    D4IOT_PRODUCTS,
    INCIDENT_STATUS,
    SEVERITY,
    read_choice,
)

USABLE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.~-]{0,127}")


_make = tuple.__new__
_NOT_CLOSED = (None, None)


class WireIncident(NamedTuple):
    """One incident as listed, as far as anybody asks; `raw_json` is all of it as compact JSON.

    A named tuple, because a frozen dataclass of so many members takes ten times as long to make
    and intake makes twenty thousand a second.
    """

    name: str
    etag: str | None
    number: int | None
    title: str | None
    severity: str | None
    status: str | None
    classification: str | None
    classification_reason: str | None
    owner: WireOwner | None
    labels: tuple[WireLabel, ...]
    created_at: datetime | None
    modified_at: datetime | None
    latest_activity_at: datetime | None
    created_text: str | None
    modified_text: str | None
    latest_activity_text: str | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    product_names: tuple[str, ...]
    alerts_count: int | None
    comments_count: int | None
    merged_into_number: int | None
    merged_into_url: str | None
    flags: tuple[str, ...]
    raw_json: bytes

    @property
    def raw(self) -> Bag:
        """All of it, parsed anew."""
        whole: Bag = orjson.loads(self.raw_json)
        return whole

    @property
    def is_merged_away(self) -> bool:
        """Whether correlation moved this incident into another one."""
        if self.merged_into_number is not None or self.merged_into_url:
            return True
        return "redirected" in [label[0].casefold() for label in self.labels]

    @property
    def is_from_d4iot(self) -> bool:
        """Whether Defender for IoT is among the products behind this incident."""
        return any(name.strip().casefold() in D4IOT_PRODUCTS for name in self.product_names)


def usable_name(value: object) -> str:
    """The lower-cased name that stands for a record in addresses; refuses what could not be one."""
    if value.__class__ is not str or not USABLE_NAME.fullmatch(value):
        raise Unfit("it has no usable name")
    return value.lower()


def incident_of(raw: Bag, raw_json: bytes, oddities: tuple[str, ...] = ()) -> WireIncident:
    """Read one incident from its parsed JSON; raises Unfit where there is none to be read."""
    name, props = usable_name(raw.get("name")), raw.get("properties")
    if props.__class__ is not dict:
        raise Unfit("its properties are no object")
    flags, get = list(oddities), props.get
    more = read_bag(get("additionalData"), "additional_data", flags)
    etag = read_text(raw.get("etag"), "etag", flags)
    if not etag:
        flags.append("etag:missing")
    title = read_text(get("title"), "title", flags)
    created, modified = get("createdTimeUtc"), get("lastModifiedTimeUtc")
    activity = get("lastActivityTimeUtc")
    number = get("incidentNumber")
    if title is None or created is None or modified is None or number is None:
        flags += _missing(title=title, created_at=created, modified_at=modified, number=number)
    closing = get("classification"), get("classificationReason")
    if closing != _NOT_CLOSED:
        closing = _closing_of(*closing, flags)
    merged = more.get("mergedIncidentNumber")
    return _make(
        WireIncident,
        (
            *(name, etag, read_count(number, "number", flags), title),
            read_choice(get("severity"), SEVERITY, "severity", flags, required=True),
            read_choice(get("status"), INCIDENT_STATUS, "status", flags, required=True),
            *closing,
            owner_of(get("owner"), flags),
            labels_of(get("labels"), flags),
            read_moment(created, "created_at", flags),
            read_moment(modified, "modified_at", flags),
            read_moment(activity, "latest_activity_at", flags),
            created if created.__class__ is str else None,
            modified if modified.__class__ is str else None,
            activity if activity.__class__ is str else None,
            read_words(more.get("tactics"), "tactics", flags),
            read_words(more.get("techniques"), "techniques", flags),
            read_words(more.get("alertProductNames"), "product_names", flags),
            read_count(more.get("alertsCount"), "alerts_count", flags),
            read_count(more.get("commentsCount"), "comments_count", flags),
            read_count(merged, "merged_into_number", flags) if merged else None,
            read_text(more.get("mergedIncidentUrl"), "merged_into_url", flags),
            *(tuple(flags), raw_json),
        ),
    )


def _missing(**members: object) -> list[str]:
    return [f"{name}:missing" for name, value in members.items() if value is None]


def _closing_of(
    classification: object, reason: object, flags: list[str]
) -> tuple[str | None, str | None]:
    return (
        read_choice(classification or None, CLASSIFICATION, "classification", flags),
        read_choice(reason or None, CLASSIFICATION_REASON, "classification_reason", flags),
    )
