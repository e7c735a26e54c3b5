"""History as groups of alike alerts, by statements over all of it at once."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection

from alerts.incidents.models import Status
from alerts.suppression.reads.handling import FEWEST_CLOSES, MOST_MINUTES

FEWEST, MOST = 5, 5_000  # alerts of a candidate; candidates that are kept
_NAMESPACE = UUID("2f0b1c5e-8f0d-5b1e-9a53-7f6d0a4c1b90")  # keys are stored
_SURE = ("routine", "maintenance", "suspicious")

# The ends of an alert: a device, else an address; without direction all that it names.
_ENDLESS = (
    "a.source_device || a.source_address || a.destination_device || a.destination_address = ''"
)
_COLUMNS = {
    "workspace_id": "a.workspace_id",
    "site_id": "a.site_id",
    "alert_type": "a.alert_type",
    "own_title": "a.user_defined_title",
    "source_device": "a.source_device",
    "source_address": "CASE WHEN a.source_device = '' THEN a.source_address ELSE '' END",
    "destination_device": "a.destination_device",
    "destination_address": "CASE WHEN a.destination_device = '' THEN a.destination_address"
    " ELSE '' END",
    "devices": f"CASE WHEN {_ENDLESS} THEN a.any_device ELSE '{{}}' END",
    "addresses": f"CASE WHEN {_ENDLESS} AND a.any_device = '{{}}' THEN a.any_address"
    " ELSE '{}' END",
}
# Alike alerts have the same hash of 64 bits, by which a million group in seconds.
_ALIKE = f"hash_record_extended(ROW({', '.join(_COLUMNS.values())}), 0)"
_GROUPS = f"""
CREATE TEMP TABLE mined_group ON COMMIT DROP AS
SELECT alike, count(*) AS alerts, min(at) AS first_at, max(at) AS latest_at, max(id) AS one,
       max(severity) AS severity
  FROM (SELECT a.id, a.at, a.severity, {_ALIKE} AS alike FROM incidents_alert a
         WHERE a.at >= %s AND a.at < %s) said
 GROUP BY alike HAVING count(*) >= {FEWEST} AND max(at) - min(at) >= interval '1 day'
 ORDER BY count(*) DESC, max(at) DESC LIMIT {MOST}
"""
_ALERTS = f"""
CREATE TEMP TABLE mined_alert ON COMMIT DROP AS
SELECT s.id, s.alike AS number, (s.at AT TIME ZONE coalesce(p.time_zone, 'UTC'))::date AS day,
       coalesce(s.plant_weekday * 24 + s.plant_minute / 60,
                (extract(isodow FROM s.at AT TIME ZONE 'UTC')::int - 1) * 24
                + extract(hour FROM s.at AT TIME ZONE 'UTC')::int) AS slot
  FROM (SELECT a.*, {_ALIKE} AS alike FROM incidents_alert a
         WHERE a.at >= %s AND a.at < %s) s
  JOIN mined_group g ON g.alike = s.alike
  LEFT JOIN sites_site p ON p.id = s.site_id
"""
_TOLD = f"""
SELECT g.alike, {", ".join(_COLUMNS.values())}, g.alerts, g.first_at, g.latest_at, g.severity
  FROM mined_group g JOIN incidents_alert a ON a.id = g.one ORDER BY g.alerts DESC, g.alike
"""
_INCIDENTS = """
CREATE TEMP TABLE mined_incident ON COMMIT DROP AS
SELECT DISTINCT m.number, l.incident_id FROM mined_alert m
  JOIN incidents_incidentalert l ON l.alert_id = m.id
"""
_RHYTHM = """
SELECT number, array_agg(slot), array_agg(n) FROM (
    SELECT number, slot, count(*) AS n FROM mined_alert GROUP BY number, slot) s GROUP BY number
"""
_DAYS = """
SELECT number, count(*) FROM (SELECT number, day FROM mined_alert GROUP BY number, day) d
 GROUP BY number
"""
_INCIDENTS_OF = "SELECT number, count(*) FROM mined_incident GROUP BY number"
_TRUE_POSITIVES = """
SELECT DISTINCT m.number, i.id, m.slot FROM incidents_incident i
  JOIN incidents_incidentalert l ON l.incident_id = i.id JOIN mined_alert m ON m.id = l.alert_id
 WHERE i.classification = 'TruePositive' AND i.status = %s
"""
_VERDICTS = """
WITH held AS (
    SELECT id, verdict, cause FROM reviews_annotation
     WHERE withdrawn_at IS NULL AND superseded_by_id IS NULL)
SELECT m.number, h.id, h.verdict, h.cause, m.slot FROM held h
  JOIN reviews_annotation_alerts n ON n.annotation_id = h.id JOIN mined_alert m ON m.id = n.alert_id
 UNION
