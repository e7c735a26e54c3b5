"""What rules changed: incidents that came, those that rules closed, and those left to people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from alerts.dashboards.engine.periods import Coverage, ReportPeriod, ReportSpan
from alerts.dashboards.measures import MEASURES, WEEK
from alerts.dashboards.queries.series import Series, SeriesPoint, series_of
from alerts.incidents.models import BY_RULE, CLOSE_IN_FORCE, Incident, touches_sites
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import VerdictIncident, VerdictKind
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.sites.models import Site
from alerts.suppression.backtesting.time_to_close import TimeToClose, usual_time_to_close
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry
from alerts.suppression.queries import first_live_at, ledger_visible_to, versions_visible_to
from portal.accounts.models import User

CHART_WEEKS: Final = 12
PERIODS: Final = (1, 4, CHART_WEEKS)  # weeks that a person may choose
LISTED: Final = 6
ARRIVALS: Final = ("incidents-came", "came-closed-by-rule")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Incidents that came in a period, and how many of these rules closed. `is_gap`: too much of
    the period was not read from Sentinel.
    """

    came: int
    by_rule: int
    is_gap: bool = False

    @property
    def to_people(self) -> int:
        """What is left to people: all that no rule closed."""
        return self.came - self.by_rule


@dataclass(frozen=True, slots=True)
class KindLeft:
    """Alike incidents that no rule closed."""

    alert_type: str
    source: str
    destination: str
    n: int


@dataclass(frozen=True, slots=True)
class LaterFindings:
    """Of the incidents that rules closed: how many somebody looked at afterwards, and how many of
    these were suspicious, a true positive or opened again.
    """

    closed: int
    looked_at: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Effect:
    """All of it for one person: of one site, or of all that they see."""

    whole: Arrivals  # of the chosen period
    weeks: Sequence[tuple[ReportPeriod, Arrivals]]  # of the chart
    sites: Sequence[tuple[str, Arrivals]]  # of the chosen period; the name is empty for none
    decisions: Sequence[SeriesPoint]  # by week
    first_live_at: datetime | None
    kinds_left: Sequence[KindLeft]
    findings: LaterFindings
    time_to_close: TimeToClose

    @property
    def minutes_saved(self) -> float | None:
        """What people would have spent on what rules closed; None where that was not measured."""
        minutes = self.time_to_close.minutes
        return None if minutes is None else minutes * self.whole.by_rule


def effect_for(
    user: User,
    *,
    site: Site | None,
    weeks: int,
    covered: Mapping[int, Coverage],
    now: datetime,
) -> Effect:
    """Return what rules changed in the latest weeks, within the person's reach."""
    span = ReportSpan(now - CHART_WEEKS * WEEK, now, WEEK)
    period = ReportSpan(now - weeks * WEEK, now, weeks * WEEK)
    names = (*ARRIVALS, "decisions")
    came, by_rule, decisions = (
        series[0].points
        for series in series_of(
            [MEASURES[name] for name in names],
            user,
            span=span,
            covered=covered,
            site=site,
            now=now,
        )
    )
    by_week = [
        (point.period, _arrivals(point, closed))
        for point, closed in zip(came, by_rule, strict=True)
    ]
    chosen = [arrivals for _, arrivals in by_week[-weeks:]]
    versions = versions_visible_to(user)
    entries = ledger_visible_to(user)
    if site is not None:
        versions = versions.filter(site_ids__contains=[site.pk])
        entries = entries.filter(incident__site_ids__contains=[site.pk])
    return Effect(
        whole=Arrivals(
            sum(arrivals.came for arrivals in chosen),
            sum(arrivals.by_rule for arrivals in chosen),
            any(arrivals.is_gap for arrivals in chosen),
        ),
        weeks=by_week,
        sites=_by_site(user, period, covered=covered, now=now),
        decisions=decisions,
        first_live_at=first_live_at(versions),
        kinds_left=_kinds_left(user, period, site),
        findings=_later_findings(entries),
        time_to_close=usual_time_to_close(),
    )


def _arrivals(came: SeriesPoint, by_rule: SeriesPoint | None) -> Arrivals:
    closed = by_rule.number.value if by_rule is not None else None
    return Arrivals(int(came.number.value or 0), int(closed or 0), came.is_gap)


def _by_site(
    user: User, period: ReportSpan, *, covered: Mapping[int, Coverage], now: datetime
) -> list[tuple[str, Arrivals]]:
    came, by_rule = series_of(
        [MEASURES[name] for name in ARRIVALS],
        user,
        span=period,
        covered=covered,
        group_by="site",
        now=now,
    )
    closed = {series.group: series.points[0] for series in by_rule}
    places = [_site_arrivals(series, closed) for series in came]
    return sorted(places, key=lambda place: (not place[0], -place[1].came, place[0]))


def _site_arrivals(
    series: Series, closed: Mapping[str | None, SeriesPoint]
) -> tuple[str, Arrivals]:
    # A site at which rules closed nothing has no series of that.
    return series.group or "", _arrivals(series.points[0], closed.get(series.group))


def _kinds_left(user: User, period: ReportSpan, site: Site | None) -> list[KindLeft]:
    incidents: QuerySet[Any] = incidents_visible_to(user).filter(
        merged_into=None, created_at__gt=period.start, created_at__lte=period.end
    )
    if site is not None:
        incidents = incidents.filter(touches_sites([site.pk]))
    left: QuerySet[Incident] = incidents.exclude(CLOSE_IN_FORCE & BY_RULE).order_by()
    sides = ("alert_type", "source", "destination")
    rows = left.values_list(*sides).annotate(n=Count("pk")).order_by("-n", *sides)
    return [KindLeft(*row) for row in rows[:LISTED]]


def _later_findings(entries: QuerySet[LedgerEntry]) -> LaterFindings:
    later = VerdictIncident.objects.filter(
        incident=OuterRef("incident"),
        verdict__in=verdicts_in_force().order_by().values("pk"),
        verdict__given_at__gt=OuterRef("at"),
    )
    wrong = Q(ending__in=(Ending.REOPENED, Ending.TRUE_POSITIVE)) | Q(
        Exists(later.filter(verdict__kind=VerdictKind.SUSPICIOUS))
    )
    closed = entries.filter(act=LedgerAct.CLOSED).exclude(ending=Ending.NOT_SENT).order_by()
    counts = closed.aggregate(
        closed=Count("incident", distinct=True),
        looked_at=Count(
            "incident",
            distinct=True,
            filter=wrong | Q(reviewed_at__isnull=False) | Q(Exists(later)),
        ),
        wrong=Count("incident", distinct=True, filter=wrong),
    )
    return LaterFindings(**counts)
