"""Rank incidents, and keep the queue's rows right, whoever changes incidents at the same time.

Whoever changes an incident in any way that a list shows calls `regroup` last in the transaction.
Incidents are locked in the order of their ids, then groups in the order of their keys, so that
two who regroup at once wait for each other instead of deadlocking.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import md5
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.confidence_limits import lower_share
from alerts.incidents.engine.priority import CRITICALITY_POINTS, PriorityFacts, priority_of
from alerts.incidents.engine.storms import HOUR, MIN_STORM
from alerts.incidents.ingest.aside import BRING_BACK
from alerts.incidents.models import IncidentStatus, OtState, Severity
from alerts.incidents.models.group import PAIR_IS_NEW
from alerts.incidents.models.incident import IS_CRITICAL
from alerts.sentinel.wire.values import D4IOT_PRODUCTS, SENTINEL_PRODUCTS
from alerts.sites.engine.devices import CRITICAL

_TOUCHES_CRITICAL = f'["criticality",{max(CRITICALITY_POINTS.values())},'  # in parts as JSON
MAX_NAMED = 3  # critical devices that a reason names


class Ranked(NamedTuple):
    """A score and its signed parts as JSON."""

    score: int
    parts: str


class Rankable(NamedTuple):
    """An incident to rank; all else that counts is in the tables."""

    id: int
    pattern: str | None  # None until its alerts are known
    alert_type: str


class _TouchedDevices(NamedTuple):
    """Whom the alerts of an incident touch."""

    criticality: str = "normal"
    critical_devices: tuple[str, ...] = ()
    crossing: str = ""
    crosses: bool = False


_NO_DEVICES = _TouchedDevices()

# Devices that an incident's entities name, and those that its alerts name by zone and address.
# Incident by incident and key by key: OFFSET 0 keeps the planner from joining in another order,
# whatever it believes of tables that were just filled or emptied.
# Important devices are many, so that only graver ones are named.
# One text an incident: many incidents are alike, and alike texts are weighed once.
_CRITICAL = ", ".join(f"'{name}'" for name in CRITICAL)
PRIORITY_FACTS = f"""
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
            WHERE alert_id = ia.alert_id AND known_until IS NULL
                  AND NOT is_after_fact OFFSET 0) AS p
        WHERE w.pattern IS NOT NULL) AS pw ON true
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT array[d.criticality,
                   CASE WHEN d.criticality IN ({_CRITICAL})
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
            CROSS JOIN LATERAL (SELECT id FROM sites_devices WHERE zone_id = a.zone_id
                                AND address = named.address OFFSET 0) AS d
        ) AS named
        CROSS JOIN LATERAL (SELECT zone_id, criticality, purdue_level, name, address
                            FROM sites_devices
                            WHERE id = named.id OFFSET 0) AS d
        CROSS JOIN LATERAL (SELECT name, purdue_level FROM sites_zones
                            WHERE id = d.zone_id OFFSET 0) AS z
        WHERE w.pattern IS NOT NULL
    ) AS t ORDER BY w.place
