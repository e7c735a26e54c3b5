"""What an OT person finds at home."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Prefetch, QuerySet
from django.utils.translation import gettext

from alerts.incidents.models import Incident, Severity, Status
from alerts.reviews.models import Annotation, Review, Verdict
from alerts.reviews.queries import (
    WAITING_INCIDENTS,
    annotations_in_force,
    opinions_waiting_for,
    waiting_for,
)
from portal.accounts.models import User

LISTED, ANSWERS = 8, 5


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question or an answer is about."""

    incident_id: int
    alert_type: str
    source: str
    destination: str
    place: str
    severity: str
    site_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Question:
    """One question that waits."""

    uuid: UUID
    about: Subject
    n: int
    words: str
    asked_by: str
    asked_at: datetime
    due_at: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Given:
    """One answer the person gave, and what became of it."""

    verdict: str
    at: datetime
    about: Subject
    n: int
    review: UUID | None
    is_open: bool
    classification: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What the person's verdicts came to."""

    verdicts: dict[str, int]  # how often which
    incidents: int  # judged by them
    closed: int  # of these, closed by the SOC since

    @property
    def given(self) -> int:
        """How many verdicts."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class OtHome:
    """All of it."""

    waiting: int
    first: Question | None
    others: Sequence[Question]
    effect: Effect
    answers: Sequence[Given]


def ot_home(user: User) -> OtHome:
    """Questions that wait, the most urgent first, and what came of one's answers."""
    rows, opinions = waiting_for(user), _opinions(user)
    asked = [_question(row) for row in rows.annotate(n=WAITING_INCIDENTS)[: LISTED + 1]]
    questions = sorted([*asked, *opinions], key=lambda each: each.due_at)[: LISTED + 1]
    mine = annotations_in_force().filter(by=user)
    return OtHome(
        waiting=rows.count() + len(opinions),
        first=questions[0] if questions else None,
        others=questions[1:],
        effect=effect_of(mine),
        answers=_answers(mine),
    )


def effect_of(annotations: QuerySet[Annotation]) -> Effect:
    """Verdicts by kind, and how many of the incidents judged are closed by now."""
    counted = annotations.order_by().values_list("verdict").annotate(n=Count("pk"))
    judged = Incident.objects.filter(annotations__in=annotations.order_by()).order_by()
    states = dict(judged.values_list("status").annotate(n=Count("pk", distinct=True)))
    known = dict(counted)
    return Effect(
        {verdict: known[verdict] for verdict in Verdict.values if verdict in known},
        sum(states.values()),
        states.get(Status.CLOSED, 0),
    )


def _question(row: Review) -> Question:
    return Question(
        row.uuid,
        _subject(row.lead),
        getattr(row, "n", 1),
        row.asked,
        row.asked_by.name,
        row.asked_at,
        row.due_at,
        row.site.time_zone,
    )


def _opinions(user: User) -> list[Question]:
    """Second opinions that the person is asked for, without anything that leads."""
    incidents = Prefetch(
        "second_opinion__annotation__incidents",
        Incident.objects.order_by("-severity", "-created_at", "-pk"),
    )
    found = []
    for each in opinions_waiting_for(user).prefetch_related(incidents):
        about = list(each.second_opinion.annotation.incidents.all())
        subject = replace(_subject(about[0]), severity="")
        found.append(
            Question(
                each.uuid,
                subject,
                len(about),
                gettext("What was this?"),
                "Tagout",
                each.asked_at,
                each.due_at,
                each.second_opinion.site.time_zone,
            )
        )
    return found


def _answers(mine: QuerySet[Annotation]) -> list[Given]:
    incidents = Prefetch("incidents", Incident.objects.order_by("-severity", "-created_at", "-pk"))
    newest = mine.select_related("review").prefetch_related(incidents).order_by("-given_at", "-pk")
    return [_given(row, list(row.incidents.all())) for row in newest[:ANSWERS]]


def _given(row: Annotation, incidents: list[Incident]) -> Given:
    lead = incidents[0]
    return Given(
        row.verdict,
        row.given_at,
        _subject(lead),
        len(incidents),
        row.review.uuid if row.review else None,
        any(each.is_open for each in incidents),
        lead.classification,
    )


def _subject(incident: Incident) -> Subject:
    return Subject(
        incident.pk,
        incident.alert_type,
        incident.source,
        incident.destination,
        incident.place,
        Severity(incident.severity).label,
        incident.site_ids,
    )
