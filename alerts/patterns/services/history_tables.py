"""History as temporary tables: each alert with its cell and hour, each incident with its parts.

All alerts are read once, by statements over all of them; what becomes Python is grouped already.
The tables belong to the connection and are dropped when the mining ends.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from alerts.incidents.models import IncidentAlert, IncidentStatus
from alerts.reviews.queries.questions import evidence_where
from alerts.rules import sql
from alerts.rules.guards.never import HIGH, timeboxed_types
from alerts.rules.rule import Clause, RuleDefinition
from alerts.rules.sql import HAS_TYPE, IS_SOFT, Sql
from alerts.suppression.backtesting.history_sql import TimeSpan, in_period
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.queries import trials_that_cannot_end

WORKS: Final = 2**32  # times the number of planned works, in `moment` and `week`
TABLES: Final = (
    "mined_work",
    "mined_works",
    "mined_harm",
    "mined_storm",
    "mined_living",
    "mined_alert",
    "mined_cell",
    "mined_part",
    "mined_lone",
    "mined_mixed",
    "mined_verdict",
)
SURE: Final = ("routine", "maintenance", "suspicious")

# What alerts of one cell have in common. Alerts that say who began have no list of names; those
# that somebody called suspicious, and those of High severity, are cells of their own.
_WITHOUT_ENDS = (
    "a.source_device || a.source_address || a.destination_device || a.destination_address = ''"
)
CELL_COLUMNS: Final = (
    "a.site_id",
    "a.alert_type",
    "a.user_defined_title",
    "a.source_device",
    "a.source_address",
    "a.source_kind",
    "a.source_zone",
    "a.destination_device",
    "a.destination_address",
    "a.destination_kind",
    "a.destination_zone",
    "a.protocol",
    "a.function",
    "a.sensor",
    f"CASE WHEN {_WITHOUT_ENDS} THEN a.any_device ELSE '{{}}' END",
    f"CASE WHEN {_WITHOUT_ENDS} AND a.any_device = '{{}}' THEN a.any_address ELSE '{{}}' END",
    f"a.severity >= {HIGH}",
)
_EVIDENCE = (
    "SELECT v.id, v.uuid, v.verdict, v.cause, v.by_id FROM reviews_verdicts v"
    f" WHERE {evidence_where('v')}"
)
# A verdict that names no alert was given before the alerts were fetched: it is about them all.
_ALERTS_OF_VERDICTS = """
    SELECT n.annotation_id, n.alert_id FROM reviews_verdict_alerts n
     UNION ALL
    SELECT n.annotation_id, l.alert_id FROM reviews_verdict_incidents n
      JOIN incidents_alert_links l ON l.incident_id = n.incident_id
     WHERE NOT EXISTS (SELECT FROM reviews_verdict_alerts o
                        WHERE o.annotation_id = n.annotation_id)
"""
_HARM = f"""
CREATE TEMP TABLE mined_harm AS
SELECT n.alert_id AS id FROM ({_ALERTS_OF_VERDICTS}) n JOIN ({_EVIDENCE}) h
    ON h.id = n.annotation_id
 WHERE h.verdict = 'suspicious'
 UNION
SELECT l.alert_id FROM incidents_incidents i JOIN incidents_alert_links l ON l.incident_id = i.id
 WHERE i.classification = 'TruePositive' AND i.status = %s
"""
# Work that covers the alert, as known when it came: so rules read it. Alerts that need hours must
# be boxed by it; for the others it is enough that it names a device of theirs.
_WORK = f"""
CREATE TEMP TABLE mined_work AS
SELECT a.id, array_agg(DISTINCT p.kind ORDER BY p.kind) AS kinds
  FROM incidents_planned_alerts p JOIN incidents_alerts a ON a.id = p.alert_id
 WHERE a.at >= %s AND a.at < %s AND p.names_devices AND p.fit = 'inside'
   AND (p.boxes OR {IS_SOFT})
   AND p.known_from <= a.at AND (p.known_until IS NULL OR p.known_until > a.at)
 GROUP BY a.id
"""
_WORKS = """
CREATE TEMP TABLE mined_works AS
SELECT kinds, row_number() OVER (ORDER BY kinds) AS number
  FROM (SELECT DISTINCT kinds FROM mined_work) k
