"""Whether a rule matches an alert and, if not, which line failed first and why, in words.

`predicate` is the only reading of a clause in Python, `line_predicate` and `exception_predicate`
are those of a clause in a rule; `sql` is the other one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from alerts.planned_work.engine.kinds import KINDS
from alerts.rules.fields import (
    FIELDS,
    SEVERITIES,
    AlertField,
    FieldKind,
    FieldValues,
    Operator,
)
from alerts.rules.guards.never import HIGH, is_soft, works_of_box
from alerts.rules.rule import ZONE_MARK, Clause, RuleDefinition
from alerts.rules.sentence import Sentence, listed
from alerts.rules.values import is_within
from alerts.rules.windows import is_in_windows, why_outside

type Predicate = Callable[[FieldValues], bool]


@lru_cache(maxsize=16384)
def predicate(clause: Clause) -> Predicate:
    """Whether facts meet a checked clause. A fact that an alert lacks meets nothing."""
    field = FIELDS[clause.field]
    if field.kind is FieldKind.TIME:
        windows = clause.texts
        return lambda facts: is_in_windows(facts.at, windows)
    if field.kind is FieldKind.SEVERITY:
        return _severity(clause)
    if clause.operator == Operator.AT_MOST:
        return _at_most(attrgetter(field.name), int(clause.values[0]))
    if field.kind is FieldKind.WORK:
        return _any_of(attrgetter(field.name), frozenset(clause.texts))
    if clause.operator == Operator.WITHIN:
        return _within(field, clause.texts)
    if field.many:
        return _any_of(attrgetter(field.name), frozenset(clause.texts))
    return _equal(attrgetter(field.name), clause)


def line_predicate(clause: Clause, rule: RuleDefinition) -> Predicate:
    """Whether facts meet a line of this rule. Where planned work replaces its hours, an alert
    that may be closed only inside hours meets the line by work alone that boxes it in.
    """
    if clause.field != "planned_work" or not works_of_box(rule):
        return predicate(clause)
    kinds = frozenset(clause.texts)
    return lambda facts: (
        not kinds.isdisjoint(facts.planned_work if is_soft(facts) else facts.planned_work_for_hours)
    )


def exception_predicate(clause: Clause) -> Predicate:
    """Whether an exception of a rule holds. One by alert type holds for every alert whose type is
    not proved: it may be of that type.
    """
    plain = predicate(clause)
    if clause.field != "alert_type":
        return plain
    return lambda facts: bool(facts.unproved_title) or plain(facts)


def _equal(get: Callable[[FieldValues], object], clause: Clause) -> Predicate:
    if len(clause.values) == 1:
        only = clause.values[0]
        return lambda facts: get(facts) == only
    values = frozenset(clause.values)
    return lambda facts: get(facts) in values


def _any_of(get: Callable[[FieldValues], tuple[str, ...]], values: frozenset[str]) -> Predicate:
    return lambda facts: not values.isdisjoint(get(facts))


def _severity(clause: Clause) -> Predicate:
    numbers = [SEVERITIES.index(value) for value in clause.texts]
    severities = frozenset(numbers)
    if clause.operator == Operator.AT_MOST:
        severities = frozenset(range(1, numbers[0] + 1))
    return lambda facts: facts.severity in severities


def _at_most(get: Callable[[FieldValues], int | None], most: int) -> Predicate:
    def holds(facts: FieldValues) -> bool:
        count = get(facts)
        return count is not None and count <= most

    return holds


def _within(field: AlertField, values: tuple[str, ...]) -> Predicate:
    if field.kind is FieldKind.ZONE:
        zones = frozenset(values)
        return lambda facts: bool(facts.zone) and f"{facts.site}{ZONE_MARK}{facts.zone}" in zones
    if field.many:
        get_all: Callable[[FieldValues], tuple[str, ...]] = attrgetter(field.name)
        return lambda facts: any(is_within(address, values) for address in get_all(facts))
    get: Callable[[FieldValues], str] = attrgetter(field.name)
    return lambda facts: is_within(get(facts), values)


@dataclass(frozen=True, slots=True)
class Match:
    """The answer. `failed` is the first line that failed; `is_exception`: it was an exception."""

    holds: bool
    failed: Clause | None = None
    is_exception: bool = False
    why: Sentence | None = None


MATCHES = Match(True)


def holds(rule: RuleDefinition, facts: FieldValues) -> bool:
    """Whether the rule matches, without explanation. A rule without a line matches nothing."""
    return (
        bool(rule.all_of)
        and all(line_predicate(clause, rule)(facts) for clause in rule.all_of)
        and not any(exception_predicate(clause)(facts) for clause in rule.except_any)
    )


def matches(rule: RuleDefinition, facts: FieldValues) -> Match:
    """Whether the rule matches and, if not, the first line that failed with its words."""
    if not rule.all_of:
        return Match(False, why=Sentence("miss.empty"))
    for clause in rule.all_of:
        if not line_predicate(clause, rule)(facts):
            return Match(False, clause, False, why_not(clause, facts))
    for clause in rule.except_any:
        if exception_predicate(clause)(facts):
            return Match(False, clause, True, _exception(clause, facts))
    return MATCHES


def why_not(clause: Clause, facts: FieldValues) -> Sentence:
    """What the alert has where the rule asks for something else."""
    field = FIELDS[clause.field]
    if field.kind is FieldKind.TIME:
        return why_outside(facts.at, clause.texts)
    if field.kind is FieldKind.WORK:
        if predicate(clause)(facts):  # it is there, and boxes nothing
            is_high = facts.severity == HIGH
            return Sentence("never.work", what="High severity" if is_high else facts.alert_type)
        return Sentence("miss.work", works=_works(clause))
    values = listed(clause.named)
    value = getattr(facts, field.name)
    if field.kind is FieldKind.SEVERITY:
        value = SEVERITIES[value] if 0 < value < len(SEVERITIES) else ""
    if field.kind is FieldKind.ZONE and value and clause.operator == Operator.WITHIN:
        value = f"{facts.site} / {value}"
    if field.name == "alert_type" and facts.unproved_title:
        return Sentence("miss.untyped", said=facts.unproved_title)
    if value in ("", None, ()):
        return Sentence("miss.unsaid", label=field.label, wanted=values)
    if field.many:
        value = listed(value, "and")
    code = {Operator.AT_MOST: "miss.more", Operator.WITHIN: "miss.outside"}
    found = code.get(Operator(clause.operator), "miss.other")
    return Sentence(found, label=field.label, said=value, wanted=values)


def _works(clause: Clause) -> str:
    return listed(KINDS.get(kind, kind) for kind in clause.texts)


def _exception(clause: Clause, facts: FieldValues) -> Sentence:
    field = FIELDS[clause.field]
    if field.name == "alert_type" and facts.unproved_title:
        return Sentence("miss.untyped", said=facts.unproved_title)
    if field.kind is FieldKind.WORK:
        return Sentence("miss.exception_work", works=_works(clause))
    code = "miss.exception_time" if field.kind is FieldKind.TIME else "miss.exception"
    return Sentence(code, label=field.label, wanted=listed(clause.named))
