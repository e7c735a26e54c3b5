"""What the numbers mean. Pages, reports and other programs count by these definitions and no
other. Each takes rows that the person may see, and moments of business time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)

from alerts.incidents.models import Group, Incident, OtState, Status, TimelineItem
from alerts.reviews.models import Review

WEEK = timedelta(days=7)
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many. Without any there is no share."""

    kept: int
    of: int

    @property
    def percent(self) -> int | None:
        """In whole percent, never rounded up to 100; None of nothing."""
        return self.kept * 100 // self.of if self.of else None


class Median(Aggregate):
    """The middle of durations."""

    function = "PERCENTILE_CONT"
    name = "Median"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


# The queue. A row stands for equal open incidents, so rows are what people work through.
NEEDS_TRIAGE = Q(ot_state=OtState.NOT_ASKED)
WAITING = Q(ot_state=OtState.WAITING)


def late_at(now: datetime) -> Q:
    """Rows whose OT answer is late."""
    return WAITING & Q(ot_due_at__lt=now)


def open_incidents(groups: QuerySet[Group]) -> int:
    """Incidents that are open, each counted once."""
    total: int | None = groups.aggregate(n=Sum("n"))["n"]
    return total or 0


# Answers. A question counts on the day that decided it: answered in time when it was answered,
# late when its due time passed, however late the answer came. Withdrawn ones never count.
def kept_within(since: datetime, now: datetime) -> Q:
    """Questions answered in time between two moments."""
    answered = Q(state=Review.State.ANSWERED, settled_at__gt=since, settled_at__lte=now)
    return answered & Q(settled_at__lte=F("due_at"))


def missed_within(since: datetime, now: datetime) -> Q:
    """Questions whose due time passed without an answer between two moments."""
    unanswered = Q(state=Review.State.WAITING) | Q(
        state=Review.State.ANSWERED, settled_at__gt=F("due_at")
    )
    return unanswered & Q(due_at__gt=since, due_at__lt=now)


def answered_in_time(reviews: QuerySet[Review], *, since: datetime, now: datetime) -> Share:
    """How many of the questions decided between two moments OT answered in time."""
    kept, missed = kept_within(since, now), missed_within(since, now)
    found = reviews.order_by().aggregate(
        kept=Count("pk", filter=kept), of=Count("pk", filter=kept | missed)
    )
    return Share(found["kept"], found["of"])


def answer_time(reviews: QuerySet[Review], *, since: datetime, now: datetime) -> timedelta | None:
    """The median time from question to answer, of those answered between two moments."""
    took: Any = ExpressionWrapper(F("settled_at") - F("asked_at"), DurationField())
    answered = reviews.filter(
        state=Review.State.ANSWERED, settled_at__gt=since, settled_at__lte=now
    )
    median: timedelta | None = answered.order_by().aggregate(median=Median(took))["median"]
    return median


# Closings. An incident counts when it is closed now and became so between the two moments: we saw
# it happen, or it is not older than that.
def closed_within(incidents: QuerySet[Incident], *, since: datetime) -> QuerySet[Incident]:
    """Incidents closed since a moment and not opened again."""
    closings = TimelineItem.objects.filter(
        Q(code="closed") | Q(code="status", details__to=Status.CLOSED.label),
        incident=OuterRef("pk"),
        at__gt=since,
    )
    closed = incidents.filter(
        status=Status.CLOSED, gone_at=None, merged_into=None, modified_at__gt=since
    )
    return closed.filter(Q(created_at__gt=since) | Q(Exists(closings)))


def closed_by_classification(
    incidents: QuerySet[Incident], *, since: datetime
) -> list[tuple[str, int]]:
    """How many were closed as what since a moment, the most frequent first."""
    rows = closed_within(incidents, since=since).order_by().values_list("classification")
    return list(rows.annotate(n=Count("pk")).order_by("-n", "classification"))


def days_until_a_week(first_at: datetime | None, *, now: datetime) -> int:
    """How many days are still missing until a week can be told; 7 where nothing began."""
    if first_at is None:
        return WEEK.days
    missing = WEEK - (now - first_at)
    return max(0, -(-missing // timedelta(days=1)))