"""
# `hour` counts UTC hours since 1970; `week` is the hour of the week in UTC and in plant time.
_ALERTS = f"""
CREATE TEMP TABLE mined_alert AS
SELECT s.id, s.site_id, s.cell, s.severity, s.at, s.in_storm,
       coalesce(k.number, 0) * {WORKS} + s.hour * 256 + s.slot AS moment,
       coalesce(k.number, 0) * {WORKS} + (s.hour + 72) %% 168 * 256 + s.slot AS week
  FROM (SELECT a.id, a.site_id, a.severity, a.at,
               hash_record_extended(ROW({", ".join(CELL_COLUMNS)},
                   a.id IN (SELECT h.id FROM mined_harm h)), 0) AS cell,
               a.id IN (SELECT m.id FROM mined_storm m)
                   AND a.id NOT IN (SELECT h.id FROM mined_harm h) AS in_storm,
               (extract(epoch FROM a.at)::bigint / 3600)::int AS hour,
               coalesce(a.plant_weekday * 24 + a.plant_minute / 60,
                        (extract(isodow FROM a.at AT TIME ZONE 'UTC')::int - 1) * 24
                        + extract(hour FROM a.at AT TIME ZONE 'UTC')::int) AS slot
          FROM incidents_alerts a WHERE a.at >= %s AND a.at < %s AND {HAS_TYPE}) s
  LEFT JOIN mined_work w ON w.id = s.id LEFT JOIN mined_works k ON k.kinds = w.kinds
"""
_CELLS = """
CREATE TEMP TABLE mined_cell AS
SELECT cell, min(site_id) AS site_id, max(id) AS alert_id, max(severity) AS severity,
       min(at) AS first_at, max(at) AS latest_at, array_agg(moment) AS moments
  FROM mined_alert WHERE site_id IS NOT NULL AND NOT in_storm GROUP BY cell
"""
_PARTS = """
CREATE TEMP TABLE mined_part AS
SELECT l.incident_id, m.site_id, m.cell, m.week, v.id IS NOT NULL AS lives,
       i.status = %s AND i.classification = 'BenignPositive' AND i.closed_by = ''
           AND NOT m.in_storm AS benign,
       i.status = %s AND i.classification = 'TruePositive' AS harmful
  FROM mined_alert m JOIN incidents_alert_links l ON l.alert_id = m.id
  JOIN incidents_incidents i ON i.id = l.incident_id LEFT JOIN mined_living v ON v.id = m.id
"""
_LONE = """
CREATE TEMP TABLE mined_lone AS
SELECT site_id, cell, week, lives, count(*) AS n
  FROM (SELECT min(site_id) AS site_id, min(cell) AS cell, min(week) AS week,
               bool_and(lives) AS lives
          FROM mined_part GROUP BY incident_id HAVING count(*) = 1) i
 WHERE site_id IS NOT NULL GROUP BY site_id, cell, week, lives
"""
_MIXED = """
CREATE TEMP TABLE mined_mixed AS
SELECT array_remove(array_agg(DISTINCT site_id), NULL) AS site_ids,
       array_agg(site_id) AS sites, array_agg(cell) AS cells, array_agg(week) AS weeks,
       array_agg(lives) AS lives
  FROM mined_part GROUP BY incident_id HAVING count(*) > 1
"""
_VERDICTS = f"""
CREATE TEMP TABLE mined_verdict AS
SELECT DISTINCT m.site_id, m.cell, h.uuid, h.verdict, h.cause, h.by_id, m.week
  FROM ({_ALERTS_OF_VERDICTS}) n JOIN ({_EVIDENCE}) h ON h.id = n.annotation_id
  JOIN mined_alert m ON m.id = n.alert_id WHERE m.site_id IS NOT NULL AND NOT m.in_storm
