"""What Defender for IoT puts into an alert's bag of strings, by whatever spelling."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from alerts.sentinel.wire.unreadable import Bag
from alerts.sentinel.wire.values import read_bag, read_text, read_yes_no

_make = tuple.__new__


class D4iotFacts(NamedTuple):
    """What the sensor saw, as Defender for IoT tells it; a side that is not named is None."""

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
    return {name: bag[key] for name, key in spellings(*bag)}


@lru_cache(maxsize=1024)
def spellings(*names: str) -> tuple[tuple[str, str], ...]:
    """Folded names and the ones that stand there. Of two that fold to one the first counts."""
    return tuple({_folded_name(name): name for name in reversed(names)}.items())


def _folded_name(name: str) -> str:
    return name.replace(" ", "").replace("_", "").casefold()


def custom_details_in(bag: Bag, flags: list[str]) -> dict[str, tuple[str, ...]]:
    """What an analytics rule carried over: lists of texts by folded name, {} for other alerts."""
    value = bag.get("customdetails")
    if value is None:
        return {}
    if isinstance(value, str):
        value = _parsed(value, "custom_details", flags)
    details = folded(read_bag(value, "custom_details", flags))
    return {
        name: tuple(str(one) for one in (value if isinstance(value, list) else [value]))
        for name, value in details.items()
        if value is not None
    }


# Each fact may stand under several names; the first that says something is taken.
_NAMES = (
    ("sitedisplayname", "site"),
    ("sensorzone", "zone", "zonedisplayname"),
    ("sensorid", "sensor", "deviceid"),
    ("sourcedevice",),
    ("sourcedeviceaddress", "sourceaddress"),
    ("destinationdevice",),
    ("destinationdeviceaddress", "destinationaddress"),
    ("protocol",),
    ("port", "destinationport"),
    ("category",),
    ("function", "functioncode", "command"),
    ("userdefinedtitle", "userdefineddescription"),
    ("alertmanagementuri",),
)


def facts_in(bag: Bag, details: dict[str, tuple[str, ...]], flags: list[str]) -> D4iotFacts:
    """The D4IoT facts of a bag, or of custom details where a rule kept no more than those."""
    if details:
        texts = [_first(names, bag, details, flags) for names in _NAMES]
    else:
        texts = [
            (value.strip() or None)
            if names and (value := bag[names[0]]).__class__ is str and value
            else _first(names, bag, details, flags)
            for names in told_by(*bag)
        ]
    is_new = read_yes_no(bag.get("isnew"), "facts.is_new", flags)
    return _make(D4iotFacts, (*texts, is_new))


@lru_cache(maxsize=1024)
def told_by(*names: str) -> tuple[tuple[str, ...], ...]:
    """Of each fact's names those that a bag has: bags of one source have the same names."""
    return tuple(tuple(name for name in of_fact if name in names) for of_fact in _NAMES)


def _first(
    names: tuple[str, ...], bag: Bag, details: dict[str, tuple[str, ...]], flags: list[str]
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
            value = read_text(value, f"facts.{name}", flags)
        if value:
            return value.strip() or None
    return None


def words_in(value: object, name: str, flags: list[str]) -> tuple[str, ...]:
    """A list of texts, however it is written: as a list, as JSON in a text, or with commas."""
    if value is None:
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
