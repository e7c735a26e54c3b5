"""One bucket of the index: rules that name the same type and site, looked up by the asset they pin.

Busy alert types collect many rules; without this their bucket would be a loop again.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final

from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.fields import FIELDS, Kind, Operator
from alerts.suppression.engine.predicates import Predicate, predicate
from alerts.suppression.engine.rule import Rule

MAX_VALUES: Final = 64
# The most telling first.
_TELLING: Final = (
    *("source_device", "source_address", "destination_device", "destination_address"),
    *("any_device", "any_address", "sensor", "function"),
)
type Entry[Id] = tuple[Id, tuple[Predicate, ...], tuple[Predicate, ...]]
type Entries[Id] = list[Entry[Id]]


class Bucket[Id]:
    """Entries by one telling value each, and those that have none."""

    __slots__ = ("_by", "_by_any", "_rest", "_tables")

    def __init__(self) -> None:
        self._rest: Entries[Id] = []
        self._tables: dict[str, dict[str, Entries[Id]]] = {}
        self._by: list[tuple[Callable[[Facts], str], dict[str, Entries[Id]]]] = []
        self._by_any: list[tuple[Callable[[Facts], tuple[str, ...]], dict[str, Entries[Id]]]] = []

    def add(self, rule_id: Id, rule: Rule, answered: list[Clause]) -> list[Entries[Id]]:
        """Put the rule in and say in which lists it stands; `answered` clauses need no test."""
        telling = _telling(rule)
        lines = [clause for clause in rule.all_of if clause not in answered and clause != telling]
        entry = (
            rule_id,
            tuple(predicate(clause) for clause in sorted(lines, key=_cost)),
            tuple(predicate(clause) for clause in rule.except_any),
        )
        homes = [self._rest]
        if telling:
            table = self._table(telling.field)
            homes = [table.setdefault(value, []) for value in telling.texts]
        for home in homes:
            home.append(entry)
        return homes

    def collect(self, facts: Facts, found: list[Id]) -> None:
        """Append the ids of the rules that match."""
        for get, table in self._by:
            if entries := table.get(get(facts)):
                _test(entries, facts, found)
        for get_all, table in self._by_any:
            for value in get_all(facts):
                if entries := table.get(value):
                    _test(entries, facts, found, seldom=True)
        if self._rest:
            _test(self._rest, facts, found)

    def _table(self, field: str) -> dict[str, Entries[Id]]:
        table = self._tables.get(field)
        if table is None:
            table = self._tables[field] = {}
            if FIELDS[field].many:
                self._by_any.append((attrgetter(field), table))
            else:
                self._by.append((attrgetter(field), table))
        return table


def _test[Id](entries: Entries[Id], facts: Facts, found: list[Id], *, seldom: bool = False) -> None:
    for rule_id, wanted, unwanted in entries:
        for test in wanted:
            if not test(facts):
                break
        else:
            if any(test(facts) for test in unwanted):
                continue
            if not (seldom and rule_id in found):  # two devices may lead to the same rule
                found.append(rule_id)


def _telling(rule: Rule) -> Clause | None:
    named = {
        clause.field: clause
        for clause in reversed(rule.all_of)
        if clause.operator in (Operator.IS, Operator.IS_ONE_OF) and len(clause.values) <= MAX_VALUES
    }
    return next((named[field] for field in _TELLING if field in named), None)


def _cost(clause: Clause) -> int:
    """Cheap tests first: texts, then networks, then hours."""
    field = FIELDS[clause.field]
    if field.kind is Kind.TIME:
        return 3
    if clause.operator == Operator.WITHIN and field.kind is not Kind.WORK:
        return 2
    return int(field.many)
