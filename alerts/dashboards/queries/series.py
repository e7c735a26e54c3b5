"""Measures over time: one number a period, for all that a person sees or group by group."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Value, When

from alerts.dashboards.engine.periods import (
    Coverage,
    ReportPeriod,
    ReportSpan,
    covered_by_all,
    recorded_by_any,
)
from alerts.dashboards.measures import (
    IN_TIME,
    TIME_TO_ANSWER,
    Measure,
    MeasureKind,
    Median,
    Share,
    lives,
)
from alerts.dashboards.queries.decision_counts import decisions_by_group
from alerts.dashboards.queries.spans import PeriodNumber, SitesOrNone
from alerts.incidents.models import touches_sites
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Question
from alerts.reviews.queries.questions import questions_visible_to
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of

_OF_ARRIVALS: Final = (MeasureKind.CAME, MeasureKind.CAME_BY_RULE, MeasureKind.BY_RULE_SHARE)
GROUPINGS: Final = ("site", "workspace", "alert_type")
type Cells = dict[Any, dict[int, Number]]  # group → number of the period → its number


@dataclass(frozen=True, slots=True)
class Number:
    """A value and how many incidents or questions it was made of."""

    value: float | None
    count: int


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """The number of one period. `missing`: how much of the period was not read from Sentinel; with
    too much of it missing there is no value. Of decisions it is how much of the period was before
    the workspace was connected, and only all of it leaves no value.
    """

    period: ReportPeriod
    number: Number
    missing: timedelta
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Series:
    """A measure over time for one group; the group is None where there is no grouping, and its
    name empty for incidents without a site.
    """

    group: str | None
    points: list[SeriesPoint]
    total: Number  # of the whole stretch


def series_of(
    measures: Sequence[Measure],
    user: User,
    *,
    span: ReportSpan,
    covered: Mapping[int, Coverage],
    group_by: str = "",
    site: Site | None = None,
    now: datetime,
) -> list[list[Series]]:
    """Return for each measure its series over the periods of a span; `covered` is what was read of
    each workspace. Grouped by site an incident counts at each site that it touches, so groups may
    add up to more than the whole. With `site`, measures of questions aside, only what touches it
    counts. All measures of incidents are read in one pass, and so are those of decisions.
    """
    incidents = incidents_visible_to(user)
    if site is not None:
        incidents = incidents.filter(touches_sites([site.pk]))
    lives_by_group: list[_Lives] = []
    if any(measure.needs_incidents for measure in measures):
        lives_by_group = _lives_of(incidents, span, group_by)
    decisions: Mapping[Any, Mapping[int, int]] = {}
    if any(measure.is_of_decisions for measure in measures):
        recorded = recorded_by_any(list(covered.values()), span.end)
        decisions = decisions_by_group(incidents, span, group_by, recorded_since=recorded.since)
    result = []
    for measure in measures:
        if measure.rows is not None:
            rows = measure.rows(_questions(user), now)
            cells, totals = _of_questions(measure, rows, span, group_by)
        elif measure.is_of_decisions:
            cells, totals = _of_decisions(measure, decisions, lives_by_group, span)
        else:
            cells, totals = _of_incidents(measure, lives_by_group, span)
        nothing = Number(0 if measure.counts_from_zero else None, 0)
        series = []
        for key, name in _names(user, group_by, cells.keys() | totals.keys()).items():
            coverage = _coverage(measure, covered, group_by, key, span)
            points = [
                _point(period, cells.get(key, {}).get(at, nothing), coverage, measure)
                for at, period in enumerate(span.periods)
            ]
            series.append(Series(name, points, totals.get(key, nothing)))
        result.append(series)
    return result


def _coverage(
    measure: Measure,
    covered: Mapping[int, Coverage],
    group_by: str,
    key: Any,
    span: ReportSpan,
) -> Coverage | None:
    if measure.rows is not None:
        return None
    by_workspace = group_by == "workspace" and key in covered
    coverages = [covered[key]] if by_workspace else list(covered.values())
    if measure.is_of_decisions:
        return recorded_by_any(coverages, span.end)
    return covered_by_all(coverages)


def _point(
    period: ReportPeriod, number: Number, coverage: Coverage | None, measure: Measure
) -> SeriesPoint:
    if coverage is None:
        return SeriesPoint(period, number, timedelta(), is_gap=False)
    missing, is_gap = coverage.missing_in(period), coverage.has_gap_in(period)
    if measure.is_of_decisions:  # what was recorded of a period is worth showing
        is_gap = missing >= period.end - period.start
    return SeriesPoint(period, Number(None, 0) if is_gap else number, missing, is_gap)


@dataclass(frozen=True, slots=True)
class _Lives:
    """So many incidents of a group that came in one period (-1: before) and left in another (None
    or beyond the last: they are open at the end).
    """

    group: Any
    came: int
    left: int | None
    is_closing: bool
    by_rule: bool
    is_decided_here: bool  # its workspace was connected when it came
    n: int

    @property
    def is_closed_by_rule(self) -> bool:
        """Whether our rules' close of it is in force."""
        return self.is_closing and self.by_rule


def _lives_of(incidents: QuerySet[Any], span: ReportSpan, group_by: str) -> list[_Lives]:
    there = Q(left_at=None) | Q(left_at__gt=span.start)
    rows = lives(incidents).filter(there, created_at__lte=span.end).order_by()
    sites = SitesOrNone("site_ids", output_field=BigIntegerField())
    group = sites if group_by == "site" else F(group_by) if group_by else Value("")
    rows = rows.annotate(
        group=group,
        came=PeriodNumber("created_at", span),
        left=PeriodNumber("left_at", span),
        is_decided_here=Case(
            When(created_at__gte=F("workspace__added_at"), then=Value(value=True)),
            default=Value(value=False),
        ),
    ).values_list("group", "came", "left", "is_closing", "by_rule", "is_decided_here")
    return [_Lives(*row) for row in rows.annotate(n=Count("pk"))]


