"""What came of it, measured against the truth: the only part of this bench that reads it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.confidence_limits import upper_share
from alerts.suppression.engine.guards.lifecycle import TRIAL
from bench.suppression.baselines import run_baselines
from bench.suppression.future import Outcome
from bench.suppression.rules import count_rules
from bench.suppression.world import CRITICAL, World
from simulator.scenarios.records import Incident


def measure(world: World, outcome: Outcome) -> dict[str, Any]:
    """Return the figures of one scenario, by the names that `contracts.md` promises."""
    scenario = world.scenario
    future = [i for i in scenario.incidents if i.at >= scenario.split_at]
    after_trial = [i for i in future if i.at >= scenario.split_at + TRIAL]
    closed = set(outcome.closed)
    attacks = [i for i in future if i.is_attack]
    missed = [i for i in attacks if i.id in closed]
    guarded = [i for i in missed if i.guard_class]
    first_ten = _closed_by_first_ten(outcome)
    rules = {
        site: count_rules(rule for rule in rules if rule.retired_at is None)
        for site, rules in outcome.rules.items()
    }
    return {
        "shape": scenario.shape,
        "seed": scenario.seed,
        "incidents": len(future),
        "reduction_after_trial": _reduction(after_trial, closed),
        "reduction_from_day_one": _reduction(future, closed),
        "first_ten_rules_reduction": _reduction(after_trial, first_ten),
        "attack_incidents": len(attacks),
        "attack_incidents_suppressed": len(missed),
        "missed_classes": dict(Counter(i.truth for i in missed)),
        "guarded_missed": len(guarded),
        "suppressed": len(closed),
        "share_suspicious": len(missed) / len(closed) if closed else 0.0,
        "bound95": upper_share(len(missed), len(closed)) if closed else 1.0,
        "delayed_attacks": _delayed(attacks, closed),
        "rules_per_site": rules,
        "signed_versions_per_site": {site: len(found) for site, found in outcome.rules.items()},
        "questions": sum(p.effort.questions for p in outcome.policies.values()),
        "second_opinions": sum(p.effort.second_opinions for p in outcome.policies.values()),
        "kept_open": dict(Counter(outcome.kept.values())),
        "perfect_clustering": _perfect(world, after_trial),
        "perfect_thirty": _perfect(world, after_trial, most=30),
        "perfect_ten": _perfect(world, after_trial, most=10),
        "baselines": {
            name: _compare(after_trial, attacks, found)
            for name, found in run_baselines(world).items()
        },
    }


def _reduction(incidents: Collection[Incident], closed: Collection[str]) -> float:
    """Share of harmless incidents that no longer reach the SOC."""
    harmless = [i.id for i in incidents if not i.is_attack]
    return sum(pk in closed for pk in harmless) / len(harmless) if harmless else 0.0


def _closed_by_first_ten(outcome: Outcome) -> set[str]:
    """Incidents that the first ten rules of their site closed among themselves."""
    return {pk for pk, numbers in outcome.closed.items() if all(n <= 10 for n in numbers)}


def _delayed(attacks: Collection[Incident], closed: Collection[str]) -> int:
    """Attacks whose first incident did not reach a person's screen."""
    first: dict[tuple[str, str], Incident] = {}
    for incident in attacks:
        first.setdefault((incident.site, incident.truth), incident)
    return sum(incident.id in closed for incident in first.values())


def _perfect(world: World, incidents: Collection[Incident], *, most: int = 1000) -> float:
    """What rules drawn from the true processes, seen before the split, would take off the SOC: of
    the largest processes of each site, as far as a rule may close them at all.
    """
    split, by_id = world.scenario.split_at, world.scenario.by_id
    wanted = {incident.id for incident in incidents}
    by_site: dict[str, list[set[str]]] = defaultdict(list)
    for process in world.scenario.processes:
        known = any(by_id[pk].at < split - timedelta(days=1) for pk in process.incident_ids)
        if process.recurs and known:
            found = {pk for pk in process.incident_ids if not is_guarded(by_id[pk])}
            by_site[process.site].append(found & wanted)
    largest = [sorted(found, key=len, reverse=True)[:most] for found in by_site.values()]
    return _reduction(incidents, {pk for found in largest for each in found for pk in each})


def is_guarded(incident: Incident) -> bool:
    """Whether no rule may close it: its type, or a safety system or crown jewel in it."""
    return any(
        ((known := alert_type_for(a.alert_type)) is not None and known.guard == "never")
        or a.source_criticality in CRITICAL
        or a.destination_criticality in CRITICAL
        for a in incident.alerts
    )


def _compare(
    after_trial: Collection[Incident], attacks: Collection[Incident], found: Collection[str]
) -> dict[str, Any]:
    return {
        "reduction": _reduction(after_trial, found),
        "attack_incidents_suppressed": sum(i.id in found for i in attacks),
    }
