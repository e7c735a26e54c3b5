"""What leads, managers and auditors find at home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from alerts.dashboards.engine.periods import Coverage, ReportSpan
from alerts.dashboards.measures import (
    IN_TIME,
    MEASURES,
    WEEK,
    Closed,
    Measure,
    Share,
    answer_time,
    answered_in_time,
    closed_by_classification,
    decided_questions,
    n_late_at,
    needs_triage_at,
)
from alerts.dashboards.queries.series import Series, SeriesPoint, series_of, sites_shown_to
from alerts.dashboards.queries.spans import SitesOrNone
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.reviews.models import Question
from alerts.reviews.queries.questions import questions_visible_to, verdicts_visible_to
from alerts.reviews.queries.second_opinions import (
    Agreement,
    AwaitedOpinions,
    agreement_since,
    awaited_opinions,
)
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of

WEEKS: Final = 12
AGREEMENT_PERIOD: Final = timedelta(days=90)  # of second opinions, of which there are few
TRENDS: Final = (
    *("decisions", "decisions-per-thousand", "closed-by-rule", "open-incidents"),
    *("closed-by-people", "answer-time", "incidents-came", "came-closed-by-rule"),
)
DECISIONS_AT_SITE: Final = ("decisions", "decisions-per-thousand", "closed-by-rule-share")


@dataclass(frozen=True, slots=True)
class PlaceNumbers:
    """One site or workspace in numbers: incidents, and questions to OT."""

    name: str  # empty for incidents without a site
    field: str  # of the filter language
    open: int
    needs: int
    waiting: int
    late: int
    answered: Share


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is open now, and what seven days came to. All but answers are incidents."""

    open: int
    answered: Share
    answer_time: timedelta | None
    closed: Sequence[Closed]
    sites: Sequence[PlaceNumbers]
    workspaces: Sequence[PlaceNumbers]
    agreement: Agreement
    awaited: Sequence[AwaitedOpinions]

    @property
    def closed_in_all(self) -> int:
        """Closed as whatever, by whomever."""
        return sum(closed.n for closed in self.closed)

    @property
    def closed_by_rule(self) -> int:
        """Closed by our rules."""
        return sum(closed.by_rule for closed in self.closed)

    @property
    def closed_by_people(self) -> int:
        """Closed by anything other than our rules."""
        return self.closed_in_all - self.closed_by_rule

    @property
    def counted_twice(self) -> int:
        """By how much the sites add up to more than there is: incidents that touch several."""
        return sum(place.open for place in self.sites) - self.open


def numbers_for(user: User, *, now: datetime) -> Numbers:
    """What is open now and what the last seven days came to, within the person's reach."""
    since = now - WEEK
    groups, questions = groups_visible_to(user), questions_of(user)
    return Numbers(
        open=groups.aggregate(open=Sum("n", default=0))["open"],
        answered=answered_in_time(questions, since=since, now=now),
        answer_time=answer_time(questions, since=since, now=now),
        closed=closed_by_classification(incidents_visible_to(user), since=since, now=now),
        sites=_sites(user, now),
        workspaces=_workspaces(user, now),
        agreement=agreement_since(
            now - AGREEMENT_PERIOD, verdicts=verdicts_visible_to(user).order_by()
        ),
        awaited=awaited_opinions(verdicts_visible_to(user), now=now),
    )


def trends_for(
    user: User, *, covered: Mapping[int, Coverage], now: datetime
) -> list[tuple[Measure, Series]]:
    """Return twelve weeks of each trend; the last week is the one of `numbers_for`."""
    span = ReportSpan(now - WEEKS * WEEK, now, WEEK)
    measures = [MEASURES[name] for name in TRENDS]
    found = series_of(measures, user, span=span, covered=covered, now=now)
    return [(measure, series[0]) for measure, series in zip(measures, found, strict=True)]


def decisions_at(
    site: Site, user: User, *, covered: Mapping[int, Coverage], now: datetime
) -> list[SeriesPoint]:
    """Return the last seven days of a site: decisions, the same per thousand incidents, and the
    share of closings that rules made.
    """
    found = series_of(
        [MEASURES[name] for name in DECISIONS_AT_SITE],
        user,
        span=ReportSpan(now - WEEK, now, WEEK),
        covered=covered,
        site=site,
        now=now,
    )
    return [series[0].points[0] for series in found]


def _sites(user: User, now: datetime) -> list[PlaceNumbers]:
    groups = groups_visible_to(user)
    counts = _counts(groups, SitesOrNone("site_ids", output_field=BigIntegerField()), now)
    answers = _answers(questions_of(user), "site", now)
    sites = sites_shown_to(user)
    if not reach_of(user).everywhere:
        sites = sites.filter(Q(uuid__in=reach_of(user).sites) | Q(pk__in={*counts, *answers}))
    places = _places(dict(sites.values_list("pk", "name")), "site", counts, answers)
    unplaced = counts.get(None)
    return (
        [*places, PlaceNumbers("", "site", answered=Share(0, 0), **unplaced)]
        if unplaced
        else places
    )


def _workspaces(user: User, now: datetime) -> list[PlaceNumbers]:
    counts = _counts(groups_visible_to(user), F("workspace"), now)
    answers = _answers(questions_of(user), "lead__workspace", now)
    names = Workspace.objects.filter(pk__in={*counts, *answers}).values_list("pk", "name")
    return _places(dict(names), "ws", counts, answers)


def questions_of(user: User) -> QuerySet[Question]:
    """The questions the person sees, without what only pages need."""
    return questions_visible_to(user).select_related(None).order_by()


def _counts(
    groups: QuerySet[Any], by: Combinable, now: datetime
) -> dict[int | None, dict[str, int]]:
    rows = (
        groups.order_by()
        .values(counted_by=by)
        .annotate(
            open=Sum("n", default=0),
            needs=Sum("n_unasked", filter=needs_triage_at(now), default=0),
            waiting=Sum("n_waiting", default=0),
            late=Sum(n_late_at(now), default=0),
        )
    )
    return {row.pop("counted_by"): row for row in rows}


def _answers(questions: QuerySet[Question], by: str, now: datetime) -> dict[int, Share]:
    decided = decided_questions(questions, now=now)
    rows = (
        decided.filter(decided_at__gt=now - WEEK, decided_at__lte=now)
        .values_list(by)
        .annotate(part=Count("pk", filter=IN_TIME), of=Count("pk"))
    )
    return {pk: Share(part, of) for pk, part, of in rows}


def _places(
    names: Mapping[int, str],
    field: str,
    counts: Mapping[int | None, dict[str, int]],
    answers: Mapping[int, Share],
) -> list[PlaceNumbers]:
    nothing = {"open": 0, "needs": 0, "waiting": 0, "late": 0}
    places = [
        PlaceNumbers(
            name, field, answered=answers.get(pk, Share(0, 0)), **(nothing | counts.get(pk, {}))
        )
        for pk, name in names.items()
    ]
    return sorted(places, key=lambda place: (-place.open, place.name))
