"""JSON Schema of what commands are told, read from their serializers."""

import inspect
from typing import Any

from rest_framework import serializers

from portal.api.bodies import In


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
            return {"type": "string", "enum": list(field.choices)}
        case serializers.ListField():
            return {"type": "array", "items": _field(field.child), **_bounds(field, "Items")}
        case serializers.DictField() | serializers.JSONField():
            return {"type": "object"}
        case serializers.Serializer():
            return body_schema(type(field)) if isinstance(field, In) else {"type": "object"}
        case serializers.BooleanField():
            return {"type": "boolean"}
        case serializers.IntegerField():
            return {"type": "integer"}
        case serializers.UUIDField():
            return {"type": "string", "format": "uuid"}
        case serializers.DateTimeField():
            return {"type": "string", "format": "date-time"}
        case serializers.EmailField():
            return {"type": "string", "format": "email"}
    return {"type": "string", **_bounds(field, "Length")}


def _bounds(field: Any, what: str) -> dict[str, int]:
    least, most = getattr(field, "min_length", None), getattr(field, "max_length", None)
    found = {f"min{what}": least, f"max{what}": most}
    return {name: value for name, value in found.items() if value is not None}
