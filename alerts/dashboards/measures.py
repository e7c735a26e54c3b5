"""What the numbers mean. Pages, reports and other programs count by these definitions and no
other. Each takes rows that the person may see, and moments of business time.

The unit is the incident, as Sentinel counts them; questions to OT are counted as questions, and
what people do as decisions, one an act. Rows of the queue and alerts are no measure: one row stands
for several incidents, one incident for several alerts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest, Least
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.incidents.models import (
    BY_RULE,
    CLOSE_IN_FORCE,
    CLOSED_AT,
    Incident,
    IncidentStatus,
    OtState,
)
from alerts.incidents.queue.conditions import is_in_work
from alerts.reviews.models import Question

WEEK = timedelta(days=7)
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many. Without any there is no share."""

    part: int
    of: int

    @property
    def percent(self) -> int | None:
        """In whole percent, never rounded up to 100; None of nothing."""
        return self.part * 100 // self.of if self.of else None


class Median(Aggregate):
    """The middle of durations."""

    function = "PERCENTILE_CONT"
    name = "Median"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


# The queue. A row has many open incidents: sum `n_unasked` and `n_waiting`, do not count rows.
WAITING = Q(n_waiting__gt=0)


def needs_triage_at(now: datetime) -> Q:
    """Rows of which something is left to ask OT about, and which nobody has put aside."""
    return Q(n_unasked__gt=0) & is_in_work(now)


def late_at(now: datetime) -> Q:
    """Rows in which an answer of OT is late."""
    return WAITING & Q(ot_due_at__lt=now)


def n_late_at(now: datetime) -> Case:
    """How many incidents of a row wait for an answer that is late: a row may wait for answers to
    several questions. They are counted in late rows only, which are few.
    """
    late = Incident.objects.filter(
        group_key=OuterRef("key"), ot_state=OtState.WAITING, ot_due_at__lt=now
    )
    counted = late.order_by().values("group_key").annotate(late=Count("pk")).values("late")
    return Case(When(late_at(now), then=Subquery(counted)), default=Value(0))


# The life of an incident, looking back. Who is merged away is its survivor; what Sentinel deleted
# was open until then; what was opened again counts as open all along. A closing is the close that
# still stands, at its moment.
LEFT_AT: Final = Case(
    When(status=IncidentStatus.CLOSED, then=Least(Greatest(CLOSED_AT, "created_at"), "gone_at")),
    default=F("gone_at"),
    output_field=DateTimeField(),
)


def lives(incidents: QuerySet[Incident]) -> QuerySet[Any]:
    """The incidents with `left_at`, since when each is not open any more, and with `is_closing` and
    `by_rule`: whether it left by a close that is in force, and whether that was our rule's.
    """
    return incidents.filter(merged_into=None).annotate(
        left_at=LEFT_AT, is_closing=_flag(CLOSE_IN_FORCE), by_rule=_flag(BY_RULE)
    )


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(value=True)), default=Value(value=False))


@dataclass(frozen=True, slots=True)
class Closed:
    """How many were closed with one classification, and how many of these by our rules."""

    classification: str
    n: int
    by_rule: int


