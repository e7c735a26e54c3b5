"""What commands are told: JSON objects whose every member is known."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser


class Json(BaseParser):
    """JSON as RFC 8259 means it: no NaN, no lone surrogates, no endless nesting."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the whole body; it was bounded before."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as wrong:
            raise ParseError(f"The body is not JSON: {wrong}.") from None


class In(serializers.Serializer[Any]):
    """The body of a command. A member that it does not name is refused (A14)."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is not known, then read the rest."""
        if not isinstance(data, Mapping):
            raise ValidationError({"body": ["Send a JSON object."]})
        unknown = [str(name) for name in data if name not in self.fields]
        if unknown:
            known = ", ".join(self.fields) or "none"
            said = f"There is no such member here; possible: {known}."
            raise ValidationError({name[:60]: [said] for name in unknown[:20]})
        return super().to_internal_value(data)


class Nothing(In):
    """A command that needs no words."""
