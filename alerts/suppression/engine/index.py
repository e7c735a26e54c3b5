"""Many rules against one alert: four buckets, so that most rules are never looked at.

A rule stands under (type, site), type, site or neither, as far as it names them. Changing one rule
touches only its own keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from alerts.suppression.engine.buckets import Bucket, Entries
from alerts.suppression.engine.clauses import Clause, pinned
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.fields import Operator
from alerts.suppression.engine.rule import Rule

MAX_KEYS = 256  # a rule over more pairs stands under its types alone
type Place = Literal["type+site", "type", "site", "neither"]


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
        self._both: dict[tuple[str, str], Bucket[Id]] = {}
        self._type: dict[str, Bucket[Id]] = {}
        self._site: dict[str, Bucket[Id]] = {}
        self._neither: Bucket[Id] = Bucket()
        self._homes: dict[Id, tuple[Place, list[Entries[Id]]]] = {}
        for rule_id, rule in (rules or {}).items():
            self.put(rule_id, rule)

    def __len__(self) -> int:
        return len(self._homes)

    def matching(self, facts: Facts) -> list[Id]:
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

    def put(self, rule_id: Id, rule: Rule) -> None:
        """Add a rule, or replace it. A rule without a line matches nothing and stands nowhere."""
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
        """Where a rule stands; `neither` costs every alert, and the editor says so."""
        return self._homes[rule_id][0]

    def _bucket(self, place: Place, key: tuple[str, str]) -> Bucket[Id]:
        if place == "type+site":
            return self._both.setdefault(key, Bucket())
        if place == "type":
            return self._type.setdefault(key[0], Bucket())
        if place == "site":
            return self._site.setdefault(key[1], Bucket())
        return self._neither


def _place(rule: Rule) -> tuple[Place, list[tuple[str, str]], list[Clause]]:
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


def _naming(rule: Rule, field: str) -> Clause | None:
    return next(
        (
            clause
            for clause in rule.all_of
            if clause.field == field and clause.operator in (Operator.IS, Operator.IS_ONE_OF)
        ),
        None,
    )
