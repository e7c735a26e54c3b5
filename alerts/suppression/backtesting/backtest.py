"""Run a rule over history: kept for the request, or only shown to the person who edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final

from django.utils.translation import gettext as _

from alerts.rules import sql
from alerts.rules.backtest import back_test
from alerts.rules.backtest_body import (
    Catches,
    DeployedBody,
    HandlingBody,
    OutsideHoursBody,
    frozen,
    totals_by_verdict,
)
from alerts.rules.compile_sentinel import Target, compile_rule, deployed
from alerts.rules.evidence import totals_in
from alerts.rules.guards.never import is_strict, reasons_against_reach
from alerts.rules.rule import RuleDefinition, pinned, reasons_against_rule, rule_hash
from alerts.rules.sentence import Sentence
from alerts.rules.sentinel_conditions import PROBED
from alerts.rules.sql import Sql
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import is_in_defender_portal
from alerts.sites.models import Site
from alerts.suppression.backtesting import history
from alerts.suppression.backtesting.counts import (
    MAX_ROWS,
    Counts,
    RuleMatches,
    count_by_clause,
    find_matches,
)
from alerts.suppression.backtesting.guards_of_history import reasons_for_rule
from alerts.suppression.backtesting.history import incidents_closed_as_benign, touched_incidents
from alerts.suppression.backtesting.history_sql import (
    BackTestTimedOut,
    TimeSpan,
    days_begun,
    fetch_rows,
    in_period,
    statement_limit,
)
from alerts.suppression.backtesting.redaction import redacted_body
from alerts.suppression.backtesting.time_to_close import time_to_close_of
from alerts.suppression.drafting.enforcement_choice import analytics_rules_of, other_rules_of
from alerts.suppression.models import BackTestRun
from portal.accounts.models import User
from portal.errors import Refused
from portal.ui.words import number

MAX_LISTED = 200
_CATCHES: Final[dict[str, Catches]] = {"exact": "same", "wider": "more", "impossible": "nothing"}
DAYS = 90
MAX_SECONDS, MAX_PREVIEW_SECONDS = 30.0, 5.0  # seconds for one question to the database
MAX_DAYS = 400


class CannotBackTest(Refused):
    """The rule was not run over history."""


@dataclass(frozen=True, slots=True)
class DraftPreview:
    """What the editor shows beside a draft. `body` is what would be frozen; None where the draft
    is not yet a rule, or where `problems` say why it could not be run.
    """

    counts: Counts | None
    body: dict[str, Any] | None
    reasons: tuple[Sentence, ...]
    problems: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Run:
    body: dict[str, Any]
    reasons: tuple[Sentence, ...]
    history_days: int
    counts: Counts


def run_backtest(
    *,
    rule: RuleDefinition,
    now: datetime,
    by: User | None = None,
    rule_id: int | None = None,
    days: int = DAYS,
) -> BackTestRun:
    """Store and return what the rule would have done in the days before now, with its hash.

    The row is its own record; who proposes or signs with it is recorded there.
    """
    began, period = perf_counter(), _period(now, days)
    if reasons := reasons_against_rule(rule):
        raise CannotBackTest(*reasons)
    try:
        with statement_limit(MAX_SECONDS):
            run = _run(rule, period, now=now)
    except BackTestTimedOut:
        raise CannotBackTest(_too_long()) from None
    return BackTestRun.objects.create(
        rule_id=rule_id,
        rule_hash=rule_hash(rule),
        start=period.start,
        end=period.end,
        history_days=run.history_days,
        body=run.body,
        reasons=[[reason.code, reason.detail] for reason in run.reasons],
        ran_at=now,
        ran_by=by,
        seconds=round(perf_counter() - began, 3),
    )


def preview_backtest(
    *, rule: RuleDefinition, now: datetime, by: User | None = None, days: int = DAYS
) -> DraftPreview:
    """Return the same for a draft, without storing it. Lines that are still empty are left out of
    the counts and named; what `by` may not see is counted, but not listed.
    """
    began, period = perf_counter(), _period(now, days)
    counts, run, problems = None, None, []
    try:
        with statement_limit(MAX_PREVIEW_SECONDS):
            if reasons_against_rule(rule):
                counts = count_by_clause(rule, period)
            else:
                run = _run(rule, period, now=now)
    except BackTestTimedOut:
        problems.append(_too_long())
    except CannotBackTest as refusal:
        problems += refusal.reasons
        counts = _counts(rule, period)
    seconds = round(perf_counter() - began, 3)
    if run is None:
        return DraftPreview(counts, None, (), tuple(problems), seconds)
    body = run.body if by is None else redacted_body(run.body, by=by)
    return DraftPreview(run.counts, body, run.reasons, (), seconds)


def _counts(rule: RuleDefinition, period: TimeSpan) -> Counts | None:
    try:
        with statement_limit(MAX_PREVIEW_SECONDS):
            return count_by_clause(rule, period)
    except BackTestTimedOut:
        return None


def _period(now: datetime, days: int) -> TimeSpan:
    if not 1 <= days <= MAX_DAYS:
        raise CannotBackTest(
            _("A back-test covers 1 to %(most)s days, not %(days)s.")
            % {"most": number(MAX_DAYS), "days": number(days)}
        )
    return TimeSpan(now - timedelta(days=days), now)


def _too_long() -> str:
    return _(
        "History could not be read in time. Name an alert type and a site, or look at fewer days."
    )


def _run(rule: RuleDefinition, period: TimeSpan, *, now: datetime) -> _Run:
    found = find_matches(rule, period)
    if found.matched > MAX_ROWS:
        raise CannotBackTest(
            _(
                "The rule matches %(n)s alerts, more than a back-test can go through "
                "(%(most)s). Narrow it."
            )
            % {"n": number(found.matched), "most": number(MAX_ROWS)}
        )
    cases = history.cases_around(period)
    why = _near(rule, found, period)
    rows = history.history_rows([*found.ids, *why], cases=cases)
    matched_ids = set(found.ids)
    matched = [row for row in rows if row.alert in matched_ids]
    incidents = {incident for row in matched for incident in row.incidents}
    sites = sorted({row.site for row in matched})
    time_to_close = time_to_close_of(incidents)
    shared = history.shared_incidents(incidents, found.ids)
    result = back_test(
        matched,
        near=[(row, why[row.alert]) for row in rows if row.alert not in matched_ids],
        start=period.start,
        end=period.end,
        zone=history.backtest_zone_of(sites),
        incidents_by_site=history.incidents_at_sites(sites, period),
        alerts_of_type=found.of_type,
        is_strict=is_strict(rule),
        shared=shared,
        touched=touched_incidents(incidents),
        guard_reasons=reasons_for_rule(
            rule,
            {row.alert: row.incidents for row in matched},
            shared=shared,
            period=period,
        ),
        closed_benign=incidents_closed_as_benign(incidents),
        minutes_per_incident=time_to_close.minutes or 0.0,
    )
    length = history.history_length(_site_ids(rule, sites), end=period.end)
    reasons = reasons_against_reach(
        sites=result.sites,
        days=period.days,
        history_days=length.days,
        true_positives=result.true_positives,
    )
    body = frozen(
        result,
        rule_hash=rule_hash(rule),
        start=period.start,
        end=period.end,
        ran_at=now,
        after_each=tuple(count or 0 for count in found.counts.after_each),
        total=found.counts.total,
        of_type=found.of_type,
        history_days=days_begun(length),
        handling=HandlingBody(
            minutes=_round(time_to_close.minutes),
            closings=time_to_close.closings,
            of="matches" if time_to_close.is_of_matches else "all",
        ),
        outside_hours=_outside_hours(rule, period),
        deployed=_overmatches(rule, period),
    )
    return _Run(body, tuple(reasons), days_begun(length), found.counts)


def _outside_hours(rule: RuleDefinition, period: TimeSpan) -> OutsideHoursBody | None:
    """Return the verdicts on alerts that only the hours of the rule leave out; these stay open."""
    ids = history.judged_outside_hours(rule, period)
    if ids is None:
        return None
    rows = history.history_rows(ids, cases={})
    positives = {pk for row in rows if "true_positive" in row.outcomes for pk in row.incidents}
    return OutsideHoursBody(**totals_by_verdict(totals_in(rows)), true_positives=len(positives))


def _near(rule: RuleDefinition, found: RuleMatches, period: TimeSpan) -> dict[int, Sentence]:
    """Near misses of the same place and type, and every one that was judged suspicious: why."""
    ids = list(dict.fromkeys([*history.suspicious_near_misses(rule, period), *found.near]))
    return history.mismatch_reasons(rule, ids)


def _site_ids(rule: RuleDefinition, matched: Sequence[str]) -> list[int]:
    names = pinned(rule.all_of, "site") or tuple(matched)
    return list(Site.objects.filter(name__in=names).values_list("pk", flat=True))


def _overmatches(rule: RuleDefinition, period: TimeSpan) -> list[DeployedBody]:
    """What Sentinel would catch in each workspace beyond the rule, where it is to enforce it."""
    if rule.enforcement != "sentinel":
        return []
    names = pinned(rule.all_of, "workspace")
    spaces = Workspace.objects.exclude(state=Workspace.State.REMOVED).order_by("name")
    if names:
        spaces = spaces.filter(name__in=names)
    return [overmatch_in(rule, space, period) for space in spaces]


def _round(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes, 1)


def overmatch_in(rule: RuleDefinition, workspace: Workspace, period: TimeSpan) -> DeployedBody:
    """Return what Sentinel would catch in a workspace beyond the rule, newest incidents first."""
    # History is asked what the conditions would do, not whether the workspace takes them.
    target = Target(
        workspace=workspace.name,
        accepts=PROBED,
        is_in_defender_portal=bool(is_in_defender_portal(workspace.pk)),
        analytics_rules=analytics_rules_of(workspace),
        other_rules=other_rules_of(workspace),
    )
    compiled = compile_rule(rule, target)
    lost = [reason for reason in compiled.reasons if reason.why.code != "sentinel.not_one"]
    catches = "same" if compiled.verdict == "wider" and not lost else _CATCHES[compiled.verdict]
    extra = _extra(rule, deployed(rule, compiled), workspace, period) if catches == "more" else []
    return DeployedBody(
        workspace=workspace.name,
        catches=catches,
        reasons=[(reason.why.code, reason.why.detail) for reason in lost],
        extra=len(extra),
        incidents=extra[:MAX_LISTED],
    )


def _extra(
    rule: RuleDefinition, wide: RuleDefinition, workspace: Workspace, period: TimeSpan
) -> list[int]:
    here = Sql("a.workspace_id = %s", (workspace.pk,))
    wide_scope = in_period(period, here, sql.rule_condition_sql(wide))
    rule_scope = in_period(period, here, sql.rule_condition_sql(rule))
    found = fetch_rows(
        "SELECT DISTINCT l.incident_id FROM incidents_alerts a"
        f" JOIN incidents_alert_links l ON l.alert_id = a.id WHERE {wide_scope.text} EXCEPT"
        " SELECT l.incident_id FROM incidents_alerts a"
        f" JOIN incidents_alert_links l ON l.alert_id = a.id WHERE {rule_scope.text}"
        " ORDER BY 1 DESC",
        (*wide_scope.params, *rule_scope.params),
    )
    return [row[0] for row in found]
