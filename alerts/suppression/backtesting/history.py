"""What history holds on the alerts that a rule matches: their incidents, verdicts and outcomes.

Rows for the engine's back-test, by questions that start from the few (ids, verdicts, true
positives), never from the many.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from alerts.reviews.models import Verdict, VerdictKind
from alerts.reviews.queries.questions import evidence_where
from alerts.rules import sql
from alerts.rules.evidence import (
    BENIGN,
    SUSPICIOUS,
    EvidenceRow,
    NearCase,
    Traits,
    traits_of,
)
from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import LINK
from alerts.rules.guards.never import is_soft
from alerts.rules.match import matches
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, ids_array, in_period
from alerts.suppression.queries import facts_of

TRUE_POSITIVE = "TruePositive"

_ROWS = """
SELECT a.id, a.at, coalesce(s.name, ''), coalesce(s.time_zone, 'UTC'),
       a.alert_type, a.severity, a.protocol, a.port, a.function, a.source_device,
       a.source_address, a.destination_device, a.destination_address, a.any_device, a.any_address,
       ARRAY(SELECT l.incident_id FROM incidents_alert_links l WHERE l.alert_id = a.id)
  FROM incidents_alerts a LEFT JOIN sites_sites s ON s.id = a.site_id
 WHERE a.id = ANY(%s) ORDER BY a.at, a.id
"""
_IS_EVIDENCE = evidence_where("v")
# A verdict that names no alert was given before the alerts were fetched: it is about them all.
_VERDICTS = f"""
SELECT n.alert_id, v.uuid, v.verdict FROM reviews_verdict_alerts n
  JOIN reviews_verdicts v ON v.id = n.annotation_id
 WHERE n.alert_id = ANY(%s) AND {_IS_EVIDENCE}
 UNION ALL
SELECT l.alert_id, v.uuid, v.verdict FROM incidents_alert_links l
  JOIN reviews_verdict_incidents n ON n.incident_id = l.incident_id
  JOIN reviews_verdicts v ON v.id = n.annotation_id
 WHERE l.alert_id = ANY(%s) AND {_IS_EVIDENCE}
   AND NOT EXISTS (SELECT FROM reviews_verdict_alerts o WHERE o.annotation_id = v.id)
"""
_JUDGED = f"""
SELECT n.alert_id FROM reviews_verdict_alerts n
  JOIN reviews_verdicts v ON v.id = n.annotation_id
 WHERE v.verdict = ANY(%s) AND {_IS_EVIDENCE}
 UNION
SELECT l.alert_id FROM incidents_alert_links l
  JOIN reviews_verdict_incidents n ON n.incident_id = l.incident_id
  JOIN reviews_verdicts v ON v.id = n.annotation_id
 WHERE v.verdict = ANY(%s) AND {_IS_EVIDENCE}
   AND NOT EXISTS (SELECT FROM reviews_verdict_alerts o WHERE o.annotation_id = v.id)
"""
_OF_TRUE_POSITIVES = """
SELECT l.alert_id FROM incidents_incidents c
  JOIN incidents_alert_links l ON l.incident_id = c.id
 WHERE c.classification = %s AND c.status = %s
"""
_SHARED = """
SELECT DISTINCT l.incident_id FROM incidents_alert_links l
 WHERE l.incident_id = ANY(%s)
   AND NOT EXISTS (SELECT FROM unnest(%s::bigint[]) AS m(id) WHERE m.id = l.alert_id)
"""
_ENDINGS = """
SELECT i.id, i.status = %s AND i.classification = %s,
       EXISTS (SELECT FROM incidents_timeline t
                WHERE t.incident_id = i.id AND t.code = 'reopened'),
       i.merged_into IS NOT NULL AND EXISTS (
           SELECT FROM incidents_incidents c WHERE c.workspace_id = i.workspace_id
              AND c.number = i.merged_into AND c.status = %s AND c.classification = %s)
  FROM incidents_incidents i WHERE i.id = ANY(%s)
