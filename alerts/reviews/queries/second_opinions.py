"""Read second opinions: what waits for a person, what they may see of both answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import Annotation, Opinion, SecondOpinion, Verdict
from alerts.reviews.policies import can_decide
from alerts.reviews.queries.asked import annotations_visible_to
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
    asked = Opinion.objects.filter(person=user, uuid=uuid)
    return asked.select_related(*_ABOUT, "second_opinion__annotation__by").first()


def annotations_told_to(user: User) -> QuerySet[Annotation]:
    """Return the verdicts in the person's reach but those on which their own opinion is awaited."""
    waiting = opinions_asked_of(user).filter(
        state=Opinion.State.WAITING, second_opinion__annotation=OuterRef("pk")
    )
    return annotations_visible_to(user).exclude(Exists(waiting))


def second_opinions_visible_to(user: User) -> QuerySet[SecondOpinion]:
    """Return those of which this person may see both answers: those decided or put to both leads,
    at their sites and in their workspaces, and those that they have answered themselves. The SOC
    gives no opinion, so it sees all of them. Who may still be asked sees nothing.
    """
    seen = annotations_visible_to(user).filter(pk=OuterRef("annotation"))
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
        Exists(answered) | (Q(Exists(seen)) & is_over & ~Exists(waiting))
    )


def suspicions_to_decide(user: User) -> list[SecondOpinion]:
    """Return the undecided suspicions that both leads are asked about and this one may decide, the
    oldest first.
    """
    roles = (Role.OT_SITE_LEAD, Role.SOC_LEAD)
    if roles_of(user).isdisjoint(roles):
        return []
    asked = SecondOpinion.objects.filter(
        state=SecondOpinion.State.OPEN, leads_asked_at__isnull=False
    ).select_related("site", "annotation__by", "annotation__review")
    rows = asked.prefetch_related("annotation__incidents__workspace__organisation", "opinions")
    return [each for each in rows.order_by("opened_at", "pk") if can_decide(each, by=user)]


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
            state=Opinion.State.ANSWERED, settled_at__gte=since,
            second_opinion__annotation__in=annotations,
        )
        .exclude(verdict=Verdict.NOT_SURE)
        .values_list("second_opinion__annotation__verdict", "verdict")
    )  # fmt: skip
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
