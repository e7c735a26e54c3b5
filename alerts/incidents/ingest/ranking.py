"""Gather what an incident's priority depends on, for many incidents in a few queries."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import orjson

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.priority import CRITICALITY_POINTS, PriorityFacts, priority_of
from alerts.incidents.engine.share import lower_share
from alerts.incidents.ingest.temp_tables import array, run_together
from alerts.incidents.models import OtState, Severity
from alerts.incidents.models.group import PAIR_IS_NEW
from alerts.sentinel.wire.vocabulary import D4IOT_PRODUCTS

MAX_NAMED = 3  # critical devices that a reason names


class Ranked(NamedTuple):
    """A score and its signed parts as JSON."""

    score: int
    parts: str


class Rankable(NamedTuple):
    """An incident to rank; all else that counts stands in the tables."""

    id: int
    pattern: str | None  # None until its alerts are known
    alert_type: str


class _Around(NamedTuple):
    """Whom the alerts of an incident touch."""

    criticality: str = "normal"
    critical_devices: tuple[str, ...] = ()
    crossing: str = ""
    crosses: bool = False


_NOBODY = _Around()

# Devices that an incident's entities name, and those that its alerts name by zone and address.
# Incident by incident and key by key: OFFSET 0 keeps the planner from joining in another order,
# whatever it believes of tables that were just filled or emptied.
# Important devices are many, so that only graver ones are named.
# One text an incident: many incidents are alike, and alike texts are weighed once.
KNOWN = f"""
    SELECT json_build_array(i.severity, i.tactics, i.product_names,
               i.ot_state = '{OtState.WAITING.value}' AND i.ot_due_at < %(now)s,
               t.critical, t.zones, t.levels, m.benign, m.suspicious,
               EXISTS (SELECT FROM incidents_pairmemory p
                       WHERE p.first_incident = w.id AND w.pattern IS NOT NULL
                             AND {PAIR_IS_NEW}),
               CASE WHEN pw.is_all THEN pw.inside END, pw.late, pw.stray)::text
    FROM unnest(%(ids)s::bigint[], %(patterns)s::uuid[]) WITH ORDINALITY AS w(id, pattern, place)
    CROSS JOIN LATERAL (
        SELECT severity, tactics, product_names, ot_state, ot_due_at
        FROM incidents_incident WHERE id = w.id OFFSET 0) AS i
    LEFT JOIN LATERAL (
        SELECT routine + maintenance AS benign, suspicious FROM incidents_patternmemory
        WHERE pattern = w.pattern AND routine + maintenance + suspicious > 0 OFFSET 0) AS m ON true
    LEFT JOIN LATERAL (
        SELECT min(p.inside) AS inside,
               min(p.late) AS late, min(p.stray) AS stray,
               count(*) = count(p.inside) AS is_all
        FROM (SELECT alert_id FROM incidents_incidentalert
              WHERE incident_id = w.id OFFSET 0) AS ia
        CROSS JOIN LATERAL (
            SELECT min(work_order) FILTER (WHERE fit = 'inside' AND names_devices) AS inside,
                   min(work_order) FILTER (WHERE fit = 'late') AS late,
                   min(work_order) FILTER (WHERE fit = 'not-named') AS stray
            FROM incidents_plannedalert
            WHERE alert_id = ia.alert_id AND known_until IS NULL OFFSET 0) AS p
        WHERE w.pattern IS NOT NULL) AS pw ON true
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT array[d.criticality,
                   CASE WHEN d.criticality IN ('safety', 'crown-jewel')
                        THEN coalesce(nullif(d.name, ''), d.address) END])
                   FILTER (WHERE d.criticality <> 'normal') AS critical,
               string_agg(DISTINCT z.name, E'\\x1f') AS zones,
               string_agg(DISTINCT coalesce(d.purdue_level, z.purdue_level)::text, ',') AS levels
        FROM (
            (SELECT device_id AS id FROM incidents_entity
             WHERE incident_id = w.id AND device_id IS NOT NULL OFFSET 0)
            UNION ALL
            SELECT d.id
            FROM (SELECT alert_id FROM incidents_incidentalert
                  WHERE incident_id = w.id OFFSET 0) AS ia
            CROSS JOIN LATERAL (SELECT zone_id, any_address FROM incidents_alert
                                WHERE id = ia.alert_id OFFSET 0) AS a
            CROSS JOIN LATERAL unnest(a.any_address) AS named(address)
            CROSS JOIN LATERAL (SELECT id FROM sites_device WHERE zone_id = a.zone_id
                                AND address = named.address OFFSET 0) AS d
        ) AS named
        CROSS JOIN LATERAL (SELECT zone_id, criticality, purdue_level, name, address
                            FROM sites_device
                            WHERE id = named.id OFFSET 0) AS d
        CROSS JOIN LATERAL (SELECT name, purdue_level FROM sites_zone
                            WHERE id = d.zone_id OFFSET 0) AS z
        WHERE w.pattern IS NOT NULL
    ) AS t ORDER BY w.place
"""


def rank_incidents(rows: Sequence[Rankable], *, now: datetime) -> list[Ranked]:
    """The priority of each incident, in the order given; all of them must be there."""
    if not rows:
        return []
    ids, patterns, types = zip(*rows, strict=True)
    said = array(one or "NULL" for one in patterns)
    (known,) = run_together(KNOWN, ids=array(ids), patterns=said, now=now)
    return rank_known(known, types=types)


def rank_known(known: Sequence[tuple[str]], *, types: Sequence[str]) -> list[Ranked]:
    """The priority of incidents of these types, of each of which KNOWN told a text."""
    return [_rank(alert_type, text) for alert_type, (text,) in zip(types, known, strict=True)]


@lru_cache(maxsize=8192)
def _rank(alert_type: str, known: str) -> Ranked:
    severity, tactics, products, late, critical, zones, levels, *memory = orjson.loads(known)
    benign, suspicious, is_new_pair, inside, overrun, stray = memory
    devices = tuple((kind, name) for kind, name in critical or ())
    around = _around(devices, zones, levels) if zones else _NOBODY
    return _weigh(
        PriorityFacts(
            severity=Severity(severity).label,
            guard=_guard_of(alert_type),
            criticality=around.criticality,
            critical_devices=around.critical_devices,
            crosses_levels=around.crosses,
            crossing=around.crossing,
            tactics=tuple(tactics),
            other_products=_others(tuple(products)),
            is_new_pair=is_new_pair,
            times_suspicious=suspicious or 0,
            routine_share_lower=lower_share(benign or 0, (benign or 0) + (suspicious or 0)),
            in_planned_work=inside is not None and overrun is None,
            is_overrun=overrun is not None,
            is_beside_plan=stray is not None and inside is None,
            work_order=overrun or inside or stray or "",
            is_answer_late=bool(late),
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
def _around(
    critical: tuple[tuple[str, str | None], ...], zones: str, levels: str | None
) -> _Around:
    known = sorted(map(float, levels.split(",")), reverse=True) if levels else []
    kinds = ("normal", *(kind for kind, _ in critical))
    worst = max(kinds, key=lambda kind: CRITICALITY_POINTS.get(kind, 0))
    names = tuple(name for kind, name in critical if kind == worst and name)[:MAX_NAMED]
    if len(known) > 1:
        return _Around(worst, names, f"Level {known[0]:g} to Level {known[-1]:g}", True)
    places = sorted(zones.split("\x1f"))
    crosses = len(places) > 1
    return _Around(worst, names, " / ".join(places) if crosses else "", crosses)
