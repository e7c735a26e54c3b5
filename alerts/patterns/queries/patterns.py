"""Reads of this room: patterns for a person, their incidents and verdicts, how far mining is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import RawSQL

from alerts.incidents.models import Alert, Incident
from alerts.incidents.queries import (
    alerts_visible_to,
    count_incidents_without_details,
    sites_in_reach,
)
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Mining, Pattern, PatternState, SiteMining
from alerts.reviews.models import Verdict
from alerts.reviews.queries.questions import (
    evidence_in_force,
    evidence_where,
    verdicts_visible_to,
)
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence
from alerts.rules.sql import near_misses, rule_condition_sql
from alerts.sites.models import Site
from alerts.suppression.backtesting.history import mismatch_reasons, suspicious_near_misses
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.jobs.models import Job
from portal.jobs.models import JobState as Work

NEEDED_DAYS, NEEDED_VERDICTS = 14, 10
MANY_UNREAD = 100  # incidents without their alerts; a few are always on their way
JOB, KEY = "patterns.mine", "daily"
NEAR_DAYS = 90  # in which the nearest alerts outside a pattern are looked for
SURE = ("routine", "maintenance", "suspicious")


@dataclass(frozen=True, slots=True)
class MiningStatus:
    """How far there is enough to mine from, what was mined last, and whether it is due now."""

    days: int
    verdicts: int
    latest: Mining | None
    is_running: bool
    done: int = 0  # sites, while it is under way
    total: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether there is history and word of OT enough."""
        return self.days >= NEEDED_DAYS and self.verdicts >= NEEDED_VERDICTS


def patterns_visible_to(user: User) -> QuerySet[Pattern]:
    """Patterns of the person's workspaces and sites, the one that saves most first."""
    rows = Pattern.objects.select_related("workspace__organisation", "site", "rule", "state_by")
    rows = rows.order_by("-rank", "-incidents", "pk")
    reach = reach_of(user)
    if reach.everywhere:
        return rows
    return rows.filter(reach.workspaces_where("workspace__") | Q(site__uuid__in=reach.sites))


def open_patterns(rows: QuerySet[Pattern], *, now: datetime) -> QuerySet[Pattern]:
    """Those nobody has decided about, and those put off until a day that has come."""
    return rows.filter(
        Q(state=PatternState.OPEN) | Q(state=PatternState.SNOOZED, snoozed_until__lte=now)
    )


def snoozed_patterns(rows: QuerySet[Pattern], *, now: datetime) -> QuerySet[Pattern]:
    """Those put off until a later day."""
    return rows.filter(state=PatternState.SNOOZED, snoozed_until__gt=now)


def mining_status(*, now: datetime, visible_to: User | None = None) -> MiningStatus:
    """Return whether there is enough to mine, by what the person may see (reliability A13)."""
    alerts, verdicts = Alert.objects.all(), evidence_in_force().filter(kind__in=SURE)
    if visible_to is not None:
        alerts = alerts_visible_to(visible_to)
        verdicts = verdicts.filter(pk__in=verdicts_visible_to(visible_to).values("pk"))
    first = alerts.order_by("at").values_list("at", flat=True).first()
    due = Job.objects.filter(kind=JOB, key=KEY).values_list("state", "payload").first()
    return MiningStatus(
        days=0 if first is None else max((now - first).days, 0),
        verdicts=verdicts.count(),
        latest=Mining.objects.order_by("-ran_at").first(),
        done=int(due[1].get("done", 0)) if due else 0,
        total=int(due[1].get("total", 0)) if due else 0,
        is_running=due is not None
        and (due[0] == Work.RUNNING or (due[0] == Work.WAITING and bool(due[1].get("asked")))),
    )


def mining_counts(mining: Mining, *, user: User) -> tuple[int, int]:
    """Return how many alerts and verdicts a run drew from, of those at sites in reach."""
    if reach_of(user).everywhere:
        return mining.alerts, mining.verdicts
    totals = mining.sites.filter(site__in=sites_in_reach(user)).aggregate(
        alerts=Sum("alerts", default=0), verdicts=Sum("verdicts", default=0)
    )
    return totals["alerts"], totals["verdicts"]


def unread_incidents() -> int:
    """Return how many incidents still wait for their alerts, where they are so many that patterns
    and plan will look different; else 0.
    """
    n = count_incidents_without_details()
    return n if n >= MANY_UNREAD else 0