"""
# Alerts that somebody called suspicious, or that are part of a true positive.
DOUBTED = f"{_JUDGED} UNION {_OF_TRUE_POSITIVES}"
DOUBTED_PARAMS = ([SUSPICIOUS], [SUSPICIOUS], TRUE_POSITIVE, IncidentStatus.CLOSED)
# What true positives are about: names of devices and addresses, of alerts and of entities, at their
# sites: the same private address at another site is another device.
_CASES = """
WITH cases AS (
    SELECT id, created_at FROM incidents_incidents
     WHERE classification = %s AND status = %s AND created_at >= %s AND created_at < %s)
SELECT c.id, coalesce(s.name, ''), c.created_at, x.name
  FROM cases c JOIN incidents_alert_links l ON l.incident_id = c.id
  JOIN incidents_alerts a ON a.id = l.alert_id LEFT JOIN sites_sites s ON s.id = a.site_id
 CROSS JOIN LATERAL unnest(a.any_device || a.any_address) AS x(name)
 UNION
SELECT c.id, s.name, c.created_at, x.name
  FROM cases c JOIN incidents_entities e ON e.incident_id = c.id
  JOIN sites_devices d ON d.id = e.device_id JOIN sites_zones z ON z.id = d.zone_id
  JOIN sites_sites s ON s.id = z.site_id
 CROSS JOIN LATERAL (VALUES (d.name), (d.address)) AS x(name) WHERE x.name <> ''
"""
# What was raised in the period was changed in it or later, and changes have an index.
_AT_SITES = """
SELECT s.name, coalesce((SELECT sum(d.incidents) FROM suppression_siteday d
                          WHERE d.site_id = s.id AND d.day > %(first)s AND d.day <= %(known)s), 0)
               + (SELECT count(*) FROM incidents_incidents i
                   WHERE i.modified_at >= %(since)s AND i.created_at >= %(since)s
                     AND i.created_at < %(end)s AND s.id = ANY(i.site_ids))
  FROM sites_sites s WHERE s.name = ANY(%(names)s)
"""
_OLDEST_AT = """
SELECT (SELECT a.at FROM incidents_alerts a WHERE a.site_id = s.id ORDER BY a.at LIMIT 1)
  FROM unnest(%s::bigint[]) AS s(id)
"""
# By site and what they are about there: the true positives, and when they were raised.
type Cases = dict[tuple[str, str], list[tuple[int, datetime]]]


def history_rows(ids: Sequence[int], *, cases: Cases) -> list[EvidenceRow]:
    """Return the alerts as rows, oldest first, with all that may stop a rule."""
    found = fetch_rows(_ROWS, [ids_array(ids)])
    verdicts = _verdicts_on(ids)
    endings = _endings_of({incident for row in found for incident in row[-1]})
    traits: dict[tuple[object, ...], tuple[Traits, bool]] = {}
    rows = []
    for pk, at, site, zone, *columns, devices, addresses, incidents in found:
        outcomes = {name for incident_id in incidents for name in endings.get(incident_id, ())}
        local = at.astimezone(ZoneInfo(zone))
        near = _near_case(cases, site, (*devices, *addresses), local, incidents)
        key = (*columns, *devices, local.hour, local.weekday() >= 5)
        if key not in traits:
            facts = _facts(columns, devices, at)
            traits[key] = traits_of(facts, zone=zone), is_soft(facts)
        looks, soft = traits[key]
        rows.append(
            EvidenceRow(
                alert=pk,
                incidents=tuple(incidents),
                at=at,
                site=site,
                traits=looks,
                verdicts=tuple(verdicts.get(pk, ())),
                outcomes=frozenset(outcomes),
                near_case=near,
                is_soft=soft,
            )
        )
    return rows


def cases_around(period: TimeSpan) -> Cases:
    """Return the true positives of the period and around it, by site and name."""
    params = [TRUE_POSITIVE, IncidentStatus.CLOSED, period.start - LINK, period.end + LINK]
    cases: Cases = defaultdict(list)
    for incident, site, at, name in fetch_rows(_CASES, params):
        cases[site, name].append((incident, at))
    return cases


def suspicious_near_misses(rule: RuleDefinition, period: TimeSpan) -> list[int]:
    """Return the alerts judged suspicious that one line of the rule keeps out, by id."""
    near, suspicious = sql.near_misses(rule), [SUSPICIOUS]
    found = fetch_rows(
        f"SELECT a.id FROM incidents_alerts a WHERE a.id IN ({_JUDGED})"
        f" AND a.at >= %s AND a.at < %s AND {near.text}",
        (suspicious, suspicious, period.start, period.end, *near.params),
    )
    return [row[0] for row in found]


def judged_outside_hours(rule: RuleDefinition, period: TimeSpan) -> list[int] | None:
    """Return the alerts that only the hours of the rule leave out and that people judged, or that
    were part of a true positive; None where it has no hours.
    """
    clauses = tuple(clause for clause in rule.all_of if clause.field != "time")
    if len(clauses) == len(rule.all_of):
        return None
    if not clauses:
        return []
    scope = in_period(period, sql.rule_condition_sql(replace(rule, all_of=clauses)))
    inner, verdicts = sql.rule_condition_sql(rule), [*BENIGN, SUSPICIOUS, "not-sure"]
    found = fetch_rows(
        f"SELECT a.id FROM incidents_alerts a"
        f" WHERE a.id IN ({_JUDGED} UNION {_OF_TRUE_POSITIVES})"
        f" AND {scope.text} AND NOT ({inner.text})",
        (verdicts, verdicts, TRUE_POSITIVE, IncidentStatus.CLOSED, *scope.params, *inner.params),
    )
    return [row[0] for row in found]


def shared_incidents(incidents: Collection[int], alerts: Collection[int]) -> set[int]:
    """Return those of the incidents that hold another alert than these."""
    return {row[0] for row in fetch_rows(_SHARED, [ids_array(incidents), ids_array(alerts)])}


def mismatch_reasons(rule: RuleDefinition, ids: Collection[int]) -> dict[int, Sentence]:
    """Return, by alert, the words of the line that kept it out."""
    words = {pk: matches(rule, facts).why for pk, facts in facts_of(ids, as_of_alert=True).items()}
    return {pk: why for pk, why in words.items() if why is not None}


def backtest_zone_of(sites: Collection[str]) -> str:
    """Return the time zone in which days are counted: the site's, or UTC for several sites."""
    found = fetch_rows(
        "SELECT DISTINCT time_zone FROM sites_sites WHERE name = ANY(%s)", [list(sites)]
    )
    return found[0][0] if len(found) == 1 else "UTC"


