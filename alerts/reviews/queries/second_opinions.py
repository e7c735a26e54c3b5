"""Second opinions, and suspicious verdicts that nobody has decided (S1 keeps those open)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.incidents.engine.hidden_verdicts import CoveredIncident, HiddenVerdict
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident, Status
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import Annotation, Opinion, SecondOpinion, Verdict
from alerts.reviews.policies import can_decide
from alerts.reviews.queries.questions import annotations_visible_to
from portal.accounts.models import OT_ROLES, SOC_ROLES, Role, User
from portal.accounts.queries import roles_of

_ABOUT = ("second_opinion__site", "second_opinion__annotation")


def opinions_waiting_for(user: User) -> QuerySet[Opinion]:
    """Return the second opinions that this person is asked for, the most urgent first."""
    waiting = Opinion.objects.filter(person=user, state=Opinion.State.WAITING)
    return waiting.select_related(*_ABOUT).order_by("due_at", "pk")


def opinions_asked_of(user: User) -> QuerySet[Opinion]:
    """Return every second opinion that this person was asked for, in no order."""
    return Opinion.objects.filter(person=user)


def opinion_asked_of(user: User, uuid: UUID) -> Opinion | None:
    """Return the question of this id that was put to this person."""
    opinions = Opinion.objects.filter(person=user, uuid=uuid)
    return opinions.select_related(*_ABOUT, "second_opinion__annotation__by").first()


def annotations_told_to(user: User) -> QuerySet[Annotation]:
    """Return the verdicts in the person's reach but those on which their own opinion is awaited."""
    return without_hidden(user, annotations_visible_to(user))


def without_hidden(user: User, annotations: QuerySet[Annotation]) -> QuerySet[Annotation]:
    """Return these verdicts but those on which this person's own opinion is awaited."""
    hidden = hidden_from(user)
    return annotations.exclude(pk__in=hidden.annotation_ids) if hidden else annotations


def verdicts_hidden_from(user: User) -> list[HiddenVerdict]:
    """Return the verdicts that are put to this person, who has not answered yet, each with the
    incidents it covers: the question that is due first comes first. Incidents that the person has
    judged since are left out.
    """
    covered = Annotation.incidents.through.objects.filter(
        annotation__second_opinion__opinions__person=user,
        annotation__second_opinion__opinions__state=Opinion.State.WAITING,
        annotation__second_opinion__state=SecondOpinion.State.OPEN,
    )
    own = Annotation.incidents.through.objects.filter(
        incident=OuterRef("incident"),
        annotation__by=user,
        annotation__withdrawn_at=None,
        annotation__given_at__gte=OuterRef("annotation__given_at"),
    )
    opinion = "annotation__second_opinion__opinions"
    rows = covered.filter(~Exists(own)).order_by(f"{opinion}__due_at", f"{opinion}__pk", "pk")
    found: dict[int, tuple[tuple[UUID, str, datetime, UUID], list[CoveredIncident]]] = {}
    for pk, act, verdict, given_at, question, *covers in rows.values_list(
        "annotation",
        "annotation__act",
        "annotation__verdict",
        "annotation__given_at",
        f"{opinion}__uuid",
        "incident",
        "incident__group_key",
        "incident__pattern",
    ):
        entry = found.setdefault(pk, ((act, verdict, given_at, question), []))
        entry[1].append(CoveredIncident(*covers))
    return [HiddenVerdict(pk, *fields, tuple(about)) for pk, (fields, about) in found.items()]


def second_opinions_visible_to(user: User) -> QuerySet[SecondOpinion]:
    """Return those of which this person may see both answers: those decided or put to both leads,
    at their sites and in their workspaces, and those that they have answered themselves. The SOC
    gives no opinion, so it sees all of them. Who may still be asked sees nothing.
    """
    visible = annotations_visible_to(user).filter(pk=OuterRef("annotation"))
    answered = Opinion.objects.filter(
        second_opinion=OuterRef("pk"), person=user, state=Opinion.State.ANSWERED
    )
    is_over = ~Q(state=SecondOpinion.State.OPEN) | Q(leads_asked_at__isnull=False)
    if not roles_of(user).isdisjoint(SOC_ROLES) and roles_of(user).isdisjoint(OT_ROLES):
        is_over |= Q(state=SecondOpinion.State.OPEN)
    waiting = Opinion.objects.filter(
        second_opinion=OuterRef("pk"), person=user, state=Opinion.State.WAITING
    )
    return SecondOpinion.objects.filter(
        Exists(answered) | (Q(Exists(visible)) & is_over & ~Exists(waiting))
    )


