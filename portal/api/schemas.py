"""JSON Schema of what commands are told, read from their serializers."""

import inspect
from typing import Any

from rest_framework import serializers

from portal.api.bodies import In
from portal.api.kinds import NO_NUL

_SOME_TEXT = r"^[^\u0000]*\S[^\u0000]*$"  # blanks alone say nothing


def body_schema(body: type[In]) -> dict[str, Any]:
    """The schema of a body; members that it does not name are refused."""
    fields = body().fields
    made: dict[str, Any] = {
        "type": "object",
        "description": first_line(body),
        "properties": {name: _field(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    if needed := [name for name, field in fields.items() if field.required]:
        made["required"] = needed
    return made


def first_line(thing: Any) -> str:
    """What a docstring says first."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _field(field: serializers.Field[Any, Any, Any, Any]) -> dict[str, Any]:
    said = _kind(field)
    if field.allow_null:
        said["type"] = [said["type"], "null"]
    if field.help_text:
        said["description"] = str(field.help_text)
    return said


def _kind(field: serializers.Field[Any, Any, Any, Any]) -> dict[str, Any]:
    match field:
        case serializers.ChoiceField():
            words = list(field.choices)
            return {"type": "string", "enum": ["", *words] if field.allow_blank else words}
        case serializers.ListField():
            some = {} if field.allow_empty else {"minItems": 1}
            items = _field(field.child)
            return {"type": "array", "items": items, **some, **_bounds(field, "Items")}
        case serializers.DictField() | serializers.JSONField():
            return {"type": "object"}
        case serializers.Serializer():
            return body_schema(type(field)) if isinstance(field, In) else {"type": "object"}
        case serializers.BooleanField():
            return {"type": "boolean"}
        case serializers.IntegerField():
            return {"type": "integer", **_limits(field)}
        case serializers.FloatField():
            return {"type": "number", **_limits(field)}
        case serializers.UUIDField():
            return {"type": "string", "format": "uuid"}
        case serializers.DateTimeField():
            return {"type": "string", "format": "date-time"}
        case serializers.EmailField():
            return {"type": "string", "format": "email"}
    said: dict[str, Any] = {"type": "string"}
    if isinstance(field, serializers.CharField):
        said |= (
            {"pattern": NO_NUL} if field.allow_blank else {"minLength": 1, "pattern": _SOME_TEXT}
        )
    return said | _bounds(field, "Length")


def _limits(field: serializers.IntegerField | serializers.FloatField) -> dict[str, float]:
    found = {"minimum": field.min_value, "maximum": field.max_value}
    return {name: value for name, value in found.items() if value is not None}


def _bounds(field: Any, what: str) -> dict[str, int]:
    least, most = getattr(field, "min_length", None), getattr(field, "max_length", None)
    found = {f"min{what}": least, f"max{what}": most}
    return {name: value for name, value in found.items() if value is not None}
