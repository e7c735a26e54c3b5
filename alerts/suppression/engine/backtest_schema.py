"""The published JSON Schema of a frozen back-test (docs/schemas/backtest-1.json)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from alerts.suppression.engine.evidence import STOPPERS, TOTALS
from alerts.suppression.engine.freezing import VERSION
from alerts.suppression.engine.incident_totals import IncidentTotals

_TEXT: Final = {"type": "string"}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
_NUMBER: Final = {"type": "number"}
INCIDENT_TOTALS: Final = (*(each.name for each in fields(IncidentTotals)), "closed")
_SAID: Final = {
    "type": "array", "prefixItems": [_TEXT, {"type": "object"}], "minItems": 2, "maxItems": 2,
    "items": False, "description": "code and parts of a sentence",
}  # fmt: skip
_STRUCTURE: Final[dict[str, Any]] = {
    "rule_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "start": _MOMENT,
    "end": _MOMENT,
    "ran_at": _MOMENT,
    "alerts": _COUNT,
    "incidents": _COUNT,
    "shared_incidents": {
        **_COUNT, "description": "incidents that hold another alert too, which it does not match",
    },
    "after_each": {"type": "array", "items": _COUNT, "description": "alerts left after each line"},
    "share_of_type": _SHARE,
    "true_positives": _COUNT,
    "unjudged_alerts": _COUNT,
    "minutes_saved": _NUMBER,
    # what is told beside it
    "total": {**_COUNT, "description": "alerts of the period"},
    "of_type": {**_COUNT, "description": "alerts of its types and places"},
    "history_days": {**_COUNT, "description": "how much history there was"},
    "minutes_per_incident": {
        "type": ["number", "null"],
        "description": "null where too few closings were measured",
    },
}  # fmt: skip


def backtest_schema() -> dict[str, Any]:
    """What `freezing.frozen` writes, with what a run tells beside it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"tagout:backtest:{VERSION}",
        "title": "Back-test of a suppression rule, as it is frozen into a request for signatures",
        **body_schema(),
    }


def body_schema() -> dict[str, Any]:
    """The same without its name, as a member of an answer."""
    day = {"type": "array", "prefixItems": [{"type": "string", "format": "date"}, _COUNT],
           "minItems": 2, "maxItems": 2, "items": False}  # fmt: skip
    site = _object(site=_TEXT, matched=_COUNT, incidents=_COUNT, share=_NUMBER)
    stop = _object(**_row(), why={"type": "array", "items": {"enum": list(STOPPERS)}})
    look = _object(
        **_row(), times=_COUNT, unlike=_NUMBER, why=_TEXT, reason=_SAID,
        stoppers={"type": "array", "items": {"enum": list(STOPPERS)}},
        case={"type": ["integer", "null"], "description": "id of a true positive near it"},
    )  # fmt: skip
    total = _object(alerts=_COUNT, incidents=_COUNT)
    outside = _object(**dict.fromkeys(TOTALS, total), true_positives=_COUNT)
    judged = _object(
        trials=_COUNT, suspicious=_COUNT,
        by_verdict={"type": "object", "additionalProperties": _COUNT},
        limit=_SHARE, is_little={"type": "boolean"}, words=_TEXT,
    )  # fmt: skip
    deployed = _object(
        workspace=_TEXT,
        catches={"enum": ["same", "more", "nothing"]},
        reasons={"type": "array", "items": _SAID},
        extra=_COUNT,
        incidents={"type": "array", "items": {"type": "integer"}},
    )
    return _object(
        version={"const": VERSION},
        **_STRUCTURE,
        totals=_object(**dict.fromkeys(TOTALS, total)),
        incident_totals={
            **_object(**dict.fromkeys(INCIDENT_TOTALS, _COUNT)),
            "description": "each incident once: matched = touched + shared + closed",
        },
        outside_hours={
            **outside,
            "type": ["object", "null"],
            "description": "what was said of alerts that only its hours leave out; null without",
        },
        handling=_object(
            minutes={"type": ["number", "null"]}, closings=_COUNT, of={"enum": ["matches", "all"]}
        ),
        per_day={"type": "array", "items": day},
        sites={"type": "array", "items": site},
        stops={"type": "array", "items": stop},
        judged=judged,
        check_these={"type": "array", "items": look},
        nearest={"type": "array", "items": look},
        evidence=judged,
        outcome=judged,
        deployed={"type": "array", "items": deployed},
    )


def _row() -> dict[str, Any]:
    return {
        "alert": {"type": "integer"},
        "incidents": {"type": "array", "items": {"type": "integer"}},
        "at": _MOMENT,
        "site": _TEXT,
        "traits": {"type": "object", "additionalProperties": _TEXT},
        "verdicts": {"type": "array", "items": _TEXT, "description": "ids of annotations"},
    }


def _object(**members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
