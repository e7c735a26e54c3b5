"""Matching one alert against many rules: the index beside a naive loop of the same run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from alerts.rules.fields import SEVERITIES, FieldValues
from alerts.rules.index import RuleIndex
from alerts.rules.match import holds
from alerts.rules.rule import Clause, RuleDefinition
from bench.report import Line, show

TYPES = [f"Alert type {number}" for number in range(60)]
SITES = [f"Site {number}" for number in range(12)]
DEVICES = [f"DEV-{number:03}" for number in range(260)]
PROTOCOLS = ["MODBUS", "Siemens S7", "CIP", "DNP3"]
# What a rule names: type and site, type, site, neither. Few name no type; the editor warns of them.
LIFE_LIKE = (0.80, 0.15, 0.04, 0.01)
ALL_BOTH = (1.0, 0.0, 0.0, 0.0)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
MADE = 100_000  # different alerts; more than that repeat them
type Naive = list[tuple[int, tuple[tuple[str, frozenset[object]], ...]]]


def make_rules(count: int, shares: tuple[float, ...], *, seed: int) -> dict[int, RuleDefinition]:
    """Rules over a few busy alert types and many quiet ones."""
    dice = random.Random(seed)
    rules = {}
    for number in range(count):
        shape = dice.choices(range(4), shares)[0]
        clauses = []
        if shape in (0, 1):
            clauses.append(Clause("alert_type", "is", (_busy(dice, TYPES),)))
        if shape in (0, 2):
            clauses.append(Clause("site", "is", (dice.choice(SITES),)))
        clauses.append(Clause("source_device", "is_one_of", tuple(dice.sample(DEVICES, 2))))
        clauses.append(Clause("destination_device", "is", (dice.choice(DEVICES),)))
        if dice.random() < 0.3:
            clauses.append(Clause("protocol", "is", (dice.choice(PROTOCOLS),)))
        rules[number] = RuleDefinition(title=f"Rule {number}", all_of=tuple(clauses))
    return rules


def make_facts(count: int, *, seed: int) -> list[FieldValues]:
    """Alerts of the same plants."""
    dice = random.Random(seed)
    facts = []
    for _ in range(count):
        source, destination = dice.sample(DEVICES, 2)
        facts.append(
            FieldValues(
                workspace="north",
                site=dice.choice(SITES),
                alert_type=_busy(dice, TYPES),
                severity=SEVERITIES.index("Medium"),
                protocol=dice.choice(PROTOCOLS),
                source_device=source,
                destination_device=destination,
                any_device=(source, destination),
                at=MONDAY + timedelta(minutes=dice.randrange(10080)),
            )
        )
    return facts


def naive_form(rules: dict[int, RuleDefinition]) -> Naive:
    """The rules as the obvious loop would hold them: sets, made once."""
    return [
        (number, tuple((clause.field, frozenset(clause.values)) for clause in rule.all_of))
        for number, rule in rules.items()
    ]


def naive(rules: Naive, facts: FieldValues) -> list[int]:
    """The loop that everybody writes first: each rule, each line, until one fails."""
    matches = []
    for number, conditions in rules:
        for field, values in conditions:
            if getattr(facts, field) not in values:
                break
        else:
            matches.append(number)
    return matches


def seconds(
    work: Callable[[FieldValues], object], facts: Sequence[FieldValues], *, rounds: int = 5
) -> float:
    """CPU seconds for one alert: the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for facts_of_alert in facts:
            work(facts_of_alert)
        best = min(best, (time.process_time() - began) / len(facts))
    return best


def measure(n: int = MADE) -> list[Line]:
    """The promises about matching and about editing one rule, the latter over n alerts."""
    facts = make_facts(4_000, seed=7)
    mixed, mixed_floor = _both(500, LIFE_LIKE, facts)
    mixed_many, _ = _both(2_000, LIFE_LIKE, facts)
    sited, sited_floor = _both(500, ALL_BOTH, facts)
    sited_many, _ = _both(2_000, ALL_BOTH, facts)
    edit, whole = _editing(make_facts(min(n, MADE), seed=7) * max(1, n // MADE))
    return [
        _line("match, life-like mix, against a naive loop", "500", mixed, mixed_floor, 1 / 14),
        _line("match, life-like mix, 2,000 rules against 500", "2,000", mixed_many, mixed, 3.5),
        _line("match, all with type and site, naive loop", "500", sited, sited_floor, 1 / 35),
        _line("match, all with type and site, 2,000 to 500", "2,000", sited_many, sited, 1.5),
        _line("edit one rule, against a full pass", f"{n:,}", edit, whole, 1 / 20),
    ]


def _both(
    count: int, shares: tuple[float, ...], facts: Sequence[FieldValues]
) -> tuple[float, float]:
    rules = make_rules(count, shares, seed=11)
    index, loop = RuleIndex(rules), naive_form(rules)
    for alert in facts[:200]:
        expected = [number for number, rule in rules.items() if holds(rule, alert)]
        if not sorted(index.matching(alert)) == expected == naive(loop, alert):
            raise SystemExit("the index and the loops do not agree")
    return (
        seconds(index.matching, facts),
        seconds(lambda alert: naive(loop, alert), facts[:400], rounds=3),
    )


def _editing(facts: Sequence[FieldValues]) -> tuple[float, float]:
    """Put a changed rule and match its bucket again, beside matching everything again."""
    rules = make_rules(500, LIFE_LIKE, seed=11)
    index = RuleIndex(rules)
    by_place: dict[tuple[str, str], list[FieldValues]] = {}
    for alert in facts:
        by_place.setdefault((alert.alert_type, alert.site), []).append(alert)
    sited = [number for number in rules if index.bucket_of(number) == "type+site"][:100]

    def edit(number: int) -> None:
        rule = rules[number]
        index.put(number, rule)
        place = str(rule.all_of[0].values[0]), str(rule.all_of[1].values[0])
        for alert in by_place.get(place, ()):
            index.matching(alert)

    began = time.process_time()
    for number in sited:
        edit(number)
    seconds_for_one = (time.process_time() - began) / len(sited)
    return seconds_for_one, seconds(index.matching, facts, rounds=2) * len(facts)


def _busy(dice: random.Random, names: Sequence[str]) -> str:
    """Some names are far more frequent than others."""
    return names[min(int(dice.paretovariate(0.7)) - 1, len(names) - 1)]


def _line(name: str, size: str, measured: float, floor: float, limit: float) -> Line:
    return Line(
        name, size, f"{measured * 1e6:.2f} µs", f"{floor * 1e6:.2f} µs", measured / floor, limit
    )


if __name__ == "__main__":
    raise SystemExit(0 if show(measure()) else 1)
