"""The published JSON Schema of a verdict of OT (docs/schemas/annotation-1.json)."""

from typing import Any, Final

from alerts.reviews.api.listings import ANNOTATIONS

VERSION: Final = 1


def annotation_schema() -> dict[str, Any]:
    """An annotation as the API tells one, without the age of the answer."""
    members = {
        each.name: {**each.kind.schema, "description": each.says} for each in ANNOTATIONS.columns
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"tagout:annotation:{VERSION}",
        "title": "Verdict of OT on incidents",
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
