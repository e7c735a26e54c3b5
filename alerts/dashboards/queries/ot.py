"""What an OT person finds at home."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Prefetch, QuerySet
from django.utils.translation import gettext

from alerts.incidents.models import Incident, IncidentStatus, Severity
from alerts.reviews.models import Question, Verdict, VerdictKind
from alerts.reviews.queries.questions import WAITING_INCIDENTS, verdicts_in_force, waiting_for
from alerts.reviews.queries.second_opinions import count_waiting_for_ot, opinions_waiting_for
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
class WaitingQuestion:
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
class PastAnswer:
    """One answer the person gave, and what became of it."""

    verdict: str
    at: datetime
    about: Subject
    n: int
    question: UUID | None
    is_open: bool
    classification: str
    is_overruled: bool  # some of it is closed although the answer calls it suspicious


@dataclass(frozen=True, slots=True)
class VerdictEffect:
    """What the person's verdicts came to."""

    verdicts: dict[str, int]  # how often which
    incidents: int  # judged by them
    closed: int  # of these, closed by the SOC since

    @property
    def total(self) -> int:
        """How many verdicts."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class OtHome:
    """All of it."""

    waiting: int
    first: WaitingQuestion | None
    others: Sequence[WaitingQuestion]
    effect: VerdictEffect
    answers: Sequence[PastAnswer]


def ot_home(user: User) -> OtHome:
    """Questions that wait, the most urgent first, and what came of one's answers."""
    rows, opinions = waiting_for(user), _opinions(user)
    asked_by_soc = [_question(row) for row in rows.annotate(n=WAITING_INCIDENTS)[: LISTED + 1]]
    questions = sorted([*asked_by_soc, *opinions], key=lambda question: question.due_at)[
        : LISTED + 1
    ]
    own = verdicts_in_force().filter(by=user)
    return OtHome(
        waiting=count_waiting_for_ot(user),
        first=questions[0] if questions else None,
        others=questions[1:],
        effect=effect_of(own),
        answers=_answers(own),
    )


def effect_of(verdicts: QuerySet[Verdict]) -> VerdictEffect:
    """Verdicts by kind, and how many of the incidents judged are closed by now."""
    by_verdict = verdicts.order_by().values_list("kind").annotate(n=Count("pk"))
    incidents = Incident.objects.filter(verdicts__in=verdicts.order_by()).order_by()
    states = dict(incidents.values_list("status").annotate(n=Count("pk", distinct=True)))
    counts = dict(by_verdict)
    return VerdictEffect(
        {verdict: counts[verdict] for verdict in VerdictKind.values if verdict in counts},
        sum(states.values()),
        states.get(IncidentStatus.CLOSED, 0),
    )


def _question(row: Question) -> WaitingQuestion:
    return WaitingQuestion(
        row.uuid,
        _subject(row.lead),
        getattr(row, "n", 1),
        row.asked,
        row.asked_by.name,
        row.asked_at,
        row.due_at,
        row.site.time_zone,
    )


def _opinions(user: User) -> list[WaitingQuestion]:
    """Second opinions that the person is asked for, without anything that leads."""
    incidents = Prefetch(
        "second_opinion__verdict__incidents",
        Incident.objects.order_by("-severity", "-created_at", "-pk"),
    )
    questions = []
    for opinion in opinions_waiting_for(user).prefetch_related(incidents):
        about = list(opinion.second_opinion.verdict.incidents.all())
        subject = replace(_subject(about[0]), severity="")
        questions.append(
            WaitingQuestion(
                opinion.uuid,
                subject,
                len(about),
                gettext("What was this?"),
                "Tagout",
                opinion.asked_at,
                opinion.due_at,
                opinion.second_opinion.site.time_zone,
            )
        )
    return questions


def _answers(verdicts: QuerySet[Verdict]) -> list[PastAnswer]:
    incidents = Prefetch("incidents", Incident.objects.order_by("-severity", "-created_at", "-pk"))
    newest = (
        verdicts.select_related("question").prefetch_related(incidents).order_by("-given_at", "-pk")
    )
    return [_past_answer(row, list(row.incidents.all())) for row in newest[:ANSWERS]]


def _past_answer(row: Verdict, incidents: list[Incident]) -> PastAnswer:
    lead = incidents[0]
    return PastAnswer(
        row.kind,
        row.given_at,
        _subject(lead),
        len(incidents),
        row.question.uuid if row.question else None,
        any(incident.is_open for incident in incidents),
        lead.classification,
        any(incident.is_closed_against_ot for incident in incidents),
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
