"""What Defender for IoT puts into an alert's bag of strings, by whatever spelling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from alerts.sentinel.wire.unreadable import Bag
from alerts.sentinel.wire.values import read_bag, read_text, read_yes_no


@dataclass(frozen=True, slots=True)
class D4iotFacts:
    """What the sensor saw, as Defender for IoT tells it; a side that is not named is None."""

    sensor: str | None = None
    site: str | None = None
    zone: str | None = None
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


def parsed_bag(value: object, name: str, flags: list[str]) -> Bag:
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


def folded(bag: Bag) -> Bag:
    """The bag by lower-cased names without blanks: their spelling differs between sources."""
    return {key.replace(" ", "").replace("_", "").casefold(): bag[key] for key in reversed(bag)}


def custom_details_in(bag: Bag, flags: list[str]) -> dict[str, tuple[str, ...]]:
    """What an analytics rule carried over: lists of texts by folded name, {} for other alerts."""
    value = bag.get("customdetails")
    if isinstance(value, str):
        value = _parsed(value, "custom_details", flags)
    details = folded(read_bag(value, "custom_details", flags))
    return {
        name: tuple(str(one) for one in (value if isinstance(value, list) else [value]))
        for name, value in details.items()
        if value is not None
    }


def facts_in(bag: Bag, details: dict[str, tuple[str, ...]], flags: list[str]) -> D4iotFacts:
    """The D4IoT facts of a bag, or of custom details where a rule kept no more than those."""

    def first(*names: str) -> str | None:
        for name in names:
            value = bag.get(name)
            if value is None and details.get(name):
                value = details[name][0]
            if value.__class__ is int:
                value = str(value)
            if text := read_text(value, f"facts.{name}", flags):
                return text.strip() or None
        return None

    return D4iotFacts(
        sensor=first("sensorid", "sensor", "deviceid"),
        site=first("sitedisplayname", "site"),
        zone=first("sensorzone", "zone", "zonedisplayname"),
        source_device=first("sourcedevice"),
        source_address=first("sourcedeviceaddress", "sourceaddress"),
        destination_device=first("destinationdevice"),
        destination_address=first("destinationdeviceaddress", "destinationaddress"),
        protocol=first("protocol"),
        port=first("port", "destinationport"),
        category=first("category"),
        function=first("function", "functioncode", "command"),
        user_defined_title=first("userdefinedtitle", "userdefineddescription"),
        management_url=first("alertmanagementuri"),
        is_new=read_yes_no(bag.get("isnew"), "facts.is_new", flags),
    )


def words_in(value: object, name: str, flags: list[str]) -> tuple[str, ...]:
    """A list of texts, however it is written: as a list, as JSON in a text, or with commas."""
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
    if value is not None:
        flags.append(f"{name}:not_a_list")
    return ()
