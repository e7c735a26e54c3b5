"""Why harmless incidents still reached people after the trial days. Reads the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from alerts.suppression.engine.guards.lifecycle import TRIAL
from bench.suppression.figures import is_guarded
from bench.suppression.future import Outcome
from bench.suppression.rules import SignedRule
from bench.suppression.world import World
from simulator.scenarios.records import Incident


def count_losses(world: World, outcome: Outcome) -> Counter[str]:
    """Return for each cause how many harmless incidents reached a person; and how many did not."""
    recurring = {(p.site, p.name) for p in world.scenario.processes if p.recurs}
    counts: Counter[str] = Counter()
    for incident in world.scenario.incidents:
        if incident.is_attack or incident.at < world.scenario.split_at + TRIAL:
            continue
        if incident.id in outcome.closed:
            counts["closed"] += 1
        elif is_guarded(incident):
            counts["never list, safety system or crown jewel"] += 1
        elif any((incident.site, truth) not in recurring for truth in incident.alert_truths):
            counts["happened once, storm, long tail"] += 1
        else:
            counts[_cause(world, outcome, incident)] += 1
    return counts


def _cause(world: World, outcome: Outcome, incident: Incident) -> str:
    rules = outcome.rules[incident.site]
    covering = [[r for r in rules if r.covers(a.facts)] for a in world.alerts[incident.id]]
    kept = outcome.kept.get(incident.id, "")
    if kept == "trial":
        began = [[r for r in found if r.signed_at <= incident.at] for found in covering]
        is_first = any(all(_is_first(r, rules) for r in found) for found in began)
        return "trial of a first version" if is_first else "trial of a new version"
    if kept:
        return kept
    if not all(covering):
        return "no rule was ever signed"
    states = [{_state(rule, incident.at) for rule in found} for found in covering]
    open_ones = [found for found in states if "acting" not in found]
    for state in ("paused", "retired", "signed later"):
        if any(state in found for found in open_ones):
            return state
    return "several rules at different times"


def _is_first(rule: SignedRule, rules: Sequence[SignedRule]) -> bool:
    return not any(each.number == rule.number and each.signed_at < rule.signed_at for each in rules)


def _state(rule: SignedRule, at: datetime) -> str:
    if rule.signed_at > at:
        return "signed later"
    if rule.retired_at is not None and rule.retired_at <= at:
        return "retired"
    return "paused" if rule.was_paused(at) else "acting"
