"""Second opinions: who is asked, what is hidden from whom meanwhile, how far people agree; and the
line of all that waits for a person of OT, as every page counts and orders it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from alerts.incidents.engine.hidden_verdicts import CoveredIncident, HiddenVerdict
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import Opinion, SecondOpinion, Verdict, VerdictIncident, VerdictKind
from alerts.reviews.policies import LEADS_OF_OT, LEADS_OF_SOC, can_decide
from alerts.reviews.queries.questions import verdicts_visible_to, waiting_for
from alerts.reviews.registry import count_plant_questions
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES, SOC_ROLES

_ABOUT = ("second_opinion__site", "second_opinion__verdict")


def opinions_waiting_for(user: User) -> QuerySet[Opinion]:
    """Return the second opinions that this person is asked for, the most urgent first."""
    waiting = Opinion.objects.filter(person=user, state=Opinion.State.WAITING)
    return waiting.select_related(*_ABOUT).order_by("due_at", "pk")


def opinions_asked_of(user: User) -> QuerySet[Opinion]:
    """Return every second opinion that this person was asked for, in no order."""
    return Opinion.objects.filter(person=user)


def answered_opinions(*, since: datetime, until: datetime) -> QuerySet[Opinion]:
    """Return second opinions that people gave after a moment and up to another, without those that
    took the place of the first answer: they are verdicts of their own.
    """
    answered = Opinion.objects.filter(
        state=Opinion.State.ANSWERED, settled_at__gt=since, settled_at__lte=until
    )
    return answered.exclude(second_opinion__correction__by=F("person")).order_by()


def opinion_asked_of(user: User, uuid: UUID) -> Opinion | None:
    """Return the question of this id that was put to this person."""
    opinions = Opinion.objects.filter(person=user, uuid=uuid)
    return opinions.select_related(*_ABOUT, "second_opinion__verdict__by").first()


def verdicts_open_to(user: User) -> QuerySet[Verdict]:
    """Return the verdicts in the person's reach but those on which their own opinion is awaited."""
    return without_hidden(user, verdicts_visible_to(user))


def without_hidden(user: User, verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Return these verdicts but those on which this person's own opinion is awaited."""
    hidden = hidden_from(user)
    return verdicts.exclude(pk__in=hidden.verdict_ids) if hidden else verdicts


def verdicts_hidden_from(user: User) -> list[HiddenVerdict]:
    """Return the verdicts that are put to this person, who has not answered yet, each with the
    incidents it covers: the question that is due first comes first. Incidents that the person has
    judged since are left out.
    """
    covered = VerdictIncident.objects.filter(
        verdict__second_opinion__opinions__person=user,
        verdict__second_opinion__opinions__state=Opinion.State.WAITING,
        verdict__second_opinion__state=SecondOpinion.State.OPEN,
    )
    own = VerdictIncident.objects.filter(
        incident=OuterRef("incident"),
        verdict__by=user,
        verdict__withdrawn_at=None,
        verdict__given_at__gte=OuterRef("verdict__given_at"),
    )
    opinion = "verdict__second_opinion__opinions"
    rows = covered.filter(~Exists(own)).order_by(f"{opinion}__due_at", f"{opinion}__pk", "pk")
    found: dict[int, tuple[tuple[UUID, str, datetime, UUID], list[CoveredIncident]]] = {}
    for pk, act, verdict, given_at, question, *covers in rows.values_list(
        "verdict",
        "verdict__act",
        "verdict__kind",
        "verdict__given_at",
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
    visible = verdicts_visible_to(user).filter(pk=OuterRef("verdict"))
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
    roles = LEADS_OF_OT | LEADS_OF_SOC
    if roles_of(user).isdisjoint(roles) or not _any_put_to_leads():
        return []
    waiting = Opinion.objects.filter(
        second_opinion=OuterRef("pk"), person=user, state=Opinion.State.WAITING
    )
    undecided = SecondOpinion.objects.filter(
        ~Exists(waiting), state=SecondOpinion.State.OPEN, leads_asked_at__isnull=False
    ).select_related("site", "verdict__by", "verdict__question")
    rows = undecided.prefetch_related("verdict__incidents__workspace__organisation", "opinions")
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


def agreement_since(since: datetime, *, verdicts: QuerySet[Verdict]) -> Agreement:
    """Return how often the second person agreed about answers since then; unsure ones left out."""
    rows = (
        Opinion.objects.filter(
            state=Opinion.State.ANSWERED,
            settled_at__gte=since,
            second_opinion__verdict__in=verdicts,
        )
        .exclude(verdict=VerdictKind.NOT_SURE)
        .values_list("second_opinion__verdict__kind", "verdict")
    )
    pairs = [(first in HARMLESS, second in HARMLESS) for first, second in rows]
    harmless = [second for first, second in pairs if first]
    return Agreement(
        len(pairs), sum(first == second for first, second in pairs), len(harmless), sum(harmless)
    )


@dataclass(frozen=True, slots=True)
class AwaitedOpinions:
    """Second opinions of one site that nobody has given yet: one for each person who was asked."""

    site: str
    waiting: int
    late: int
    due_since: datetime | None  # of the longest late; None where none is late


def awaited_opinions(verdicts: QuerySet[Verdict], *, now: datetime) -> list[AwaitedOpinions]:
    """Return what is awaited about these verdicts by site, the most late first."""
    late = Q(due_at__lt=now)
    rows = (
        Opinion.objects.filter(
            state=Opinion.State.WAITING, second_opinion__verdict__in=verdicts.order_by()
        )
        .order_by()
        .values("second_opinion__site")
        .annotate(
            name=F("second_opinion__site__name"),
            waiting=Count("pk"),
            late=Count("pk", filter=late),
            due_since=Min("due_at", filter=late),
        )
        .order_by("-late", "-waiting", "name")
        .values_list("name", "waiting", "late", "due_since")
    )
    return [AwaitedOpinions(*row) for row in rows]


type PlaceInLine = tuple[datetime, int, int]  # when it is due, questions before opinions, its id


@dataclass(frozen=True, slots=True)
class WaitingPosition:
    """Which of all that waits for a person this is; position 0 where it does not wait."""

    position: int
    total: int
    following: UUID | None


def count_waiting_for_ot(person: User) -> int:
    """Return how much waits for a person of OT."""
    return len(_line_of(person)) + len(suspicions_to_decide(person)) + count_plant_questions(person)


def place_in_line(uuid: UUID, person: User) -> WaitingPosition:
    """Return where a question or second opinion is among what waits; `following` is the next of
    those that are due at a time.
    """
    line = [waiting for _place, waiting in _line_of(person)]
    total = count_waiting_for_ot(person)
    if uuid not in line:
        return WaitingPosition(0, total, line[0] if line else None)
    at = line.index(uuid)
    return WaitingPosition(at + 1, total, line[at + 1] if at + 1 < len(line) else None)


def next_in_line(person: User, *, after: PlaceInLine) -> UUID | None:
    """Return what is behind this place in the person's line, the first again after the last."""
    line = _line_of(person)
    behind = [uuid for place, uuid in line if place > after]
    return behind[0] if behind else next((uuid for place, uuid in line if place != after), None)


def _line_of(person: User) -> list[tuple[PlaceInLine, UUID]]:
    """Questions and second opinions, the most urgent first."""
    asked = waiting_for(person).values_list("due_at", "pk", "uuid")
    own = opinions_waiting_for(person).values_list("due_at", "pk", "uuid")
    line = [((due_at, 0, pk), uuid) for due_at, pk, uuid in asked]
    return sorted(line + [((due_at, 1, pk), uuid) for due_at, pk, uuid in own])