def site_minings(sites: Iterable[Site] | None = None) -> QuerySet[SiteMining]:
    """Return the totals of the latest mining of each site, by the name of the site."""
    latest = SiteMining.objects.filter(site=OuterRef("site")).order_by("-mining__ran_at", "-pk")
    rows = SiteMining.objects.filter(pk=Subquery(latest.values("pk")[:1]))
    if sites is not None:
        rows = rows.filter(site__in=sites)
    return rows.select_related("mining", "site").order_by("site__name")


def patterns_in_plan(rows: QuerySet[Pattern]) -> QuerySet[Pattern]:
    """Return the steps of the plan in their order, without what people declined since."""
    steps = rows.filter(
        plan_order__isnull=False, state__in=[PatternState.OPEN, PatternState.HAS_RULE]
    )
    return steps.order_by("site__name", "plan_order")


def incidents_of_pattern(
    pattern: Pattern, incidents: QuerySet[Incident], *, now: datetime
) -> QuerySet[Incident]:
    """Return those of these incidents that the pattern covers, found by the database."""
    scope = rule_condition_sql(rule_as_mined(pattern, now=now))
    ids = RawSQL(
        "SELECT l.incident_id FROM incidents_alerts a"
        f" JOIN incidents_alert_links l ON l.alert_id = a.id WHERE {scope.text}",
        scope.params,
    )
    return incidents.filter(pk__in=ids)


def verdicts_of_pattern(pattern: Pattern, *, now: datetime, limit: int) -> list[Verdict]:
    """Return OT's verdicts on its alerts that count as evidence, the newest first."""
    scope = rule_condition_sql(rule_as_mined(pattern, now=now))
    ids = fetch_rows(
        "SELECT n.annotation_id FROM reviews_verdict_alerts n"
        " JOIN reviews_verdicts v ON v.id = n.annotation_id"
        f" JOIN incidents_alerts a ON a.id = n.alert_id WHERE {scope.text}"
        f" AND {evidence_where('v')}"
        " GROUP BY n.annotation_id, v.given_at"
        " ORDER BY v.given_at DESC, n.annotation_id DESC LIMIT %s",
        (*scope.params, limit),
    )
    rows = Verdict.objects.filter(pk__in=[pk for (pk,) in ids]).select_related("by")
    return list(rows.order_by("-given_at", "-pk"))


@dataclass(frozen=True, slots=True)
class CounterExample:
    """An alert close to a pattern and not covered by it, and the line that keeps it out."""

    alert: Alert
    incident_id: int | None
    why: Sentence
    verdict: str  # of OT; empty where nobody judged it


def counter_examples(pattern: Pattern, *, now: datetime, limit: int) -> list[CounterExample]:
    """Return the nearest alerts outside, those that OT called suspicious first."""
    rule = rule_as_mined(pattern, now=now)
    period = TimeSpan(now - timedelta(days=NEAR_DAYS), now)
    suspicious = suspicious_near_misses(rule, period)[-limit:]
    near = near_misses(rule)
    others = fetch_rows(
        "SELECT a.id FROM incidents_alerts a WHERE a.at >= %s AND a.at < %s AND a.site_id = %s"
        f" AND {near.text} ORDER BY a.at DESC LIMIT %s",
        (period.start, period.end, pattern.site_id, *near.params, limit),
    )
    ids = list(dict.fromkeys([*suspicious, *(pk for (pk,) in others)]))[:limit]
    why = mismatch_reasons(rule, ids)
    alerts = Alert.objects.filter(pk__in=ids, site=pattern.site_id).in_bulk()
    incidents = dict(
        Alert.incidents.through.objects.filter(alert__in=ids).values_list("alert", "incident")
    )
    verdicts: dict[int, str] = {}
    for alert, verdict in evidence_in_force().filter(alerts__in=ids).values_list("alerts", "kind"):
        if verdicts.get(alert) != "suspicious":
            verdicts[alert] = verdict
    return [
        CounterExample(alerts[pk], incidents.get(pk), why[pk], verdicts.get(pk, ""))
        for pk in ids
        if pk in alerts and pk in why
    ]


def rule_as_mined(pattern: Pattern, *, now: datetime) -> RuleDefinition:
    """Return what a pattern matches as a rule, without reason, evidence and who enforces it."""
    return rule_for(pattern.process, time_zone=pattern.time_zone, now=now)
