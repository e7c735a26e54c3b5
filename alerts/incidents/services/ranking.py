"""Gather what an incident's priority depends on, for many incidents in a few queries."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import orjson

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.priority import CRITICALITY_POINTS, PriorityFacts, priority_of
from alerts.incidents.engine.share import lower_share
from alerts.incidents.models import OtState, Severity
from alerts.incidents.services.copying import ask
from alerts.incidents.services.stages import array
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
    pattern: UUID | str | None
    ot_state: str
    ot_due_at: datetime | None


class _Around(NamedTuple):
    """Whom the alerts of an incident touch."""

    criticality: str = "normal"
    crossing: str = ""
    crosses: bool = False


class _Known(NamedTuple):
    """All that is known of an incident; many incidents are alike."""

    severity: int
    alert_type: str
    tactics: tuple[str, ...]
    products: tuple[str, ...]
    touched: _Around
    is_new_pair: bool
    judged: tuple[int, int] | None  # how often benign, how often suspicious
    is_answer_late: bool


_NOBODY = _Around()

# Devices that an incident's entities name, and those that its alerts name by zone and address.
# Incident by incident: whatever the planner believes of tables that grow, it goes by their keys.
_TOUCHED = """
    SELECT w.id, t.* FROM unnest(%s::bigint[]) AS w(id) CROSS JOIN LATERAL (
        SELECT string_agg(DISTINCT d.criticality, ','), string_agg(DISTINCT z.name, E'\\x1f'),
               string_agg(DISTINCT coalesce(d.purdue_level, z.purdue_level)::text, ',')
        FROM (
            SELECT device_id AS id FROM incidents_entity
            WHERE incident_id = w.id AND device_id IS NOT NULL
            UNION ALL
            SELECT d.id FROM incidents_incidentalert ia JOIN incidents_alert a ON a.id = ia.alert_id
            CROSS JOIN LATERAL unnest(a.any_address) AS named(address)
            JOIN sites_device d ON d.zone_id = a.zone_id AND d.address = named.address
            WHERE ia.incident_id = w.id
        ) named JOIN sites_device d USING (id) JOIN sites_zone z ON z.id = d.zone_id
    ) AS t(criticality, zones, levels) WHERE t.criticality IS NOT NULL
"""
_JUDGED = """
    SELECT pattern::text, routine + maintenance, suspicious FROM incidents_patternmemory
    WHERE pattern = ANY(%s::uuid[]) AND routine + maintenance + suspicious > 0
"""
_FIRST = "SELECT first_incident FROM incidents_pairmemory WHERE first_incident = ANY(%s::bigint[])"


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
    judged = {row[0]: row[1:] for row in ask(_JUDGED, array(patterns))}
    read = array([row.id for row in rows if row.pattern])
    around = {row[0]: _around(*row[1:]) for row in ask(_TOUCHED, read)}
    first_of_pair = {row[0] for row in ask(_FIRST, read)}
    return [
        _rank_read(
            _Known(
                row.severity,
                row.alert_type,
                tuple(row.tactics),
                tuple(row.product_names),
                around.get(row.id, _NOBODY),
                row.id in first_of_pair,
                judged.get(str(row.pattern)),
                row.ot_state == OtState.WAITING
                and row.ot_due_at is not None
                and row.ot_due_at < now,
            )
        )
        for row in rows
    ]


@lru_cache(maxsize=8192)
def _rank_read(known: _Known) -> Ranked:
    benign, suspicious = known.judged or (0, 0)
    return _weigh(
        PriorityFacts(
            severity=Severity(known.severity).label,
            guard=_guard_of(known.alert_type),
            criticality=known.touched.criticality,
            crosses_levels=known.touched.crosses,
            crossing=known.touched.crossing,
            tactics=known.tactics,
            other_products=_others(known.products),
            is_new_pair=known.is_new_pair,
            times_suspicious=suspicious,
            routine_share_lower=lower_share(benign, benign + suspicious),
            is_answer_late=known.is_answer_late,
        )
    )


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


@lru_cache(maxsize=4096)
def _around(criticality: str, zones: str, levels: str | None) -> _Around:
    known = sorted(map(float, levels.split(",")), reverse=True) if levels else []
    worst = max(criticality.split(","), key=lambda word: CRITICALITY_POINTS.get(word, 0))
    if len(known) > 1:
        return _Around(worst, f"Level {known[0]:g} to Level {known[-1]:g}", True)
    names = sorted(zones.split("\x1f"))
    return _Around(worst, " / ".join(names) if len(names) > 1 else "", len(names) > 1)