def _of_decisions(
    measure: Measure,
    decisions: Mapping[Any, Mapping[int, int]],
    lives_by_group: Sequence[_Lives],
    span: ReportSpan,
) -> tuple[Cells, dict[Any, Number]]:
    came: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for group in lives_by_group:
        if group.came >= 0 and group.is_decided_here:
            came[group.group][group.came] += group.n

    def number_of(n: int, incidents: int) -> Number:
        if measure.kind is MeasureKind.DECISIONS:
            return Number(n, n)
        return Number(round(1000 * n / incidents, 1) if incidents else None, incidents)

    cells: Cells = {}
    whole = {}
    for key in decisions.keys() | came.keys():
        acts, incidents = decisions.get(key, {}), came[key]
        cells[key] = {
            at: number_of(acts.get(at, 0), incidents.get(at, 0)) for at in range(span.count)
        }
        whole[key] = number_of(sum(acts.values()), sum(incidents.values()))
    return cells, whole


def _of_incidents(
    measure: Measure, groups: Sequence[_Lives], span: ReportSpan
) -> tuple[Cells, dict[Any, Number]]:
    counts: dict[Any, list[int]] = defaultdict(lambda: [0] * span.count)
    by_rule: dict[Any, list[int]] = defaultdict(lambda: [0] * span.count)
    for group in groups:
        for at in _counts_in(measure.kind, group, span.count):
            counts[group.group][at] += group.n
            by_rule[group.group][at] += group.n * group.is_closed_by_rule
    if measure.kind is MeasureKind.BY_RULE_SHARE:
        shares = {
            key: {at: Number(Share(by_rule[key][at], n).percent, n) for at, n in enumerate(ns)}
            for key, ns in counts.items()
        }
        totals = {key: Share(sum(by_rule[key]), sum(ns)) for key, ns in counts.items()}
        return shares, {key: Number(share.percent, share.of) for key, share in totals.items()}
    cells = {key: {at: Number(n, n) for at, n in enumerate(ns)} for key, ns in counts.items()}
    whole = {
        key: ns[-1] if measure.kind is MeasureKind.OPEN else sum(ns) for key, ns in counts.items()
    }
    return cells, {key: Number(n, n) for key, n in whole.items()}


def _counts_in(kind: MeasureKind, group: _Lives, periods: int) -> Iterable[int]:
    """The periods in which such an incident counts."""
    if kind is MeasureKind.OPEN:
        return range(
            max(group.came, 0), periods if group.left is None else min(group.left, periods)
        )
    if kind in _OF_ARRIVALS:
        counts = group.came >= 0 and (
            kind is not MeasureKind.CAME_BY_RULE or group.is_closed_by_rule
        )
        return [group.came] if counts else []
    if group.left is None or group.left >= periods or not group.is_closing:
        return []
    return [group.left] if group.by_rule == (kind is MeasureKind.CLOSED_BY_RULE) else []


def _of_questions(
    measure: Measure, rows: QuerySet[Any], span: ReportSpan, group_by: str
) -> tuple[Cells, dict[Any, Number]]:
    of_review = {"site": "site", "workspace": "lead__workspace", "alert_type": "lead__alert_type"}
    group = F(of_review[group_by]) if group_by else Value("")
    within = {f"{measure.at}__gt": span.start, f"{measure.at}__lte": span.end}
    inside = rows.filter(**within).annotate(group=group, period=PeriodNumber(measure.at, span))
    is_median = measure.kind is MeasureKind.TIME_TO_ANSWER
    number = Median(TIME_TO_ANSWER) if is_median else Count("pk", filter=IN_TIME)
    summary = {"made": number, "n": Count("pk")}
    cells: Cells = defaultdict(dict)
    for key, at, value, n in inside.values_list("group", "period").annotate(**summary):
        cells[key][at] = _answers_in_number(measure, value, n)
    whole = inside.values_list("group").annotate(**summary)
    return cells, {key: _answers_in_number(measure, value, n) for key, value, n in whole if n}


def _answers_in_number(measure: Measure, value: Any, n: int) -> Number:
    if measure.kind is MeasureKind.TIME_TO_ANSWER:
        return Number(round(value.total_seconds()), n)
    return Number(Share(value, n).percent, n)


def _questions(user: User) -> QuerySet[Question]:
    return questions_visible_to(user).select_related(None).order_by()


def _names(user: User, group_by: str, keys: set[Any]) -> dict[Any, str | None]:
    """The groups that the person may see, by name: an incident that they see can also touch a
    site that they do not.
    """
    if not group_by:
        return {"": None}
    if group_by == "alert_type":
        return {key: key for key in sorted(keys)}
    places: QuerySet[Any] = Workspace.objects.all()
    if group_by == "site":
        places = sites_shown_to(user)
    rows = places.filter(pk__in=keys - {None}).order_by("name").values_list("pk", "name")
    names: dict[Any, str | None] = dict(rows)
    return names | ({None: ""} if None in keys else {})


def sites_shown_to(user: User) -> QuerySet[Site]:
    """The sites that numbers may name: the person's own, and for who reaches workspaces all that
    their incidents can touch.
    """
    reach = reach_of(user)
    if reach.everywhere or reach.workspaces or reach.organisations:
        return Site.objects.all()
    return Site.objects.filter(uuid__in=reach.sites)
