"""What leads, managers and auditors find at home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Func, Min, Q, QuerySet, Sum

from alerts.dashboards.measures import (
    NEEDS_TRIAGE,
    WAITING,
    WEEK,
    Share,
    answer_time,
    answered_in_time,
    closed_by_classification,
    days_until_a_week,
    kept_within,
    late_at,
    missed_within,
)
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.reviews.models import Review
from alerts.reviews.queries import reviews_visible_to
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of


@dataclass(frozen=True, slots=True)
class Place:
    """One site or workspace in numbers."""

    name: str
    field: str  # of the filter language
    open: int
    needs: int
    waiting: int
    late: int
    answered: Share


@dataclass(frozen=True, slots=True)
class Numbers:
    """All of it."""

    open: int
    rows: int
    answered: Share
    answer_time: timedelta | None
    closed: Sequence[tuple[str, int]]
    sites: Sequence[Place]
    workspaces: Sequence[Place]
    days_left: int

    @property
    def closed_in_all(self) -> int:
        """Closed as whatever."""
        return sum(n for _, n in self.closed)


def numbers_for(user: User, *, now: datetime) -> Numbers:
    """What is open now and what the last seven days came to, within the person's reach."""
    since = now - WEEK
    groups, reviews = groups_visible_to(user), reviews_visible_to(user)
    found = groups.aggregate(open=Sum("n", default=0), rows=Count("pk"))
    first_at = Workspace.objects.aggregate(first=Min("added_at"))["first"]
    return Numbers(
        open=found["open"],
        rows=found["rows"],
        answered=answered_in_time(reviews, since=since, now=now),
        answer_time=answer_time(reviews, since=since, now=now),
        closed=closed_by_classification(incidents_visible_to(user), since=since),
        sites=_sites(user, now),
        workspaces=_workspaces(user, now),
        days_left=days_until_a_week(first_at, now=now),
    )


def _sites(user: User, now: datetime) -> list[Place]:
    reach = reach_of(user)
    groups = groups_visible_to(user).annotate(at=Func("site_ids", function="unnest"))
    counted = _counted(groups, "at", now)
    answers = _answers(reviews_of(user), "site", now)
    sites = Site.objects.all()
    if not reach.everywhere:
        wider = reach.workspaces or reach.organisations
        touched = {*counted, *answers} if wider else ()
        sites = sites.filter(Q(uuid__in=reach.sites) | Q(pk__in=touched))
    return _places(dict(sites.values_list("pk", "name")), "site", counted, answers)


def _workspaces(user: User, now: datetime) -> list[Place]:
    counted = _counted(groups_visible_to(user), "workspace", now)
    answers = _answers(reviews_of(user), "lead__workspace", now)
    known = Workspace.objects.filter(pk__in={*counted, *answers})
    return _places(dict(known.values_list("pk", "name")), "ws", counted, answers)


def reviews_of(user: User) -> QuerySet[Review]:
    """The questions the person sees, without what only pages need."""
    return reviews_visible_to(user).select_related(None).order_by()


def _counted(groups: QuerySet[Any], by: str, now: datetime) -> dict[int, dict[str, int]]:
    rows = groups.order_by().values(counted_by=F(by)).annotate(
        open=Sum("n"),
        needs=Count("pk", filter=NEEDS_TRIAGE),
        waiting=Count("pk", filter=WAITING),
        late=Count("pk", filter=late_at(now)),
    )  # fmt: skip
    return {row.pop("counted_by"): row for row in rows}


def _answers(reviews: QuerySet[Review], by: str, now: datetime) -> dict[int, Share]:
    kept, missed = kept_within(now - WEEK, now), missed_within(now - WEEK, now)
    rows = reviews.filter(kept | missed).values_list(by).annotate(
        kept=Count("pk", filter=Q(kept)), of=Count("pk")
    )  # fmt: skip
    return {pk: Share(k, n) for pk, k, n in rows}


def _places(
    names: Mapping[int, str],
    field: str,
    counted: Mapping[int, dict[str, int]],
    answers: Mapping[int, Share],
) -> list[Place]:
    nothing = {"open": 0, "needs": 0, "waiting": 0, "late": 0}
    places = [
        Place(name, field, answered=answers.get(pk, Share(0, 0)), **(nothing | counted.get(pk, {})))
        for pk, name in names.items()
    ]
    return sorted(places, key=lambda place: (-place.open, place.name))
