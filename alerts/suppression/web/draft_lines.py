"""The lines of a draft as the editor shows them: what can be picked, and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext

from alerts.planned_work.engine.kinds import KINDS_FOR_RULES
from alerts.rules.fields import (
    FIELDS,
    NO_VALUE,
    SEVERITIES,
    AlertField,
    FieldKind,
    Operator,
)
from alerts.rules.rule import Clause, reasons_against_clause
from alerts.rules.windows import DAYS, window_zone_of
from alerts.suppression.web.forms import MEMBERS, HalfWindow, HalfWindows
from alerts.suppression.web.wording import (
    OPERATORS,
    all_in_words,
    field_label,
    value_words,
    work_words,
)
from portal.ui.pieces import Choice

_SUGGESTED = (FieldKind.TEXT, FieldKind.ZONE, FieldKind.ADDRESS, FieldKind.PORT)
_ORDER = (Operator.IS, Operator.IS_ONE_OF, Operator.WITHIN, Operator.AT_MOST)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One line. `kind` states how its values are entered: text, number, severity, level, time."""

    at: str  # all-0
    field: str
    label: str
    kind: str
    operator: str
    operators: list[Choice]
    values: list[str]
    pills: list[Choice]
    options: list[Choice]
    suggested: bool
    zone: str
    problems: list[str]
    number: int  # of the line in its part, for people
    left: str = ""
    or_none: bool = False  # "not specified" may be added
    half: HalfWindow | None = None


def draft_rows(
    body: Mapping[str, Any],
    prefix: str,
    *,
    zones: list[str],
    left: Mapping[str, str],
    half: HalfWindows | None = None,
) -> list[DraftRow]:
    """Return the lines of one part of the body."""
    return [
        replace(
            _line(f"{prefix}-{place}", place + 1, line, zones, left),
            half=(half or {}).get(f"{prefix}-{place}"),
        )
        for place, line in enumerate(body.get(MEMBERS[prefix], []))
    ]


def field_choices() -> list[Choice]:
    """Return every field a line may name, in the order of the engine."""
    return [Choice(name, field_label(name)) for name in FIELDS]


def day_choices() -> list[Choice]:
    """Return the days of a week, as rules spell them and as people do."""
    return [Choice(day, gettext(day)) for day in DAYS]


def fields_of(body: Mapping[str, Any]) -> set[str]:
    """Return which fields the lines name."""
    return {
        line["field"]
        for member in MEMBERS.values()
        for line in body.get(member, [])
        if isinstance(line, dict)
    }


def _line(
    at: str, number: int, line: Mapping[str, Any], zones: list[str], left: Mapping[str, str]
) -> DraftRow:
    name, operator = str(line["field"]), str(line["operator"])
    values = list(line["values"])
    field = FIELDS.get(name)
    allowed = [op for op in _ORDER if field and op in field.operators]
    reasons = reasons_against_clause(Clause(name, operator, tuple(values)))
    windows = [value for value in values if isinstance(value, str) and " " in value]
    return DraftRow(
        at=at,
        field=name,
        label=field_label(name),
        kind=_kind(field.kind if field else FieldKind.TEXT, operator),
        operator=operator,
        operators=[Choice(str(op), str(OPERATORS[op])) for op in allowed],
        values=[str(value) for value in values],
        pills=[Choice(str(op), _label(str(op), field)) for op in values],
        options=_options(field),
        suggested=field is not None and field.kind in _SUGGESTED,
        zone=window_zone_of(windows[0]) if windows else (zones[0] if zones else "UTC"),
        problems=all_in_words(reasons),
        number=number,
        left=left.get(at, ""),
        or_none=at.startswith("all")
        and field is not None
        and field.or_none
        and NO_VALUE not in values,
    )


def _label(value: str, field: AlertField | None) -> str:
    return value_words(value, field) if field else value


def _options(field: AlertField | None) -> list[Choice]:
    """Return the values of a field that has a short list of them."""
    if field is not None and field.kind is FieldKind.WORK:
        return [Choice(kind, work_words(kind)) for kind in KINDS_FOR_RULES]
    return [Choice(severity, severity) for severity in SEVERITIES[1:]]


def _kind(kind: FieldKind, operator: str) -> str:
    if kind is FieldKind.SEVERITY:
        return "level" if operator == Operator.AT_MOST else "severity"
    if kind is FieldKind.COUNT:
        return "number"
    return {FieldKind.TIME: "time", FieldKind.WORK: "work"}.get(kind, "text")