"""
_INDEXES = (
    "CREATE INDEX ON mined_cell (site_id)",
    "CREATE INDEX ON mined_part (site_id)",
    "CREATE INDEX ON mined_lone (site_id)",
    "CREATE INDEX ON mined_mixed USING gin (site_ids)",
    "ANALYZE mined_cell, mined_part, mined_lone, mined_mixed",
)


@dataclass(frozen=True, slots=True)
class HistorySize:
    """How much history there was, and the sites whose alerts are in it."""

    alerts: int
    verdicts: int
    first_at: datetime | None
    sites: tuple[int, ...]


@contextmanager
def history_tables(period: TimeSpan) -> Iterator[HistorySize]:
    """Fill the tables with the history of a period, and drop them at the end of the block."""
    _drop()
    try:
        with transaction.atomic():
            yield_size = _fill(period)
        yield yield_size
    finally:
        if connection.is_usable() and not connection.needs_rollback:
            _drop()


def _fill(period: TimeSpan) -> HistorySize:
    closed = IncidentStatus.CLOSED
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '120s'")
        cursor.execute("SET LOCAL work_mem = '192MB'")
        cursor.execute(_HARM, [closed])
        cursor.execute(*_storms())
        cursor.execute("CREATE TEMP TABLE mined_living (id bigint PRIMARY KEY)")
        for scope in _acting_scopes(period):
            cursor.execute(
                f"INSERT INTO mined_living SELECT a.id FROM incidents_alerts a WHERE {scope.text}"
                " ON CONFLICT DO NOTHING",
                scope.params,
            )
        cursor.execute(_WORK, [period.start, period.end, list(timeboxed_types())])
        cursor.execute(_WORKS)
        cursor.execute(_ALERTS, [period.start, period.end])
        cursor.execute("ANALYZE mined_alert, mined_living")
        cursor.execute(_CELLS)
        cursor.execute(_PARTS, [closed, closed])
        for statement in (_LONE, _MIXED, _VERDICTS, *_INDEXES):
            cursor.execute(statement)
        cursor.execute(
            "SELECT (SELECT count(*) FROM mined_alert), (SELECT min(at) FROM incidents_alerts),"
            f" (SELECT count(*) FROM ({_EVIDENCE}) h WHERE h.verdict = ANY(%s)),"
            " ARRAY(SELECT DISTINCT site_id FROM mined_cell ORDER BY 1)",
            [list(SURE)],
        )
        alerts, first_at, verdicts, sites = cursor.fetchone()
    return HistorySize(alerts, verdicts, first_at, tuple(sites))


def _storms() -> tuple[str, tuple[Any, ...]]:
    """Return the statement that fills the table of storms: each is one thing that happened, however
    many incidents it made, so none of them is routine. What did harm in one is left out by name.
    """
    rows = IncidentAlert.objects.filter(incident__storm__isnull=False)
    ids, params = rows.values("alert").distinct().query.sql_with_params()
    return f"CREATE TEMP TABLE mined_storm (id) AS {ids}", params


def _acting_scopes(period: TimeSpan) -> Iterator[Sql]:
    """Yield the alerts of the period that rules which act match, one piece for all rules that name
    the same site: its alerts are read once, however many rules it has. A trial that cannot end
    takes nothing off people, now or later.
    """
    by_site: dict[Clause | None, list[RuleDefinition]] = defaultdict(list)
    for rule in _acting_rules().values():
        site = next((line for line in rule.all_of if line.field == "site"), None)
        by_site[site].append(rule)
    for site, rules in by_site.items():
        clauses = [] if site is None else [sql.clause_sql(site)]
        yield in_period(period, *clauses, sql.where_any(rules))


def live_rules_at(site: str) -> dict[int, RuleDefinition]:
    """Return the rules of `acting_rules_at` that are live: those in trial close nothing yet."""
    versions = acting_set().versions
    return {pk: rule for pk, rule in acting_rules_at(site).items() if versions[pk].is_live}


def _acting_rules() -> dict[int, RuleDefinition]:
    stuck = set(trials_that_cannot_end().values_list("pk", flat=True))
    versions = acting_set().versions
    return {pk: version.definition for pk, version in versions.items() if pk not in stuck}


def acting_rules_at(site: str) -> dict[int, RuleDefinition]:
    """Return the rules that act at a site by their versions, as far as they act there, without
    trials that cannot end.
    """
    here = Clause("site", "is", (site,))
    return {
        pk: replace(rule, all_of=(*rule.all_of, here))
        for pk, rule in _acting_rules().items()
        if all(site in line.texts for line in rule.all_of if line.field == "site")
    }


def _drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