def incidents_at_sites(names: Iterable[str], period: TimeSpan) -> dict[str, int]:
    """Return how many incidents touch each of these sites in the period. Whole days come from the
    daily counts, the rest is counted now.
    """
    latest_day = fetch_rows("SELECT max(day) FROM suppression_siteday")[0][0]
    since = period.start
    if latest_day is not None and latest_day > period.start.date():
        since = datetime.combine(latest_day + timedelta(days=1), time.min, tzinfo=UTC)
    params = {
        "first": period.start.date(),
        "known": latest_day,
        "since": since,
        "end": period.end,
        "names": list(names),
    }
    return {name: int(count) for name, count in fetch_rows(_AT_SITES, params)}


def history_length(sites: Collection[int], *, end: datetime) -> timedelta:
    """Return how long there are alerts, at the site with the shortest history."""
    if sites:
        found = fetch_rows(_OLDEST_AT, [list(sites)])
    else:
        found = fetch_rows("SELECT a.at FROM incidents_alerts a ORDER BY a.at LIMIT 1")
    lengths = (end - at if at else timedelta(0) for (at,) in found)
    return max(min(lengths, default=timedelta(0)), timedelta(0))


def _facts(columns: Sequence[Any], devices: Sequence[str], at: datetime) -> FieldValues:
    kind, severity, protocol, port, function, *ends = columns
    source, source_address, destination, destination_address = map(str, ends)
    return FieldValues(
        workspace="",
        alert_type=str(kind),
        severity=severity,
        protocol=str(protocol),
        port=port,
        function=str(function),
        source_device=source,
        source_address=source_address,
        destination_device=destination,
        destination_address=destination_address,
        any_device=tuple(devices),
        at=at,
    )


