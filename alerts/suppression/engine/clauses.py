"""One line of a rule: a field, an operator, and values that are alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from alerts.planned_work.engine.kinds import KINDS_FOR_RULES
from alerts.suppression.engine.addresses import reasons_against_address, reasons_against_network
from alerts.suppression.engine.facts import SEVERITIES
from alerts.suppression.engine.fields import FIELDS, NONE_TOLD, Field, Kind, Operator
from alerts.suppression.engine.lookalikes import reasons_against_text
from alerts.suppression.engine.windows import WEEK, minutes_a_week, reasons_against_window
from alerts.suppression.engine.words import Sentence, listed

MAX_VALUES: Final = 200
MAX_VALUE_LENGTH: Final = 300
ZONE_MARK: Final = " / "  # between site and zone
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?", re.ASCII)
type Value = str | int


@dataclass(frozen=True, slots=True)
class Clause:
    """`field operator values`. Values are kept sorted and single: their order means nothing."""

    field: str
    operator: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        """Bring the values into their one order."""
        sorted_values = sorted(set(self.values), key=lambda value: (isinstance(value, str), value))
        object.__setattr__(self, "values", tuple(sorted_values))

    def as_json(self) -> dict[str, Any]:
        """The clause as plain data."""
        return {"field": self.field, "operator": str(self.operator), "values": list(self.values)}

    @property
    def named(self) -> tuple[Value, ...]:
        """The values without that of alerts that tell none."""
        return tuple(value for value in self.values if value != NONE_TOLD)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as texts."""
        return tuple(str(value) for value in self.values)


def reasons_against_clause(clause: Clause) -> list[Sentence]:
    """Why this line says nothing that an alert could be held against; one sentence each."""
    field = FIELDS.get(clause.field)
    if field is None:
        return [Sentence("clause.field", field=clause.field, known=listed(FIELDS))]
    if clause.operator not in field.operators:
        fitting = listed(sorted(str(each) for each in field.operators))
        return [
            Sentence(
                "clause.operator", label=field.label, operator=clause.operator, fitting=fitting
            )
        ]
    if not clause.values:
        return [Sentence("clause.empty", label=field.label)]
    if len(clause.values) > MAX_VALUES:
        return [Sentence("clause.many", label=field.label, most=MAX_VALUES)]
    if clause.operator in (Operator.IS, Operator.AT_MOST) and len(clause.values) > 1:
        return [Sentence("clause.one", label=field.label, operator=clause.operator)]
    reasons: list[Sentence] = []
    values = clause.named if field.or_none else clause.values
    if not values:
        return [Sentence("clause.empty", label=field.label)]
    for value in values:
        reasons += _against_value(field, clause.operator, value)
    return reasons


def _against_value(field: Field, operator: str, value: Value) -> list[Sentence]:
    if field.kind in (Kind.PORT, Kind.COUNT):
        lowest, highest = (0, 65535) if field.kind is Kind.PORT else (1, 500)
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return []
        return [
            Sentence("value.number", label=field.label, value=value, least=lowest, most=highest)
        ]
    if not isinstance(value, str):
        return [Sentence("value.text", label=field.label, value=value)]
    if len(value) > MAX_VALUE_LENGTH:
        return [Sentence("value.long", label=field.label, most=MAX_VALUE_LENGTH)]
    if field.kind is Kind.SEVERITY:
        fits = value in SEVERITIES[1:]
        return (
            [] if fits else [Sentence("value.severity", value=value, known=listed(SEVERITIES[1:]))]
        )
    if field.kind is Kind.TIME:
        return reasons_against_window(value)
    if field.kind is Kind.WORK:
        fits, known = value in KINDS_FOR_RULES, listed(KINDS_FOR_RULES)
        return [] if fits else [Sentence("value.work", value=value, known=known)]
    if field.kind is Kind.ADDRESS:
        within = operator == Operator.WITHIN
        return reasons_against_network(value) if within else reasons_against_address(value)
    if field.name == "techniques" and not _TECHNIQUE.fullmatch(value):
        return [Sentence("value.technique", value=value)]
    return _against_text(field, operator, value)


def _against_text(field: Field, operator: str, value: str) -> list[Sentence]:
    if field.kind is Kind.ZONE and operator == Operator.WITHIN:
        site, mark, zone = value.partition(ZONE_MARK)
        if not (mark and site and zone):
            return [Sentence("value.zone", value=value)]
    return reasons_against_text(value, label=field.label, least=field.least)


def is_everything(clause: Clause) -> bool:
    """Whether a checked clause holds for each alert that says anything about its field."""
    if clause.field == "severity":
        if clause.operator == Operator.AT_MOST:
            return clause.values == (SEVERITIES[-1],)
        return len(clause.values) == len(SEVERITIES) - 1
    return clause.field == "time" and minutes_a_week(clause.texts) >= WEEK


def narrows(clause: Clause) -> bool:
    """Whether a checked clause says what the rule is about; a count alone does not."""
    return not is_everything(clause) and FIELDS[clause.field].kind is not Kind.COUNT


def pinned(clauses: Iterable[Clause], field: str) -> tuple[str, ...]:
    """The values that a field is held to by name; none where no clause holds it so."""
    for clause in clauses:
        if clause.field == field and clause.operator in (Operator.IS, Operator.IS_ONE_OF):
            return clause.texts
    return ()