def suspicions_to_decide(user: User) -> list[SecondOpinion]:
    """Return the undecided suspicions that both leads are asked about and this one may decide, the
    oldest first. Who is still asked for an opinion of their own gives that first.
    """
    roles = (Role.OT_SITE_LEAD, Role.SOC_LEAD)
    if roles_of(user).isdisjoint(roles) or not _any_put_to_leads():
        return []
    waiting = Opinion.objects.filter(
        second_opinion=OuterRef("pk"), person=user, state=Opinion.State.WAITING
    )
    undecided = SecondOpinion.objects.filter(
        ~Exists(waiting), state=SecondOpinion.State.OPEN, leads_asked_at__isnull=False
    ).select_related("site", "annotation__by", "annotation__review")
    rows = undecided.prefetch_related("annotation__incidents__workspace__organisation", "opinions")
    return [row for row in rows.order_by("opened_at", "pk") if can_decide(row, by=user)]


def _any_put_to_leads() -> bool:
    with connection.cursor() as cursor:  # asked by every page of a lead
        cursor.execute(
            "SELECT EXISTS (SELECT FROM reviews_secondopinion"
            " WHERE state = %s AND leads_asked_at IS NOT NULL)",
            [SecondOpinion.State.OPEN],
        )
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people of OT saw an answer as the first of them did."""

    asked: int  # second opinions that somebody sure has answered
    agreed: int
    harmless_asked: int
    harmless_agreed: int


def agreement_since(since: datetime, *, annotations: QuerySet[Annotation]) -> Agreement:
    """Return how often the second person agreed, of what was answered since then about these
    answers. Who was not sure neither agrees nor disagrees.
    """
    rows = (
        Opinion.objects.filter(
            state=Opinion.State.ANSWERED,
            settled_at__gte=since,
            second_opinion__annotation__in=annotations,
        )
        .exclude(verdict=Verdict.NOT_SURE)
        .values_list("second_opinion__annotation__verdict", "verdict")
    )
    pairs = [(first in HARMLESS, second in HARMLESS) for first, second in rows]
    harmless = [second for first, second in pairs if first]
    return Agreement(
        len(pairs), sum(first == second for first, second in pairs), len(harmless), sum(harmless)
    )


def evidence_in_force() -> QuerySet[Annotation]:
    """Verdicts that count as evidence: those that hold, without suspicious ones that the SOC has
    closed as harmless, with its reason. Each is one trial.
    """
    return Annotation.objects.filter(withdrawn_at=None, superseded_by=None).exclude(
        second_opinion__state=SecondOpinion.State.HARMLESS_TO_SOC
    )


def evidence_where(alias: str) -> str:
    """Return the same as a condition of SQL on a row of annotations that goes by this alias."""
    return (
        f"{alias}.withdrawn_at IS NULL AND {alias}.superseded_by_id IS NULL AND NOT EXISTS ("
        f"SELECT FROM reviews_secondopinion so WHERE so.annotation_id = {alias}.id"
        f" AND so.state = '{SecondOpinion.State.HARMLESS_TO_SOC.value}')"
    )


# A person of the SOC closed it as harmless after OT had called it suspicious, and Sentinel asks
# them for the reason; a rule never does. A true positive is a case of its own.
_HARMLESS = ("BenignPositive", "FalsePositive")
CLOSED_AS_HARMLESS = Q(
    incident__classification__in=_HARMLESS,
    incident__classification_reason__gt="",
    incident__closed_by="",
    incident__closed_at__gte=F("annotation__given_at"),
)
SETTLED_BY_SOC = Q(incident__status=Status.CLOSED) & (
    CLOSED_AS_HARMLESS | Q(incident__classification="TruePositive")
)
# Judged and closed before Tagout first read it: of evidence, but nobody works on it here.
FROM_THE_PAST = Q(
    incident__status=Status.CLOSED,
    incident__closed_at__lte=F("incident__stored_at"),
    annotation__given_at__lt=F("incident__stored_at"),
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An incident that OT called suspicious, which nobody has corrected. It is narrow once it has
    stayed undecided so long that both leads were asked. One from the past holds nothing open.
    """

    incident_id: int
    annotation_id: int
    given_at: datetime
    is_narrow: bool
    is_past: bool


