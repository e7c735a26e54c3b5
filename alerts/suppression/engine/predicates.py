"""One clause as a function of facts: the only reading of rules in Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter

from alerts.suppression.engine.addresses import is_within
from alerts.suppression.engine.clauses import ZONE_MARK, Clause
from alerts.suppression.engine.facts import SEVERITIES, Facts
from alerts.suppression.engine.fields import FIELDS, Field, Kind, Operator
from alerts.suppression.engine.windows import is_inside

type Predicate = Callable[[Facts], bool]


@lru_cache(maxsize=16384)
def predicate(clause: Clause) -> Predicate:
    """Whether facts meet a checked clause. What an alert does not say meets nothing."""
    field = FIELDS[clause.field]
    if field.kind is Kind.TIME:
        windows = clause.texts
        return lambda facts: is_inside(facts.at, windows)
    if field.kind is Kind.SEVERITY:
        return _severity(clause)
    if clause.operator == Operator.AT_MOST:
        return _at_most(attrgetter(field.name), int(clause.values[0]))
    if field.kind is Kind.WORK:
        return _any_of(attrgetter(field.name), frozenset(clause.texts))
    if clause.operator == Operator.WITHIN:
        return _within(field, clause.texts)
    if field.many:
        return _any_of(attrgetter(field.name), frozenset(clause.texts))
    return _equal(attrgetter(field.name), clause)


def _equal(get: Callable[[Facts], object], clause: Clause) -> Predicate:
    if len(clause.values) == 1:
        only = clause.values[0]
        return lambda facts: get(facts) == only
    wanted = frozenset(clause.values)
    return lambda facts: get(facts) in wanted


def _any_of(get: Callable[[Facts], tuple[str, ...]], wanted: frozenset[str]) -> Predicate:
    return lambda facts: not wanted.isdisjoint(get(facts))


def _severity(clause: Clause) -> Predicate:
    numbers = [SEVERITIES.index(value) for value in clause.texts]
    wanted = frozenset(numbers)
    if clause.operator == Operator.AT_MOST:
        wanted = frozenset(range(1, numbers[0] + 1))
    return lambda facts: facts.severity in wanted


def _at_most(get: Callable[[Facts], int | None], most: int) -> Predicate:
    def holds(facts: Facts) -> bool:
        count = get(facts)
        return count is not None and count <= most

    return holds


def _within(field: Field, values: tuple[str, ...]) -> Predicate:
    if field.kind is Kind.ZONE:
        wanted = frozenset(values)
        return lambda facts: bool(facts.zone) and f"{facts.site}{ZONE_MARK}{facts.zone}" in wanted
    if field.many:
        each: Callable[[Facts], tuple[str, ...]] = attrgetter(field.name)
        return lambda facts: any(is_within(one, values) for one in each(facts))
    get: Callable[[Facts], str] = attrgetter(field.name)
    return lambda facts: is_within(get(facts), values)
