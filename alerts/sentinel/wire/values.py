"""Readers of single members: whatever stands there, a usable value and perhaps a flag come back."""

from __future__ import annotations

from typing import Any

from alerts.sentinel.wire.unreadable import Bag

MAX_INTEGER = 2**63 - 1
_TEXT = frozenset({str})
_PLAIN = frozenset({str, type(None)})


def read_text(value: object, name: str, flags: list[str]) -> str | None:
    """Text, or None; a number is written out, anything else is flagged."""
    if value is None or value.__class__ is str:
        return value
    flags.append(f"{name}:not_text")
    return str(value) if value.__class__ in (int, float, bool) else None


def read_texts(bag: Bag, members: dict[str, str], flags: list[str]) -> tuple[str | None, ...]:
    """Several text members at once: one look tells the usual case, where nothing is odd."""
    values = tuple(map(bag.get, members))
    if _PLAIN.issuperset(map(type, values)):
        return values
    return tuple(
        read_text(value, name, flags) for value, name in zip(values, members.values(), strict=True)
    )


def read_count(value: object, name: str, flags: list[str]) -> int | None:
    """A whole number that a database column can hold; digits in quotes count too."""
    if value.__class__ is int and 0 <= value <= MAX_INTEGER:
        return value
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    flags.append(f"{name}:not_a_count")
    return None


def read_yes_no(value: object, name: str, flags: list[str]) -> bool | None:
    """True or False; D4IoT writes them as words in its bag of strings."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    flags.append(f"{name}:not_yes_or_no")
    return None


def read_words(value: object, name: str, flags: list[str]) -> tuple[str, ...]:
    """A list of texts; what in it is no text is left out and flagged."""
    if value.__class__ is list:
        if _TEXT.issuperset(map(type, value)):
            return tuple(value)
        flags.append(f"{name}:not_all_text")
        return tuple(word for word in value if isinstance(word, str))
    if value is not None:
        flags.append(f"{name}:not_a_list")
    return ()


def read_bag(value: object, name: str, flags: list[str]) -> dict[str, Any]:
    """A nested object, or an empty one with a flag."""
    if value.__class__ is dict:
        return value
    if value is not None:
        flags.append(f"{name}:not_an_object")
    return {}
