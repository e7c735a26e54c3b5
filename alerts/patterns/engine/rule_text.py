"""A pattern as the rule that people sign."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.patterns.engine.pattern import MinedPattern, TypeName
from alerts.patterns.engine.phrases import purpose_sentence
from alerts.patterns.engine.sides import PatternSide, Rung
from alerts.rules.fields import SEVERITIES
from alerts.rules.lifetime import default_end
from alerts.rules.rule import MAX_TITLE_LENGTH, Clause, RuleDefinition
from alerts.rules.values import reasons_against_address_value


def rule_for(
    pattern: MinedPattern,
    *,
    time_zone: str,
    now: datetime,
    reason: str = "",
    evidence: Sequence[str] = (),
) -> RuleDefinition:
    """Return the rule that describes the pattern, for Tagout to enforce."""
    clauses = [
        Clause("site", "is", (pattern.site,)),
        _alternatives("alert_type", sorted({title for title, _ in pattern.types})),
    ]
    if own_titles := sorted({own for _, own in pattern.types if own}):
        clauses.append(_alternatives("user_defined_title", own_titles))
    if pattern.is_directed:
        clauses += _side_clauses("source", pattern.source)
        clauses += _side_clauses("destination", pattern.destination)
    else:
        clauses += [
            _alternatives("any_address" if side.by_address else "any_device", side.members)
            for side in (pattern.source, pattern.destination)
            if side.members
        ]
    if pattern.sensors:
        clauses.append(_alternatives("sensor", pattern.sensors))
    if pattern.protocols:
        clauses.append(_alternatives("protocol", pattern.protocols))
    if pattern.functions:
        clauses.append(_alternatives("function", pattern.functions))
    clauses.append(Clause("severity", "at_most", (SEVERITIES[pattern.severity],)))
    if pattern.hours is not None:
        clauses.append(Clause("time", "within", pattern.hours.as_windows(time_zone)))
    if pattern.planned_work:
        clauses.append(Clause("planned_work", "within", (pattern.planned_work,)))
    rule = RuleDefinition(
        title=title_of(pattern),
        all_of=tuple(clauses),
        except_any=_exceptions(pattern),
        reason=reason,
        evidence=tuple(evidence),
    )
    return replace(rule, expires_at=default_end(rule, now=now))


def title_of(pattern: MinedPattern, types: Iterable[TypeName] = ()) -> str:
    """Return what plan, request, rule and mails call it; `types` come by weight."""
    return purpose_sentence(pattern, types)[:MAX_TITLE_LENGTH].rstrip()


def _side_clauses(name: str, side: PatternSide) -> list[Clause]:
    zones = [_alternatives(f"{name}_zone", side.zones)] if side.zones else []
    match side.rung:
        case Rung.NONE | Rung.SITE:
            return []
        case Rung.NETWORK:
            return [Clause(f"{name}_address", "within", side.networks)]
        case Rung.ZONE:
            return zones
        case Rung.GROUP:
            return [_alternatives(f"{name}_kind", side.kinds), *zones]
    field = f"{name}_address" if side.by_address else f"{name}_device"
    return [_alternatives(field, side.members), *zones]


def _exceptions(pattern: MinedPattern) -> tuple[Clause, ...]:
    """Return what is left out, each end by the field that its alerts fill: who has no device name
    by address. Some devices are named by an address: what looks like one is left out by both.
    """
    clauses = []
    for name, side, left_out in (
        ("source", pattern.source, pattern.except_sources),
        ("destination", pattern.destination, pattern.exceptions),
    ):
        end = name if pattern.is_directed else "any"
        addresses = [value for value in left_out if not reasons_against_address_value(value)]
        devices = [value for value in left_out if not (side.is_by_address and value in addresses)]
        if devices:
            clauses.append(_alternatives(f"{end}_device", devices))
        if addresses:
            clauses.append(_alternatives(f"{end}_address", addresses))
    return tuple(clauses)


def _alternatives(field: str, values: Sequence[str]) -> Clause:
    return Clause(field, "is" if len(values) == 1 else "is_one_of", tuple(values))
