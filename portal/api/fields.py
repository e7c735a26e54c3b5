"""Serializer fields: values of query parameters, read strictly, and words for stored values."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from rest_framework import serializers

from portal.formats.moments import read_moment

_UNKNOWN_WORD = "{input!r} is not a valid value; possible: {possible}."


class QueryText(serializers.CharField):
    """Between 1 and 200 characters, taken as they are."""

    default_error_messages = {
        "blank": "Give between 1 and 200 characters.",
        "max_length": "Give between 1 and 200 characters.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=200, trim_whitespace=False, **options)


class QueryNumber(serializers.IntegerField):
    """A whole number in digits."""

    default_error_messages = {"invalid": "Give a whole number."}

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=-(10**18) + 1, max_value=10**18 - 1, **options)

    def to_internal_value(self, data: Any) -> int:
        """Return the number; no blanks, signs or fractions that Python would take."""
        if not re.fullmatch(r"-?[0-9]{1,18}", data):
            self.fail("invalid")
        return int(data)


class QueryMoment(serializers.DateTimeField):
    """A moment as in RFC 3339, with its offset."""

    default_error_messages = {"invalid": "Give a moment as in RFC 3339: 2026-11-24T12:00:00Z."}

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment in UTC; a day alone is none."""
        try:
            if "T" in value.upper():
                return read_moment(value)
        except ValueError:
            pass
        self.fail("invalid")


class QueryFlag(serializers.BooleanField):
    """Exactly `true` or `false`."""

    default_error_messages = {"invalid": "Give true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return what it states."""
        if data not in ("true", "false"):
            self.fail("invalid")
        return bool(data == "true")


class QueryChoice(serializers.ChoiceField):
    """Exactly one of some words."""

    default_error_messages = {"invalid_choice": _UNKNOWN_WORD}

    def to_internal_value(self, data: Any) -> str:
        """Return the word."""
        if data not in self.choices:
            possible = ", ".join(self.choices)
            self.fail("invalid_choice", input=data[:60], possible=possible)
        return str(data)


class QueryChoices(serializers.MultipleChoiceField):
    """One word, or several with commas between them. Words may replace stored values."""

    default_error_messages = {"invalid_choice": _UNKNOWN_WORD}

    def __init__(self, words: Collection[str], **options: Any) -> None:
        super().__init__(choices=list(words), **options)
        self.values = words if isinstance(words, Mapping) else {word: word for word in words}

    def to_internal_value(self, data: Any) -> list[Any]:  # type: ignore[override]  # in order
        """Return the stored values."""
        for word in data.split(","):
            if word not in self.values:
                possible = ", ".join(self.values)
                self.fail("invalid_choice", input=word[:60], possible=possible)
        return [self.values[word] for word in data.split(",")]


class WordField(serializers.ChoiceField):
    """A word for a stored value; `words` gives the value of each."""

    def __init__(self, words: Mapping[str, Any], **options: Any) -> None:
        super().__init__(choices=list(words), **options)
        self.words = {value: word for word, value in words.items()}

    def to_representation(self, value: Any) -> str:
        """Return the word."""
        return self.words[value]


class StructField(serializers.DictField):
    """Plain data that a msgspec struct was written as; the struct describes it."""

    def __init__(self, struct: type[Struct], **options: Any) -> None:
        super().__init__(**options)
        self.struct = struct