SELECT m.number, h.id, h.verdict, h.cause, m.slot FROM held h
  JOIN reviews_annotation_incidents n ON n.annotation_id = h.id
  JOIN incidents_incidentalert l ON l.incident_id = n.incident_id
  JOIN mined_alert m ON m.id = l.alert_id
 WHERE NOT EXISTS (SELECT FROM reviews_annotation_alerts o WHERE o.annotation_id = h.id)
"""
_MINUTES = """
SELECT number, percentile_cont(0.5) WITHIN GROUP (ORDER BY least(greatest(minutes, 0), %s))
  FROM (SELECT m.number, extract(epoch FROM min(t.at) - i.created_at) / 60 AS minutes
          FROM incidents_timelineitem t JOIN mined_incident m USING (incident_id)
          JOIN incidents_incident i ON i.id = m.incident_id
         WHERE t.code = 'closed' AND t.by_id IS NOT NULL GROUP BY m.number, i.id) closed
 GROUP BY number HAVING count(*) >= %s
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that became of a group: a true positive, or a verdict with its cause. `slots` are
    the hours of the week of the alerts that it is about.
    """

    what: str
    cause: str
    slots: frozenset[int]


@dataclass(slots=True)
class Group:
    """One group of alike alerts, with what became of them."""

    key: UUID
    columns: dict[str, Any]
    rhythm: list[int]
    days_seen: int
    incidents: int
    true_positives: list[Heard]
    verdicts: list[Heard]
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """The groups, and from how much they were drawn."""

    groups: list[Group]
    alerts: int
    verdicts: int
    first_at: datetime | None


def draw_groups(*, start: datetime, end: datetime) -> Drawn:
    """All groups of the period, the largest first. Runs in the caller's transaction, at whose end
    its tables are gone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '120s'")
        cursor.execute("SET LOCAL work_mem = '192MB'")
        for name in ("mined_group", "mined_alert", "mined_incident"):
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(_GROUPS, [start, end])
        cursor.execute("ANALYZE mined_group")
        cursor.execute(_ALERTS, [start, end])
        cursor.execute(_INCIDENTS)
        cursor.execute("ANALYZE mined_alert, mined_incident")
        cursor.execute(
            "SELECT count(*), (SELECT min(at) FROM incidents_alert),"
            " (SELECT count(*) FROM reviews_annotation WHERE withdrawn_at IS NULL"
            "   AND superseded_by_id IS NULL AND verdict = ANY(%s))"
            " FROM incidents_alert WHERE at >= %s AND at < %s",
            [list(_SURE), start, end],
        )
        alerts, first_at, verdicts = cursor.fetchone()
    return Drawn(_read(), alerts, verdicts, first_at)


def _read() -> list[Group]:
    rhythm = {number: (slots, counts) for number, slots, counts in _ask(_RHYTHM)}
    days, incidents = dict(_ask(_DAYS)), dict(_ask(_INCIDENTS_OF))
    minutes = dict(_ask(_MINUTES, [MOST_MINUTES, FEWEST_CLOSES]))
    verdicts = _heard(_ask(_VERDICTS))
    positives = _heard(
        (number, incident, "true_positive", "", slot)
        for number, incident, slot in _ask(_TRUE_POSITIVES, [Status.CLOSED])
    )
    made = []
    names = (*_COLUMNS, "alerts", "first_at", "latest_at", "severity")
    for number, *values in _ask(_TOLD):
        told = dict(zip(names, values, strict=True))
        week = [0] * 168
        for slot, count in zip(*rhythm[number], strict=True):
            week[slot] = count
        made.append(
            Group(_key(told), told, week, days[number], incidents.get(number, 0),
                  positives.get(number, []), verdicts.get(number, []), minutes.get(number))
        )  # fmt: skip
    return made


def _heard(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[Heard]]:
    """By group: each verdict or incident once, with all the hours that it is about."""
    slots: dict[tuple[int, int, str, str], set[int]] = defaultdict(set)
    for number, pk, what, cause, slot in rows:
        slots[number, pk, what, cause].add(slot)
    found: dict[int, list[Heard]] = defaultdict(list)
    for (number, _, what, cause), held in slots.items():
        found[number].append(Heard(what, cause, frozenset(held)))
    return found


def _key(told: dict[str, Any]) -> UUID:
    """The same for equal parts, in whatever run."""
    said = [told[name] for name in _COLUMNS]
    return uuid5(_NAMESPACE, json.dumps(said, ensure_ascii=False, separators=(",", ":")))


def _ask(text: str, params: Any = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return list(cursor.fetchall())
