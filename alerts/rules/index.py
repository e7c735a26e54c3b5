"""Many rules against one alert: four tables of buckets, so that most rules are never looked at.

A rule is under (type, site), type, site or neither, as far as it names them. Changing one rule
touches only its own keys. Inside a bucket, rules are looked up by the asset that they pin: a busy
alert type collects many rules, and its bucket would be a loop again.
"""

from collections.abc import Callable, Mapping
from itertools import product
from operator import attrgetter
from typing import Final, Literal

from alerts.rules.fields import FIELDS, FieldKind, FieldValues, Operator
from alerts.rules.match import Predicate, exception_predicate, line_predicate
from alerts.rules.rule import Clause, RuleDefinition

MAX_VALUES: Final = 64
# The most selective first.
_INDEX_FIELDS: Final = (
    *("source_device", "source_address", "destination_device", "destination_address"),
    *("any_device", "any_address", "sensor", "function"),
)
type Entry[Id] = tuple[Id, tuple[Predicate, ...], tuple[Predicate, ...]]
type Entries[Id] = list[Entry[Id]]


class Bucket[Id]:
    """Entries by one indexed value each, and those that have none."""

    __slots__ = ("_by", "_by_any", "_rest", "_tables")

    def __init__(self) -> None:
        self._rest: Entries[Id] = []
        self._tables: dict[str, dict[str, Entries[Id]]] = {}
        self._by: list[tuple[Callable[[FieldValues], str], dict[str, Entries[Id]]]] = []
        self._by_any: list[
            tuple[Callable[[FieldValues], tuple[str, ...]], dict[str, Entries[Id]]]
        ] = []

    def add(self, rule_id: Id, rule: RuleDefinition, answered: list[Clause]) -> list[Entries[Id]]:
        """Put the rule in and return in which lists it is; `answered` clauses need no test."""
        index_clause = _index_clause(rule)
        lines = [
            clause for clause in rule.all_of if clause not in answered and clause != index_clause
        ]
        entry = (
            rule_id,
            tuple(line_predicate(clause, rule) for clause in sorted(lines, key=_cost)),
            tuple(exception_predicate(clause) for clause in rule.except_any),
        )
        homes = [self._rest]
        if index_clause:
            table = self._table(index_clause.field)
            homes = [table.setdefault(value, []) for value in index_clause.texts]
        for home in homes:
            home.append(entry)
        return homes

    def collect(self, facts: FieldValues, found: list[Id]) -> None:
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


def _test[Id](
    entries: Entries[Id], facts: FieldValues, found: list[Id], *, seldom: bool = False
) -> None:
    for rule_id, all_of, except_any in entries:
        for test in all_of:
            if not test(facts):
                break
        else:
            if any(test(facts) for test in except_any):
                continue
            if not (seldom and rule_id in found):  # two devices may lead to the same rule
                found.append(rule_id)


def _index_clause(rule: RuleDefinition) -> Clause | None:
    named = {
        clause.field: clause
        for clause in reversed(rule.all_of)
        if clause.operator in (Operator.IS, Operator.IS_ONE_OF) and len(clause.values) <= MAX_VALUES
    }
    return next((named[field] for field in _INDEX_FIELDS if field in named), None)


def _cost(clause: Clause) -> int:
    """Cheap tests first: texts, then networks, then hours."""
    field = FIELDS[clause.field]
    if field.kind is FieldKind.TIME:
        return 3
    if clause.operator == Operator.WITHIN and field.kind is not FieldKind.WORK:
        return 2
    return int(field.many)


MAX_KEYS = 256  # a rule over more pairs stands under its types alone
type Place = Literal["type+site", "type", "site", "neither"]


class RuleIndex[Id]:
    """Live rules by id. `matching` is the hot path: it explains nothing."""

    def __init__(self, rules: Mapping[Id, RuleDefinition] | None = None) -> None:
        self._both: dict[tuple[str, str], Bucket[Id]] = {}
        self._type: dict[str, Bucket[Id]] = {}
        self._site: dict[str, Bucket[Id]] = {}
        self._neither: Bucket[Id] = Bucket()
        self._homes: dict[Id, tuple[Place, list[Entries[Id]]]] = {}
        for rule_id, rule in (rules or {}).items():
            self.put(rule_id, rule)

    def __len__(self) -> int:
        return len(self._homes)

    def matching(self, facts: FieldValues) -> list[Id]:
        """The ids of all rules that match."""
        kind, site = facts.alert_type, facts.site
        found: list[Id] = []
        if bucket := self._both.get((kind, site)):
            bucket.collect(facts, found)
        if bucket := self._type.get(kind):
            bucket.collect(facts, found)
        if bucket := self._site.get(site):
            bucket.collect(facts, found)
        self._neither.collect(facts, found)
        return found

    def put(self, rule_id: Id, rule: RuleDefinition) -> None:
        """Add a rule, or replace it. A rule without a line matches nothing and is nowhere."""
        self.drop(rule_id)
        if not rule.all_of:
            return
        place, keys, answered = _place(rule)
        homes = [
            home for key in keys for home in self._bucket(place, key).add(rule_id, rule, answered)
        ]
        self._homes[rule_id] = place, homes

    def drop(self, rule_id: Id) -> None:
        """Take a rule out; unknown ids are none of ours."""
        _, homes = self._homes.pop(rule_id, ("neither", []))
        for home in homes:
            home[:] = [entry for entry in home if entry[0] != rule_id]

    def bucket_of(self, rule_id: Id) -> Place:
        """The place of a rule; `neither` costs every alert, and the editor shows it."""
        return self._homes[rule_id][0]

    def _bucket(self, place: Place, key: tuple[str, str]) -> Bucket[Id]:
        if place == "type+site":
            return self._both.setdefault(key, Bucket())
        if place == "type":
            return self._type.setdefault(key[0], Bucket())
        if place == "site":
            return self._site.setdefault(key[1], Bucket())
        return self._neither


def _place(rule: RuleDefinition) -> tuple[Place, list[tuple[str, str]], list[Clause]]:
    """The bucket, its keys, and the clauses that standing there already answers."""
    kind = _naming(rule, "alert_type")
    site = _naming(rule, "site")
    if kind and site and len(kind.values) * len(site.values) <= MAX_KEYS:
        return "type+site", list(product(kind.texts, site.texts)), [kind, site]
    if kind:
        return "type", [(value, "") for value in kind.texts], [kind]
    if site:
        return "site", [("", value) for value in site.texts], [site]
    return "neither", [("", "")], []


def _naming(rule: RuleDefinition, field: str) -> Clause | None:
    return next(
        (
            clause
            for clause in rule.all_of
            if clause.field == field and clause.operator in (Operator.IS, Operator.IS_ONE_OF)
        ),
        None,
    )
