"""The JSON Schema of a rule, made of `RuleDefinition` and its fields; published in docs/schemas."""

from typing import Any

import msgspec

from alerts.planned_work.engine.kinds import KINDS_FOR_RULES
from alerts.rules.fields import FIELDS, SEVERITIES, AlertField, FieldKind, Operator
from alerts.rules.rule import (
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    VERSION,
    Clause,
    RuleDefinition,
)


def rule_schema() -> dict[str, Any]:
    """What a rule may look like. What it may contain is checked in words by the engine."""
    _, parts = msgspec.json.schema_components([RuleDefinition], ref_template="#/$defs/{name}")
    members = parts[RuleDefinition.__name__]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"tagout:rule:{VERSION}",
        "title": "Suppression rule",
        "type": "object",
        "additionalProperties": False,
        "required": ["version", *members["required"]],
        "properties": {"version": {"const": VERSION}, **members["properties"]},
        "$defs": {Clause.__name__: {"oneOf": [_clause(field) for field in FIELDS.values()]}},
    }


def _clause(field: AlertField) -> dict[str, Any]:
    operators = sorted(str(operator) for operator in field.operators)
    return {
        "type": "object",
        "title": field.label,
        "additionalProperties": False,
        "required": ["field", "operator", "values"],
        "properties": {
            "field": {"const": field.name},
            "operator": {"enum": operators},
            "values": {
                "type": "array",
                "minItems": 1,
                "maxItems": 1 if operators == [Operator.AT_MOST] else MAX_VALUES,
                "items": _value(field),
            },
        },
    }


def _value(field: AlertField) -> dict[str, Any]:
    if field.kind is FieldKind.SEVERITY:
        return {"enum": list(SEVERITIES[1:])}
    if field.kind is FieldKind.WORK:
        return {"enum": list(KINDS_FOR_RULES)}
    if field.kind is FieldKind.PORT:
        return {"type": "integer", "minimum": 0, "maximum": 65535}
    if field.kind is FieldKind.COUNT:
        return {"type": "integer", "minimum": 1, "maximum": 500}
    least = 0 if field.or_none else field.least  # "": alerts that tell none
    return {"type": "string", "minLength": least, "maxLength": MAX_VALUE_LENGTH}
