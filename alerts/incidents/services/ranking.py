"""Gather what an incident's priority depends on, for many incidents in a few queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.priority import CRITICALITY_POINTS, PriorityFacts, priority_of
from alerts.incidents.engine.share import lower_share
from alerts.incidents.models import OtState, PairMemory, PatternMemory, Severity
from alerts.sentinel.wire.vocabulary import D4IOT_PRODUCTS


class Ranked(NamedTuple):
    """A score and its signed parts as JSON."""

    score: int
    parts: str


class Rankable(NamedTuple):
    """What the incident's own row contributes."""

    id: int
    severity: int
    alert_type: str
    tactics: Sequence[str]
    product_names: Sequence[str]
    pattern: UUID | None
    ot_state: str
    ot_due_at: datetime | None


class _Around(NamedTuple):
    """Whom the alerts of an incident touch."""

    criticality: str = "normal"
    crossing: str = ""
    crosses: bool = False


_NOBODY = _Around()

# Devices that an incident's entities name, and those that its alerts name by zone and address.
_TOUCHED = """
    SELECT incident_id, array_agg(DISTINCT criticality), array_agg(DISTINCT level),
           array_agg(DISTINCT zone)
    FROM (
        SELECT e.incident_id, d.criticality, coalesce(d.purdue_level, z.purdue_level) AS level,
               z.name AS zone
        FROM incidents_entity e JOIN sites_device d ON d.id = e.device_id
        JOIN sites_zone z ON z.id = d.zone_id
        WHERE e.incident_id = ANY(%(ids)s::bigint[])
        UNION ALL
        SELECT ia.incident_id, d.criticality, coalesce(d.purdue_level, z.purdue_level), z.name
        FROM incidents_incidentalert ia JOIN incidents_alert a ON a.id = ia.alert_id
        CROSS JOIN LATERAL unnest(a.any_address) AS named(address)
        JOIN sites_device d ON d.zone_id = a.zone_id AND d.address = named.address
        JOIN sites_zone z ON z.id = d.zone_id
        WHERE ia.incident_id = ANY(%(ids)s::bigint[])
    ) touched GROUP BY incident_id
"""


def rank_incidents(rows: Sequence[Rankable], *, now: datetime) -> list[Ranked]:
    """The priority of each incident, in the order given."""
    patterns = {row.pattern for row in rows if row.pattern}
    if not patterns:
        return [
            rank_unread(
                severity=r.severity,
                alert_type=r.alert_type,
                tactics=tuple(r.tactics),
                products=tuple(r.product_names),
            )
            for r in rows
        ]
    memory = PatternMemory.objects.only("routine", "maintenance", "suspicious").in_bulk(patterns)
    read = [row.id for row in rows if row.pattern]
    around = _whom_they_touch(read)
    first_of_pair = set(
        PairMemory.objects.filter(first_incident__in=read).values_list("first_incident", flat=True)
    )
    ranked = []
    for row in rows:
        known = memory.get(row.pattern) if row.pattern else None
        touched = around.get(row.id, _NOBODY)
        benign = known.routine + known.maintenance if known else 0
        ranked.append(
            _weigh(
                PriorityFacts(
                    severity=Severity(row.severity).label,
                    guard=_guard_of(row.alert_type),
                    criticality=touched.criticality,
                    crosses_levels=touched.crosses,
                    crossing=touched.crossing,
                    tactics=tuple(row.tactics),
                    other_products=_others(tuple(row.product_names)),
                    is_new_pair=row.id in first_of_pair,
                    times_suspicious=known.suspicious if known else 0,
                    routine_share_lower=lower_share(benign, benign + known.suspicious)
                    if known
                    else None,
                    is_answer_late=row.ot_state == OtState.WAITING
                    and row.ot_due_at is not None
                    and row.ot_due_at < now,
                )
            )
        )
    return ranked


@lru_cache(maxsize=8192)
def rank_unread(
    *, severity: int, alert_type: str, tactics: tuple[str, ...], products: tuple[str, ...]
) -> Ranked:
    """The priority of an incident whose alerts were not fetched yet: what its own row tells."""
    return _weigh(
        PriorityFacts(
            severity=Severity(severity).label,
            guard=_guard_of(alert_type),
            tactics=tactics,
            other_products=_others(products),
        )
    )


@lru_cache(maxsize=8192)
def _weigh(facts: PriorityFacts) -> Ranked:
    priority = priority_of(facts)
    parts = [[part.code, part.points, part.detail] for part in priority.parts]
    return Ranked(priority.score, orjson.dumps(parts).decode())


@lru_cache(maxsize=4096)
def _guard_of(alert_type: str) -> str | None:
    known = alert_type_for(alert_type)
    return known.guard if known else None


@lru_cache(maxsize=4096)
def _others(products: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in products if name.strip().casefold() not in _SAME_PRODUCT)


# Sentinel itself is the product of what its analytics rules make of D4IoT's alerts.
_SAME_PRODUCT = D4IOT_PRODUCTS | {"azure sentinel", "microsoft sentinel"}


def _whom_they_touch(incident_ids: Iterable[int]) -> dict[int, _Around]:
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"ids": list(incident_ids)})
        return {row[0]: _around(*row[1:]) for row in cursor.fetchall()}


def _around(criticality: list[str], levels: list[float | None], zones: list[str]) -> _Around:
    known = sorted({level for level in levels if level is not None}, reverse=True)
    worst = max(criticality, key=lambda word: CRITICALITY_POINTS.get(word, 0))
    if len(known) > 1:
        return _Around(worst, f"Level {known[0]:g} to Level {known[-1]:g}", True)
    return _Around(worst, " / ".join(sorted(zones)) if len(zones) > 1 else "", len(zones) > 1)