def suspicions_on(incidents: QuerySet[Incident] | None = None) -> list[Suspicion]:
    """Return what is under suspicion among these incidents, or all, the oldest first. A verdict
    ends it, or that the SOC says it was harmless; "not sure" does not, nor does a new question, a
    merge or the end of an incident in Sentinel.
    """
    links = Annotation.incidents.through.objects.filter(
        annotation__verdict=Verdict.SUSPICIOUS, annotation__withdrawn_at=None
    )
    if incidents is not None:
        links = links.filter(incident__in=incidents)
    found: QuerySet[Any] = (
        links.exclude(SETTLED_BY_SOC)
        .exclude(
            annotation__second_opinion__state=SecondOpinion.State.HARMLESS_TO_SOC,
            annotation__second_opinion__decided_by__isnull=False,
        )
        .filter(~Exists(_later_verdicts()))
        .order_by("annotation__given_at", "annotation", "incident")
    )
    rows = found.annotate(is_past=Exists(_past_links())).values_list(
        "incident",
        "annotation",
        "annotation__given_at",
        "annotation__second_opinion__state",
        "annotation__second_opinion__leads_asked_at",
        "is_past",
    )
    return [
        Suspicion(
            incident,
            annotation,
            given_at,
            is_narrow=state == SecondOpinion.State.OPEN and asked_at is not None,
            is_past=is_past,
        )
        for incident, annotation, given_at, state, asked_at, is_past in rows
    ]


def _later_verdicts() -> QuerySet[Any]:
    """Verdicts on the same incident that were given after the suspicious one, by people who were
    sure.
    """
    links = Annotation.incidents.through.objects.filter(
        incident=OuterRef("incident"), annotation__withdrawn_at=None
    ).exclude(annotation__verdict=Verdict.NOT_SURE)
    given_at, pk = OuterRef("annotation__given_at"), OuterRef("annotation")
    return links.filter(
        Q(annotation__given_at__gt=given_at) | Q(annotation__given_at=given_at, annotation__gt=pk)
    )


def _past_links() -> QuerySet[Any]:
    return Annotation.incidents.through.objects.filter(FROM_THE_PAST, pk=OuterRef("pk"))


def incidents_held_by(annotation: Annotation) -> list[int]:
    """Return the incidents for which this verdict still holds: nobody who was sure has judged them
    since.
    """
    if annotation.withdrawn_at is not None:
        return []
    links = Annotation.incidents.through.objects.filter(annotation=annotation)
    links = links.filter(~Exists(_later_verdicts())).order_by("incident")
    return list(links.values_list("incident", flat=True))


def why_settled(annotation: Annotation) -> SecondOpinion.State | None:
    """Return what has settled an answer without a second opinion; None while it stands."""
    incident_ids = incidents_held_by(annotation)
    if not incident_ids:
        return SecondOpinion.State.OVERTAKEN
    if annotation.verdict != Verdict.SUSPICIOUS:
        return None
    links = Annotation.incidents.through.objects.filter(
        annotation=annotation, incident__in=incident_ids
    )
    if links.exclude(SETTLED_BY_SOC).exists():
        return None
    if links.filter(incident__classification="TruePositive").exists():
        return SecondOpinion.State.CONFIRMED
    return SecondOpinion.State.HARMLESS_TO_SOC
