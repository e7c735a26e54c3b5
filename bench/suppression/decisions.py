"""How many decisions people make: one for all that is in a row of the queue when they deal with it.

A row is what the product shows as one (the same type, ends, protocol, function, techniques, product
and severity at a site); storms are not folded here. The SOC closes in Sentinel, which Tagout's own
measure leaves out; what people decide in Tagout is counted by that measure (`dashboards`).
"""

from collections import defaultdict
from collections.abc import Collection, Hashable
from datetime import datetime
from typing import Any

from simulator.scenarios.records import Incident
from simulator.scenarios.scenario import Scenario


def decision_figures(
    scenario: Scenario,
    future: Collection[Incident],
    *,
    closed: Collection[str],
    in_tagout: int,
    unasked: int = 0,
) -> dict[str, Any]:
    """Return how many decisions people make without rules, with those that closed `closed`, and the
    share that rules take off; beside it what is left of a thousand incidents, and the share against
    Sentinel's own list, which asks for each incident by itself. `in_tagout` is what people decided
    there, `unasked` how many of it OT answered of itself, with or without rules.
    """
    without = count_decisions(scenario, future) + unasked
    left = [incident for incident in future if incident.id not in closed]
    with_rules = count_decisions(scenario, left) + in_tagout
    one_by_one = unasked + sum(
        scenario.triage(incident.id, incident.at) is not None for incident in future
    )
    return {
        "decisions_without_rules": without,
        "decisions": with_rules,
        "decisions_fewer": 1 - with_rules / without if without else 0.0,
        "decisions_in_tagout": in_tagout,
        "decisions_per_thousand": round(1000 * with_rules / len(future), 1) if future else 0.0,
        "decisions_fewer_than_incidents": 1 - with_rules / one_by_one if one_by_one else 0.0,
    }


def count_decisions(scenario: Scenario, incidents: Collection[Incident]) -> int:
    """Return how many acts on rows close these incidents, as the SOC gets to them."""
    rows: dict[Hashable, list[tuple[datetime, datetime]]] = defaultdict(list)
    for incident in incidents:
        closing = scenario.triage(incident.id, incident.at)
        if closing is not None:
            rows[_row_of(incident)].append((incident.at, closing.at))
    return sum(map(_acts_on, rows.values()))


def _acts_on(waiting: Collection[tuple[datetime, datetime]]) -> int:
    """Each act closes what has come until then; who comes later waits for the next."""
    acts, acted_at = 0, None
    for came_at, closed_at in sorted(waiting):
        if acted_at is None or came_at > acted_at:
            acts, acted_at = acts + 1, closed_at
    return acts


def _row_of(incident: Incident) -> Hashable:
    return incident.site, frozenset(
        (
            alert.user_defined_title or alert.alert_type,
            alert.source_device or alert.source_address,
            alert.destination_device or alert.destination_address,
            *(alert.protocol, alert.function, alert.techniques, alert.product_name),
            alert.severity,
        )
        for alert in incident.alerts
    )
