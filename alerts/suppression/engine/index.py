"""Many rules against one alert: four buckets, so that most rules are never looked at.

A rule stands under (type, site), type, site or neither, as far as it names them. Changing one rule
touches only its own keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from alerts.suppression.engine.clauses import Clause, pinned
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.fields import Kind, Operator
from alerts.suppression.engine.predicates import Predicate, predicate
from alerts.suppression.engine.rule import Rule

MOST_KEYS = 256  # a rule over more pairs stands under its types alone
type Bucket = Literal["type+site", "type", "site", "neither"]
type Entry[Id] = tuple[Id, tuple[Predicate, ...], tuple[Predicate, ...]]


@dataclass(frozen=True, slots=True)
class Reach:
    """The alerts a rule can meet at all, for those who fetch them. Empty: not limited."""

    types: tuple[str, ...]
    sites: tuple[str, ...]


def reach(rule: Rule) -> Reach:
    """Which alert types and sites the rule names: what has to be looked at when it changes."""
    return Reach(pinned(rule.all_of, "alert_type"), pinned(rule.all_of, "site"))


class RuleIndex[Id]:
    """Live rules by id. `matching` is the hot path: it explains nothing."""

    def __init__(self, rules: Mapping[Id, Rule] | None = None) -> None:
        self._both: dict[tuple[str, str], list[Entry[Id]]] = {}
        self._type: dict[str, list[Entry[Id]]] = {}
        self._site: dict[str, list[Entry[Id]]] = {}
        self._neither: list[Entry[Id]] = []
        self._homes: dict[Id, tuple[Bucket, list[list[Entry[Id]]]]] = {}
        for rule_id, rule in (rules or {}).items():
            self.put(rule_id, rule)

    def __len__(self) -> int:
        return len(self._homes)

    def matching(self, facts: Facts) -> list[Id]:
        """The ids of all rules that match."""
        kind, site = facts.alert_type, facts.site
        found: list[Id] = []
        for bucket in (
            self._both.get((kind, site)),
            self._type.get(kind),
            self._site.get(site),
            self._neither,
        ):
            if bucket:
                for rule_id, wanted, unwanted in bucket:
                    for test in wanted:
                        if not test(facts):
                            break
                    else:
                        if not any(test(facts) for test in unwanted):
                            found.append(rule_id)
        return found

    def put(self, rule_id: Id, rule: Rule) -> None:
        """Add a rule, or replace it. A rule without a line matches nothing and stands nowhere."""
        self.drop(rule_id)
        if not rule.all_of:
            return
        name, keys, answered = _place(rule)
        wanted = [clause for clause in rule.all_of if clause not in answered]
        entry = (
            rule_id,
            tuple(predicate(clause) for clause in sorted(wanted, key=_cost)),
            tuple(predicate(clause) for clause in rule.except_any),
        )
        homes = [self._bucket(name, key) for key in keys]
        for home in homes:
            home.append(entry)
        self._homes[rule_id] = name, homes

    def drop(self, rule_id: Id) -> None:
        """Take a rule out; unknown ids are none of ours."""
        _, homes = self._homes.pop(rule_id, ("neither", []))
        for home in homes:
            home[:] = [entry for entry in home if entry[0] != rule_id]

    def bucket_of(self, rule_id: Id) -> Bucket:
        """Where a rule stands; `neither` costs every alert, and the editor says so."""
        return self._homes[rule_id][0]

    def _bucket(self, name: Bucket, key: tuple[str, str]) -> list[Entry[Id]]:
        if name == "type+site":
            return self._both.setdefault(key, [])
        if name == "type":
            return self._type.setdefault(key[0], [])
        if name == "site":
            return self._site.setdefault(key[1], [])
        return self._neither


def _place(rule: Rule) -> tuple[Bucket, list[tuple[str, str]], list[Clause]]:
    """The bucket, its keys, and the clauses that standing there already answers."""
    kind = _naming(rule, "alert_type")
    site = _naming(rule, "site")
    if kind and site and len(kind.values) * len(site.values) <= MOST_KEYS:
        return "type+site", list(product(kind.texts, site.texts)), [kind, site]
    if kind:
        return "type", [(value, "") for value in kind.texts], [kind]
    if site:
        return "site", [("", value) for value in site.texts], [site]
    return "neither", [("", "")], []


def _naming(rule: Rule, field: str) -> Clause | None:
    return next(
        (
            clause
            for clause in rule.all_of
            if clause.field == field and clause.operator in (Operator.IS, Operator.IS_ONE_OF)
        ),
        None,
    )


def _cost(clause: Clause) -> int:
    """Cheap tests first: texts, then networks, then hours."""
    if clause.field == Kind.TIME:
        return 3
    if clause.operator == Operator.WITHIN:
        return 2
    return int(clause.field.startswith("any_"))
