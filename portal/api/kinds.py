"""Kinds of values: how a query parameter is read, and how the description names them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.moments import read_moment


@dataclass(frozen=True, slots=True)
class Kind:
    """`schema` is JSON Schema, with `bounds` where it describes a parameter; `read` makes a value
    of a parameter's text or raises ValueError with a sentence.
    """

    schema: Mapping[str, Any]
    read: Callable[[str], Any] = field(repr=False, default=lambda text: text)
    bounds: Mapping[str, Any] = field(repr=False, default_factory=dict)

    def or_null(self) -> "Kind":
        """The same where there may be none."""
        schema = dict(self.schema)
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        return Kind(schema, self.read)

    def many(self) -> "Kind":
        """A list of it."""
        return Kind({"type": "array", "items": dict(self.schema)}, self.read)


NO_NUL = r"^[^\u0000]*$"  # PostgreSQL keeps none


def _text(text: str) -> str:
    if not text or len(text) > 200 or "\x00" in text:
        raise ValueError("Give between 1 and 200 characters.")
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("Give a whole number.")
    return int(text)


def _fraction(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?(e-?[0-9]{1,3})?", text):
        raise ValueError("Give a number.")
    return float(text)


def _moment(text: str) -> datetime:
    try:
        if "T" in text.upper():
            return read_moment(text)
    except ValueError:
        pass
    raise ValueError("Give a moment as in RFC 3339: 2026-11-24T12:00:00Z.")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError("Give a UUID.") from None


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("Give true or false.")
    return text == "true"


TEXT = Kind({"type": "string"}, _text, {"minLength": 1, "maxLength": 200, "pattern": NO_NUL})
NUMBER = Kind({"type": "integer"}, _number, {"minimum": -(10**18) + 1, "maximum": 10**18 - 1})
FRACTION = Kind({"type": "number"}, _fraction)
MOMENT = Kind({"type": "string", "format": "date-time"}, _moment)
ID = Kind({"type": "string", "format": "uuid"}, _uuid)
FLAG = Kind({"type": "boolean"}, _flag)
OBJECT = Kind({"type": "object", "additionalProperties": True})
ANYTHING = Kind({"type": ["object", "array", "string", "number", "boolean", "null"]})


def one_of(values: Mapping[str, Any]) -> Kind:
    """One word, or several with commas between them; each stands for a value of the database."""

    def read(text: str) -> list[Any]:
        words = text.split(",")
        if unknown := [word for word in words if word not in values]:
            known = ", ".join(values)
            raise ValueError(f"{unknown[0][:60]!r} means nothing here; possible: {known}.")
        return [values[word] for word in words]

    return Kind({"type": "string", "enum": list(values)}, read)


def one_word(*words: str) -> Kind:
    """Exactly one of these words."""
    several = one_of({word: word for word in words})

    def read(text: str) -> str:
        (word, *more) = several.read(text)
        if more:
            raise ValueError(f"Give one of {', '.join(words)}.")
        return str(word)

    return Kind(several.schema, read)


def shaped(**members: Kind) -> Kind:
    """An object with these members."""
    return Kind(
        {
            "type": "object",
            "properties": {name: dict(kind.schema) for name, kind in members.items()},
            "required": list(members),
            "additionalProperties": False,
        }
    )