def closed_by_classification(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> list[Closed]:
    """How many were closed as what since a moment, the most frequent first."""
    closed: QuerySet[Any] = incidents.filter(CLOSE_IN_FORCE).annotate(ended_at=CLOSED_AT)
    closed = closed.filter(ended_at__gt=since, ended_at__lte=now)
    rows = (
        closed.order_by()
        .values_list("classification")
        .annotate(n=Count("pk"), by_rule=Count("pk", filter=BY_RULE))
    )
    return [Closed(*row) for row in rows.order_by("-n", "classification")]


# Answers. A question counts on the day that decided it: answered in time when it was answered,
# late when its due time passed, however late the answer came. Withdrawn ones never count.
ANSWERED = Q(state=Question.State.ANSWERED)
IN_TIME = ANSWERED & Q(settled_at__lte=F("due_at"))
TIME_TO_ANSWER: Final[Any] = ExpressionWrapper(F("settled_at") - F("asked_at"), DurationField())


def decided_questions(questions: QuerySet[Question], *, now: datetime) -> QuerySet[Any]:
    """Questions answered in time or overdue, with `decided_at`: when that was settled."""
    overdue = (ANSWERED | Q(state=Question.State.WAITING)) & Q(due_at__lt=now)
    decided = questions.filter(IN_TIME | overdue).order_by()
    return decided.annotate(decided_at=Case(When(IN_TIME, then="settled_at"), default="due_at"))


def answered_in_time(questions: QuerySet[Question], *, since: datetime, now: datetime) -> Share:
    """How many of the questions decided between two moments OT answered in time."""
    decided = decided_questions(questions, now=now).filter(
        decided_at__gt=since, decided_at__lte=now
    )
    counts = decided.aggregate(part=Count("pk", filter=IN_TIME), of=Count("pk"))
    return Share(counts["part"], counts["of"])


def answered_questions(questions: QuerySet[Question]) -> QuerySet[Question]:
    """Questions that OT answered, at `settled_at`."""
    return questions.filter(ANSWERED).order_by()


def answer_time(
    questions: QuerySet[Question], *, since: datetime, now: datetime
) -> timedelta | None:
    """The median time from question to answer, of those answered between two moments."""
    answered = answered_questions(questions).filter(settled_at__gt=since, settled_at__lte=now)
    median: timedelta | None = answered.aggregate(median=Median(TIME_TO_ANSWER))["median"]
    return median


class MeasureKind(StrEnum):
    """How the rows of a period become its number."""

    OPEN = "open"  # incidents that are open at its end
    CLOSED_BY_PEOPLE = "closed-by-people"  # by anything other than our rules
    CLOSED_BY_RULE = "closed-by-rule"
    IN_TIME = "in-time"  # percent of questions that meet IN_TIME
    TIME_TO_ANSWER = "answer-took"  # the median of TIME_TO_ANSWER
    CAME = "came"  # incidents that were created in it
    CAME_BY_RULE = "came-by-rule"  # of these, those that our rules closed, whenever
    BY_RULE_SHARE = "by-rule-share"  # percent of those that came that our rules closed
    DECISIONS = "decisions"  # acts of people, as `queries/decision_counts.py` counts them
    DECISIONS_A_THOUSAND = "decisions-a-thousand"  # the same by thousand incidents that came


@dataclass(frozen=True, slots=True)
class Measure:
    """One number over time. Measures of questions have `rows`, each of which counts at its moment
    `at`; those of incidents are read from `lives`, and decisions from what people did.
    """

    name: str
    label: Promise
    definition: Promise
    unit: str
    kind: MeasureKind
    rows: Callable[[QuerySet[Question], datetime], QuerySet[Any]] | None = None
    at: str = ""

    @property
    def is_of_decisions(self) -> bool:
        """Whether it counts what people did here, which Tagout records since it has a workspace."""
        return self.kind in (MeasureKind.DECISIONS, MeasureKind.DECISIONS_A_THOUSAND)

    @property
    def is_of_incidents(self) -> bool:
        """Whether it counts incidents, so that a gap in reading Sentinel is a gap in it."""
        return self.rows is None and not self.is_of_decisions

    @property
    def needs_incidents(self) -> bool:
        """Whether the number of incidents is in it."""
        return self.is_of_incidents or self.kind is MeasureKind.DECISIONS_A_THOUSAND

    @property
    def counts_from_zero(self) -> bool:
        """Whether a period in which nothing happened has the number 0, not none."""
        return self.unit in ("incidents", "decisions")


MEASURES: Final = {
    measure.name: measure
    for measure in (
        Measure(
            "decisions",
            _("Decisions"),
            _(
                "Acts of people in Tagout in the period: closing, asking OT, answering, "
                "escalating, giving a second opinion. One act counts once, however many incidents "
                "it is about. Not counted: what was undone, what rules and programs do, verdicts "
                "from files, and what people do in Sentinel itself."
            ),
            "decisions",
            MeasureKind.DECISIONS,
        ),
        Measure(
            "decisions-per-thousand",
            _("Decisions per thousand incidents"),
            _(
                "Decisions in the period, divided by the incidents that were created in it, times a"
                " thousand. Incidents from before their workspace was connected are left out."
            ),
            "decisions per thousand incidents",
            MeasureKind.DECISIONS_A_THOUSAND,
        ),
        Measure(
            "open-incidents",
            _("Open incidents"),
            _("Incidents that were open at the end of the period, each counted once."),
            "incidents",
            MeasureKind.OPEN,
        ),
        Measure(
            "closed-by-people",
            _("Closed by people"),
            _(
                "Incidents closed in the period, in Tagout or in Sentinel, by anything other than "
                "a Tagout rule, and not reopened."
            ),
            "incidents",
            MeasureKind.CLOSED_BY_PEOPLE,
        ),
        Measure(
            "closed-by-rule",
            _("Closed by rules"),
            _("Incidents closed in the period by a signed Tagout rule, and not reopened."),
            "incidents",
            MeasureKind.CLOSED_BY_RULE,
        ),
        Measure(
            "closed-by-rule-share",
            _("Share closed by rules"),
            _(
                "Of the incidents that were created in the period, the share that a signed Tagout "
                "rule closed and nobody reopened."
            ),
            "percent",
            MeasureKind.BY_RULE_SHARE,
        ),
        Measure(
            "incidents-came",
            _("Incidents that came"),
            _("Incidents created in the period, without those that were merged into others."),
            "incidents",
            MeasureKind.CAME,
        ),
        Measure(
            "came-closed-by-rule",
            _("Came and closed by rules"),
            _(
                "Of the incidents that were created in the period, those that a signed Tagout rule "
                "closed and nobody reopened. All others are left to people."
            ),
            "incidents",
            MeasureKind.CAME_BY_RULE,
        ),
        Measure(
            "answer-time",
            _("OT answer time"),
            _(
                "The median time from question to answer, of the questions that OT answered in the "
                "period."
            ),
            "seconds",
            MeasureKind.TIME_TO_ANSWER,
            lambda questions, now: answered_questions(questions),
            at="settled_at",
        ),
        Measure(
            "answered-in-time",
            _("OT answered in time"),
            _(
                "The share of questions answered by their due time, of those that were answered in "
                "time or became late in the period. Withdrawn questions never count."
            ),
            "percent",
            MeasureKind.IN_TIME,
            lambda questions, now: decided_questions(questions, now=now),
            at="decided_at",
        ),
    )
}