"""


def rank_incidents(rows: Sequence[Rankable], *, now: datetime) -> list[Ranked]:
    """The priority of each incident, in the order given; all of them must be there."""
    if not rows:
        return []
    ids, patterns, types = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(PRIORITY_FACTS, {"ids": [*ids], "patterns": [*patterns], "now": now})
        return rank_by_facts(cursor.fetchall(), types=types)


def rank_by_facts(facts: Sequence[tuple[str]], *, types: Sequence[str]) -> list[Ranked]:
    """Return the priority of incidents of these types, of each from a text of PRIORITY_FACTS."""
    return [_rank(alert_type, text) for alert_type, (text,) in zip(types, facts, strict=True)]


@lru_cache(maxsize=8192)
def _rank(alert_type: str, facts: str) -> Ranked:
    severity, tactics, products, late, critical, zones, levels, *history = orjson.loads(facts)
    benign, suspicious, is_new_pair, inside, overrun, stray = history
    devices = tuple((kind, name) for kind, name in critical or ())
    around = _around(devices, zones, levels) if zones else _NO_DEVICES
    return _weigh(
        PriorityFacts(
            severity=Severity(severity).label,
            guard=_guard_of(alert_type),
            criticality=around.criticality,
            critical_devices=around.critical_devices,
            crosses_levels=around.crosses,
            crossing=around.crossing,
            tactics=tuple(tactics),
            other_products=_other_products(tuple(products)),
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
    """The priority of an incident whose alerts were not fetched yet: what its own row shows."""
    return _weigh(
        PriorityFacts(
            severity=Severity(severity).label,
            guard=_guard_of(alert_type),
            tactics=tactics,
            other_products=_other_products(products),
        )
    )


@lru_cache(maxsize=8192)
def _weigh(facts: PriorityFacts) -> Ranked:
    priority = priority_of(facts)
    parts = [[part.code, part.points, part.detail] for part in priority.parts]
    return Ranked(priority.score, orjson.dumps(parts).decode())


@lru_cache(maxsize=4096)
def _guard_of(alert_type: str) -> str | None:
    catalogued = alert_type_for(alert_type)
    return catalogued.guard if catalogued else None


@lru_cache(maxsize=4096)
def _other_products(products: tuple[str, ...]) -> tuple[str, ...]:
    """The products beside Defender for IoT; none where that is not among them itself."""
    if D4IOT_PRODUCTS.isdisjoint(name.strip().casefold() for name in products):
        return ()
    return tuple(name for name in products if name.strip().casefold() not in _SAME_PRODUCT)


@lru_cache(maxsize=4096)
def _around(
    critical: tuple[tuple[str, str | None], ...], zones: str, levels: str | None
) -> _TouchedDevices:
    purdue_levels = sorted(map(float, levels.split(",")), reverse=True) if levels else []
    kinds = ("normal", *(kind for kind, _ in critical))
    worst = max(kinds, key=lambda kind: CRITICALITY_POINTS.get(kind, 0))
    names = tuple(name for kind, name in critical if kind == worst and name)[:MAX_NAMED]
    if len(purdue_levels) > 1:
        return _TouchedDevices(
            worst, names, f"Level {purdue_levels[0]:g} to Level {purdue_levels[-1]:g}", True
        )
    places = sorted(zones.split("\x1f"))
    crosses = len(places) > 1
    return _TouchedDevices(worst, names, " / ".join(places) if crosses else "", crosses)


_SHARED = (
    "workspace_id, site_ids, place, alert_type, title, protocol, source, destination, pattern, "
    "severity"
)
_STATES = "statuses, ot_states, owner_ids, owner_names, n_unasked, n_waiting, ot_due_at"
_STORM = "storm_since, storm_peers"
_ASIDE = "aside_until, aside_by"
_COUNTED = f"{_STATES}, {_STORM}, {_ASIDE}"
_COLUMNS = f"{_SHARED}, n, latest_id, lead_id, number, priority, first_at, latest_at, {_COUNTED}"
# As the incident's properties `active_until` and `active_from`.
_ACTIVE_UNTIL = """
    CASE WHEN latest_activity_at <= modified_at THEN latest_activity_at ELSE created_at END