def _verdicts_on(ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    verdicts: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for alert, uuid, verdict in fetch_rows(_VERDICTS, [ids_array(ids)] * 2):
        verdicts[alert].append((str(uuid), verdict))
    return verdicts


def _endings_of(incidents: Collection[int]) -> dict[int, tuple[str, ...]]:
    params = [IncidentStatus.CLOSED, TRUE_POSITIVE]
    names = ("true_positive", "reopened", "linked")
    found = fetch_rows(_ENDINGS, [*params, *params, ids_array(incidents)])
    by_incident = {
        pk: tuple(n for n, holds in zip(names, flags, strict=True) if holds) for pk, *flags in found
    }
    return {pk: endings for pk, endings in by_incident.items() if endings}


def _near_case(
    cases: Cases,
    site: str,
    names: Sequence[str],
    at: datetime,
    incidents: Sequence[int],
) -> NearCase | None:
    """Return the nearest other true positive that names a device or address of the alert, and how
    many days of the plant's calendar lie between: `at` is on its clock.
    """
    near = [
        (abs(at - raised), place, case, name, raised)  # devices come before addresses
        for place, name in enumerate(names)
        for case, raised in cases.get((site, name), ())
        if case not in incidents and abs(at - raised) <= LINK
    ]
    if not near:
        return None
    _span, _place, case, name, raised = min(near)
    days = abs((at.date() - raised.astimezone(at.tzinfo).date()).days)
    return NearCase(case, name, days)


# A rule acts within minutes of an incident. Whoever touched it before that keeps it open (S1).
TIME_TO_ACT: Final = timedelta(minutes=5)
_BY_HAND: Final = ("status", "owner", "labels", "reopened")  # of the lines that Sentinel tells
_BENIGN: Final = ("BenignPositive", "FalsePositive")
# Names travel as one array: thousands of parameters take longer to spell than to look up.
_TOUCHED: Final = """
SELECT i.id FROM incidents_incidents i
 WHERE i.id = ANY(%s) AND EXISTS (
       SELECT FROM incidents_timeline t
        WHERE t.incident_id = i.id AND t.at <= i.created_at + %s
          AND (t.by_id IS NOT NULL OR (t.side = %s AND t.code = ANY(%s))))
"""
_CLOSED: Final = """
SELECT i.id FROM incidents_incidents i
 WHERE i.id = ANY(%s) AND i.status = %s AND i.classification = ANY(%s) AND i.closed_by = ''
"""


def touched_incidents(incident_ids: Collection[int]) -> set[int]:
    """Return those that a person worked on before a rule would have acted."""
    sentinel = TimelineItem.Side.SENTINEL.value
    params = [ids_array(incident_ids), TIME_TO_ACT, sentinel, list(_BY_HAND)]
    return {row[0] for row in fetch_rows(_TOUCHED, params)}


def incidents_closed_as_benign(incident_ids: Collection[int]) -> set[int]:
    """Return those that people closed as benign or false positive; what a rule closed is none."""
    return {
        row[0]
        for row in fetch_rows(
            _CLOSED, [ids_array(incident_ids), IncidentStatus.CLOSED, list(_BENIGN)]
        )
    }


_FROM: Final = """
SELECT DISTINCT n.annotation_id FROM incidents_alerts a
  JOIN reviews_verdict_alerts n ON n.alert_id = a.id
  JOIN reviews_verdicts v ON v.id = n.annotation_id
 WHERE v.verdict = %s AND v.superseded_by_id IS NOT NULL AND v.withdrawn_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """One verdict that no longer holds, and the one that took its place."""

    incident: Incident
    first: Verdict
    then: Verdict

    @property
    def at(self) -> datetime:
        """When the incident was raised."""
        return self.incident.created_at


def corrections_inside(rule: RuleDefinition, period: TimeSpan) -> list[Correction]:
    """Return the corrections of the period's matches, the newest first."""
    scope = in_period(period, sql.rule_condition_sql(rule))
    found = fetch_rows(f"{_FROM} AND {scope.text}", (VerdictKind.SUSPICIOUS, *scope.params))
    verdicts = Verdict.objects.filter(pk__in=[row[0] for row in found]).exclude(
        superseded_by__kind=VerdictKind.SUSPICIOUS
    )
    rows = verdicts.select_related("by", "superseded_by__by").prefetch_related("incidents")
    corrections = []
    for first in rows.order_by("-given_at", "-pk"):
        incident = next(iter(first.incidents.all()), None)
        if incident is not None and first.superseded_by is not None:
            corrections.append(Correction(incident, first, first.superseded_by))
    return corrections