"""
_ACTIVE_FROM = f"least(coalesce(first_activity_at, {_ACTIVE_UNTIL}), {_ACTIVE_UNTIL})"


def _prefix(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns.split(", "))


# As `group_key_of` has it; of a single incident nobody says that it is a storm.
_IS_FOLDED = f"storm IS NOT NULL AND NOT {IS_CRITICAL}"
_IS_STORM = f"count(*) FILTER (WHERE {_IS_FOLDED}) > 1"
# What the rows of these keys should say. The lead lends what all of a group share.
_WANTED = f"""
    SELECT counted.group_key AS key, {_prefix("lead", _SHARED)},
           counted.n, counted.latest_id, lead.id AS lead_id, lead.number, lead.priority,
           counted.first_at, counted.latest_at, {_prefix("counted", _COUNTED)}
    FROM (SELECT group_key, count(*)::int AS n,
                 min({_ACTIVE_FROM}) AS first_at, max({_ACTIVE_UNTIL}) AS latest_at,
                 array_agg(DISTINCT status ORDER BY status) AS statuses,
                 array_agg(DISTINCT ot_state ORDER BY ot_state) AS ot_states,
                 array_agg(DISTINCT owner_id ORDER BY owner_id) AS owner_ids,
                 array_agg(DISTINCT owner_name ORDER BY owner_name) AS owner_names,
                 (count(*) FILTER (WHERE ot_state = ''))::int AS n_unasked,
                 (count(*) FILTER (WHERE ot_state = '{OtState.WAITING.value}'))::int AS n_waiting,
                 min(ot_due_at) FILTER (WHERE ot_state = '{OtState.WAITING.value}') AS ot_due_at,
                 CASE WHEN {_IS_STORM} THEN min(created_at) END AS storm_since,
                 CASE WHEN {_IS_STORM} THEN (count(DISTINCT destination)
                      FILTER (WHERE {_IS_FOLDED}))::int END AS storm_peers,
                 CASE WHEN count(aside_until) = count(*) THEN min(aside_until) END AS aside_until,
                 coalesce(left(string_agg(DISTINCT aside_by, ', ')
                      FILTER (WHERE aside_until IS NOT NULL), 120), '') AS aside_by,
                 (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS latest_id,
                 (array_agg(id ORDER BY priority DESC, created_at DESC, id DESC))[1] AS lead_id
          FROM incidents_incident WHERE group_key = ANY(%(keys)s::uuid[])
          GROUP BY group_key) counted
    JOIN incidents_incident lead ON lead.id = counted.lead_id
"""
# `WHERE false` locks the rows that are there and leaves them alone. Unlike SELECT FOR UPDATE it
# also adds a row that somebody else deletes while we wait for it.
_ADD_OR_LOCK = f"""
    INSERT INTO incidents_group (key, {_COLUMNS}, changed_at)
    SELECT key, {_COLUMNS}, %(now)s FROM ({_WANTED}) wanted ORDER BY key
    ON CONFLICT (key) DO UPDATE SET n = 0 WHERE false
"""
_LOCK = """
    SELECT FROM incidents_group WHERE key = ANY(%(keys)s::uuid[]) ORDER BY key FOR UPDATE
"""
_REFRESH = f"""
    UPDATE incidents_group g SET ({_COLUMNS}, changed_at) = ROW({_prefix("w", _COLUMNS)}, %(now)s)
    FROM ({_WANTED}) w WHERE g.key = w.key
    AND (g.changed_at < %(now)s OR ROW({_prefix("g", _COLUMNS)})
         IS DISTINCT FROM ROW({_prefix("w", _COLUMNS)}))
"""
_DELETE_EMPTY = """
    DELETE FROM incidents_group g WHERE key = ANY(%(keys)s::uuid[])
    AND NOT EXISTS (SELECT FROM incidents_incident i WHERE i.group_key = g.key)
"""
# Counts the incidents of these keys and makes, changes or removes their rows in the queue.
# Each a statement of its own, though sent together: it sees what the one before waited for.
IN_LINE = ";".join((BRING_BACK, _LOCK, _ADD_OR_LOCK, _REFRESH, _DELETE_EMPTY))

_SAME_PRODUCT = D4IOT_PRODUCTS | SENTINEL_PRODUCTS
_PRODUCTS = ", ".join(f"'{name}'" for name in sorted(_SAME_PRODUCT))
# What beside its pattern decides in which row an incident is: severity, techniques, other products
# that saw it.
_LIKENESS = f"""
    concat_ws(':', workspace_id, severity,
              (SELECT string_agg(DISTINCT lower(word), ',' ORDER BY lower(word))
               FROM unnest(product_names || techniques) AS word
               WHERE lower(trim(word)) NOT IN ({_PRODUCTS})))
"""
# The same, and nothing where it is not open.
GROUP_STATE = f"""
    CASE WHEN gone_at IS NULL AND merged_into IS NULL AND status < {IncidentStatus.CLOSED.value}
         THEN {_LIKENESS} END
"""
OLD_KEY = "translate(group_key::text, '-', '')"
_READ = f"""
    SELECT id, pattern::text, alert_type, {GROUP_STATE}, {OLD_KEY},
           CASE WHEN names_device THEN pattern::text END, functions, storm::text
    FROM incidents_incident WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
_WRITE = """
    UPDATE incidents_incident i
    SET priority = w.priority, priority_parts = w.parts::jsonb, group_key = w.key, changed_at = %s,
        aside_until = CASE WHEN w.key IS NOT NULL THEN i.aside_until END
    FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::uuid[])
         AS w(id, priority, parts, key)
    WHERE i.id = w.id AND (i.priority <> w.priority OR i.group_key IS DISTINCT FROM w.key
                           OR i.priority_parts <> w.parts::jsonb)
"""


def key_alone(incident_id: int) -> str:
    """The queue row of an incident without a group, as digits."""
    return md5(f"incident:{incident_id}".encode(), usedforsecurity=False).hexdigest()


def group_key_of(
    *,
    incident_id: int,
    pattern: str | None,
    functions: str,
    storm: str | None,
    standing: str | None,
    parts: str,
) -> str | None:
    """Return the key of an open incident's queue row: its own until its pattern is known; that of
    the storm which it is part of, unless it touches a safety system or a crown jewel.
    """
    if standing is None:
        return None
    if pattern is None:
        return key_alone(incident_id)
    is_folded = storm is not None and _TOUCHES_CRITICAL not in parts
    stream = f"storm:{storm}" if is_folded else f"{pattern}:{functions}"
    return md5(f"{stream}:{standing}".encode(), usedforsecurity=False).hexdigest()


def keys_of(*keys: str | None) -> str:
    """Rows of the queue that IN_LINE shall count anew, in the order in which it locks them."""
    return "{" + ",".join(sorted({key for key in keys if key})) + "}"


def regroup(incident_ids: Iterable[int], *, now: datetime) -> None:
    """Rank these incidents again and renew the queue's rows: the last step of any change."""
    ids = sorted(set(incident_ids))
    if ids:  # a batch of details often leaves none, and a transaction costs without a question, too
        _regroup(ids, now=now)


@transaction.atomic(savepoint=False)  # the last step of what the caller does
def _regroup(ids: list[int], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [ids])
        rows = cursor.fetchall()
        ranked = rank_incidents([Rankable(*row[:3]) for row in rows], now=now)
        keys = [
            group_key_of(
                incident_id=pk,
                pattern=pattern_of_devices,
                functions=functions,
                storm=storm,
                standing=standing,
                parts=rank.parts,
            )
            for (pk, _, _, standing, _, pattern_of_devices, functions, storm), rank in zip(
                rows, ranked, strict=True
            )
        ]
        scores, parts = [r.score for r in ranked], [r.parts for r in ranked]
        cursor.execute(_WRITE, [now, [row[0] for row in rows], scores, parts, keys])
        cursor.execute(IN_LINE, {"keys": keys_of(*keys, *[row[4] for row in rows]), "now": now})


def touch_incidents(incident_ids: Iterable[int], *, now: datetime) -> None:
    """Let live lists fetch these incidents and their rows anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH ours AS (UPDATE incidents_incident SET changed_at = %(now)s"
            " WHERE id = ANY(%(ids)s::bigint[]) RETURNING group_key)"
            " UPDATE incidents_group SET changed_at = %(now)s"
            " WHERE key IN (SELECT group_key FROM ours)",
            {"now": now, "ids": sorted(set(incident_ids))},
        )


# The stream of an incident, open or not; the place in which its alerts happened holds the peers
# together.
STREAM = f"""
    md5(concat_ws(E'\\x1f', {_LIKENESS}, site_ids::text, place, alert_type, title, protocol,
                  functions, source))::uuid
"""
# Streams of these incidents with enough open ones, or with a storm that goes on; the rows in which
# their open incidents may be. A name with "+2" is no device.
_CROWDED = f"""
    WITH streams AS (
        SELECT DISTINCT {STREAM} AS stream, workspace_id, severity, site_ids, place, alert_type,
               protocol, source
        FROM incidents_incident
        WHERE id = ANY(%(ids)s::bigint[]) AND group_key IS NOT NULL AND names_device
          AND pattern IS NOT NULL AND source NOT IN ('') AND source !~ ' [+][0-9]+$')
    SELECT s.stream, array_agg(g.key), s.is_going_on
    FROM (SELECT *, EXISTS (SELECT FROM incidents_incident
                            WHERE storm = streams.stream AND created_at > %(lately)s) AS is_going_on
          FROM streams) s
    JOIN incidents_group g ON (g.source, g.alert_type, g.workspace_id, g.severity, g.protocol,
                               g.place, g.site_ids)
                            = (s.source, s.alert_type, s.workspace_id, s.severity, s.protocol,
                               s.place, s.site_ids)
                          AND g.source <> ''
    GROUP BY s.stream, s.is_going_on HAVING sum(g.n) >= {MIN_STORM} OR s.is_going_on
"""


class CrowdedStream(NamedTuple):
    """A stream with enough open incidents to be a storm, and the rows in which they may be."""

    stream: UUID
    keys: list[UUID]
    is_going_on: bool  # a storm of it was folded within the last hour


def crowded_streams(incident_ids: Collection[int], *, now: datetime) -> list[CrowdedStream]:
    """Return those streams of these incidents that may be storms: nearly always none."""
    if not incident_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CROWDED, {"ids": sorted(incident_ids), "lately": now - HOUR})
        return [CrowdedStream(*row) for row in cursor.fetchall()]
