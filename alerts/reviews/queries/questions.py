"""Questions to OT, what asking would mean, and the answers in force: which are evidence, and which
suspicions nobody has decided (guard S1 keeps those incidents open).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from alerts.incidents.engine.answer_time import answer_within
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident, IncidentAlert, IncidentStatus
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import (
    AskedIncident,
    CameBy,
    Question,
    SecondOpinion,
    Verdict,
    VerdictAlert,
    VerdictIncident,
    VerdictKind,
)
from alerts.reviews.policies import ot_people_at
from alerts.sites.models import Site
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of
from portal.accounts.rights import OT_ROLES, READING_ROLES

# For how many incidents questions wait, to annotate them with.
WAITING_INCIDENTS = Count("asked_incidents", filter=Q(asked_incidents__answer=None))


def questions_visible_to(user: User, roles: Collection[Role] = READING_ROLES) -> QuerySet[Question]:
    """Questions at the person's sites or about incidents of their workspaces."""
    reach = reach_of(user, roles)
    questions = Question.objects.select_related(
        "site", "lead__workspace__organisation", "asked_by", "opened_by"
    )
    if reach.everywhere:
        return questions
    return questions.filter(
        Q(site__uuid__in=reach.sites) | reach.workspaces_where("lead__workspace__")
    )


def waiting_for(user: User) -> QuerySet[Question]:
    """Questions that this person may answer for OT, the most urgent first."""
    own = questions_visible_to(user, OT_ROLES)
    return own.filter(state=Question.State.WAITING).order_by("due_at", "pk")


HARMLESS_OF_A_TOKEN = Q(came_by=CameBy.TOKEN, kind__in=HARMLESS)


def verdicts_in_force() -> QuerySet[Verdict]:
    """Verdicts that hold: neither undone nor superseded. Each is one trial."""
    return Verdict.objects.filter(withdrawn_at=None, superseded_by=None)


def verdicts_visible_to(user: User) -> QuerySet[Verdict]:
    """Verdicts, in force or not, on incidents in the person's reach."""
    if reach_of(user).everywhere:
        return Verdict.objects.all()
    visible = incidents_visible_to(user).filter(pk=OuterRef("incident_id")).order_by()
    links = VerdictIncident.objects.filter(verdict_id=OuterRef("pk"))
    return Verdict.objects.filter(Exists(links.filter(Exists(visible))))


def verdict_on(incident_id: int) -> Verdict | None:
    """The verdict that holds for an incident."""
    verdicts = verdicts_in_force().filter(incidents=incident_id).select_related("by", "question")
    rows = {row.pk: row for row in verdicts}
    order = [VerdictOrder(row.given_at, row.pk, row.kind) for row in rows.values()]
    holding = verdicts_that_hold({incident_id: order})
    return rows[holding[incident_id].pk] if rows else None


class VerdictOrder(NamedTuple):
    """A verdict in the order of verdicts: by when it was given, then by its id."""

    at: datetime
    pk: int
    kind: str


def verdicts_that_hold(
    on_incident: Mapping[int, Sequence[VerdictOrder]],
) -> dict[int, VerdictOrder]:
    """Return of the verdicts on each incident the one that holds: the newest, or the newest
    suspicion that none overtakes. An incident without verdicts is left out.
    """
    blind = blind_verdicts(on_incident)
    holding = {}
    for incident, verdicts in on_incident.items():
        open_suspicions = [
            verdict
            for verdict in verdicts
            if verdict.kind == VerdictKind.SUSPICIOUS
            and all(
                (incident, verdict.pk, other.pk) in blind for other in verdicts if other > verdict
            )
        ]
        if verdicts:
            holding[incident] = max(open_suspicions or verdicts)
    return holding


def blind_verdicts(
    on_incident: Mapping[int, Sequence[VerdictOrder]],
) -> set[tuple[int, int, int]]:
    """Return incident, suspicion and a later verdict, wherever that one leaves out an alert that
    the suspicion is about: it was given before another incident was merged in, by people who had
    not seen that alert, so it does not end the suspicion.
    """
    doubtful = [
        incident
        for incident, verdicts in on_incident.items()
        if len(verdicts) > 1
        and any(row.kind == VerdictKind.SUSPICIOUS for row in verdicts if row < max(verdicts))
    ]
    if not doubtful:
        return set()
    links: QuerySet[Any] = VerdictIncident.objects.filter(
        incident__in=doubtful, verdict__kind=VerdictKind.SUSPICIOUS
    ).annotate(later=F("incident__verdicts"))
    left_out = _alerts_left_out(OuterRef("incident"), OuterRef("verdict"), OuterRef("later"))
    found = links.exclude(later=F("verdict")).filter(Exists(left_out))
    return set(found.values_list("incident", "verdict", "later"))


def _alerts_left_out(incident: OuterRef, suspicion: OuterRef, verdict: OuterRef) -> QuerySet[Any]:
    """Return the suspicion's alerts, merged ones too, that the other verdict is not about."""
    alerts: QuerySet[Any] = VerdictAlert.objects.filter(verdict=suspicion)
    judged = VerdictAlert.objects.filter(verdict=OuterRef(verdict), alert=OuterRef("alert"))
    here = Q(pk=OuterRef("incident")) | Q(
        number=OuterRef("incident__merged_into"), workspace=OuterRef("incident__workspace")
    )
    incidents = Incident.objects.filter(here, pk=OuterRef(OuterRef(incident)))
    links = IncidentAlert.objects.filter(Exists(incidents), alert=OuterRef("alert"))
    return alerts.filter(Exists(links), ~Exists(judged))


def newest_verdict_on(incident_ids: Collection[int]) -> Verdict | None:
    """Return the verdict on any of these incidents that was given last and holds."""
    verdicts = verdicts_in_force().filter(incidents__in=incident_ids).select_related("by")
    return verdicts.order_by("-given_at", "-pk").first()


def waiting_incidents_of(question: Question) -> QuerySet[Incident]:
    """Return the incidents of a question that OT has not answered for, the gravest first."""
    waiting = AskedIncident.objects.filter(question=question, answer=None).values("incident")
    return Incident.objects.filter(pk__in=waiting).order_by("-severity", "-created_at", "-pk")


@dataclass(frozen=True, slots=True)
class AnswerInForce:
    """A verdict that holds, and for which incidents of a question it does."""

    verdict: Verdict
    incidents: Sequence[Incident]


def answers_to(question: Question, *, reader: User) -> list[AnswerInForce]:
    """Return OT's answers about a question's incidents, newest first, since it was asked."""
    answered = question.asked_incidents.exclude(answer=None).select_related("incident")
    incidents = {row.incident_id: row.incident for row in answered}
    verdicts = verdicts_in_force().filter(incidents__in=incidents).select_related("by")
    by_pk = {verdict.pk: verdict for verdict in verdicts.order_by("given_at", "pk")}
    links = VerdictIncident.objects.filter(verdict__in=by_pk, incident__in=incidents).values_list(
        "verdict", "incident"
    )
    on_incident: dict[int, list[VerdictOrder]] = defaultdict(list)
    for pk, incident in links:
        row = by_pk[pk]
        on_incident[incident].append(VerdictOrder(row.given_at, pk, row.kind))
    about: dict[int, list[Incident]] = defaultdict(list)
    for incident, verdict in verdicts_that_hold(on_incident).items():
        about[verdict.pk].append(incidents[incident])
    visible = by_pk.keys() - hidden_from(reader).verdict_ids
    return [
        AnswerInForce(by_pk[pk], about[pk])
        for pk in reversed(by_pk)
        if pk in about and pk in visible
    ]


def incidents_asked(incident_ids: Collection[int]) -> set[int]:
    """Return those of these incidents about which questions wait for OT."""
    waiting = AskedIncident.objects.filter(
        incident__in=incident_ids, answer=None, question__state=Question.State.WAITING
    )
    return set(waiting.values_list("incident", flat=True))


def incidents_judged(incident_ids: Collection[int]) -> set[int]:
    """Return those of these incidents on which a verdict is in force."""
    links = VerdictIncident.objects.filter(
        incident__in=incident_ids, verdict__withdrawn_at=None, verdict__superseded_by=None
    )
    return set(links.values_list("incident", flat=True))


def open_question_on(incident_id: int) -> Question | None:
    """Return the most urgent question about this incident that waits for OT."""
    joined = ("site", "lead__workspace__organisation", "asked_by", "opened_by")
    questions = Question.objects.filter(
        asked_incidents__incident=incident_id,
        asked_incidents__answer=None,
        state=Question.State.WAITING,
    )
    waiting = questions.select_related(*joined)
    return waiting.order_by("due_at", "pk").first()


@dataclass(frozen=True, slots=True)
class AskPreview:
    """A question to one site. Where it is about several rows, they may be due at several times."""

    site: Site
    people: Sequence[User]
    earliest_due_at: datetime
    latest_due_at: datetime


def previews_of_asking(
    leads: Sequence[Incident], *, site_ids: Collection[int], by: User, now: datetime
) -> list[AskPreview]:
    """Return what asking about these incidents, one a question, would mean at each of the sites."""
    dues = [now + answer_within(lead.severity) for lead in leads]
    sites = Site.objects.filter(pk__in=site_ids).order_by("name")
    return [
        AskPreview(site, people_asked_at(site, leads[0], by=by), min(dues), max(dues))
        for site in sites
    ]


def people_asked_at(site: Site, lead: Incident, *, by: User) -> list[User]:
    """Return everyone who is told of a question to this site: OT there, without who asks."""
    return [person for person in ot_people_at(site, lead.workspace) if person != by]


def evidence_in_force() -> QuerySet[Verdict]:
    """Verdicts that count as evidence: those that hold, without suspicious ones that the SOC has
    closed as harmless, with its reason, and without harmless ones of a token: nobody has looked
    there. Each is one trial.
    """
    return (
        Verdict.objects.filter(withdrawn_at=None, superseded_by=None)
        .exclude(second_opinion__state=SecondOpinion.State.HARMLESS_TO_SOC)
        .exclude(HARMLESS_OF_A_TOKEN)
    )


def evidence_where(alias: str) -> str:
    """Return the same as a condition of SQL on a row of verdicts that goes by this alias."""
    return (
        f"{alias}.withdrawn_at IS NULL AND {alias}.superseded_by_id IS NULL"
        f" AND NOT ({alias}.came_by = '{CameBy.TOKEN.value}'"
        f" AND {alias}.verdict IN"
        f" ('{VerdictKind.ROUTINE.value}', '{VerdictKind.MAINTENANCE.value}'))"
        " AND NOT EXISTS ("
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
    incident__closed_at__gte=F("verdict__given_at"),
)
SETTLED_BY_SOC = Q(incident__status=IncidentStatus.CLOSED) & (
    CLOSED_AS_HARMLESS | Q(incident__classification="TruePositive")
)
# Judged and closed before Tagout first read it: of evidence, but nobody works on it here.
FROM_THE_PAST = Q(
    incident__status=IncidentStatus.CLOSED,
    incident__closed_at__lte=F("incident__stored_at"),
    verdict__given_at__lt=F("incident__stored_at"),
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An incident that OT called suspicious, which nobody has corrected. It is narrow once it has
    stayed undecided so long that both leads were asked. One from the past holds nothing open.
    """

    incident_id: int
    verdict_id: int
    given_at: datetime
    is_narrow: bool
    is_past: bool


def suspicions_on(incidents: QuerySet[Incident] | None = None) -> list[Suspicion]:
    """Return what is under suspicion among these incidents, or all, the oldest first. A verdict
    ends it, or that the SOC says it was harmless; "not sure" does not, nor does a new question, a
    merge or the end of an incident in Sentinel.
    """
    links = VerdictIncident.objects.filter(
        verdict__kind=VerdictKind.SUSPICIOUS, verdict__withdrawn_at=None
    )
    if incidents is not None:
        links = links.filter(incident__in=incidents)
    later = VerdictIncident.objects.filter(
        incident=OuterRef("incident"),
        verdict__withdrawn_at=None,
        verdict__given_at__gte=OuterRef("verdict__given_at"),
    ).exclude(Q(verdict=OuterRef("verdict")) | Q(verdict__kind=VerdictKind.NOT_SURE))
    rows = (
        links.exclude(SETTLED_BY_SOC)
        .exclude(
            verdict__second_opinion__state=SecondOpinion.State.HARMLESS_TO_SOC,
            verdict__second_opinion__decided_by__isnull=False,
        )
        .annotate(
            is_past=FROM_THE_PAST,
            may_have_ended=Q(incident__merged_into__isnull=False) | Q(Exists(later)),
        )
        .order_by("verdict__given_at", "verdict", "incident")
        .values_list(
            "pk",
            "may_have_ended",
            "incident",
            "verdict",
            "verdict__given_at",
            "verdict__second_opinion__state",
            "verdict__second_opinion__leads_asked_at",
            "is_past",
        )
    )
    found = list(rows)
    ended = _ended_among([pk for pk, may_have_ended, *_ in found if may_have_ended])
    return [
        Suspicion(
            incident,
            verdict,
            given_at,
            is_narrow=state == SecondOpinion.State.OPEN and asked_at is not None,
            is_past=bool(is_past),
        )
        for pk, _, incident, verdict, given_at, state, asked_at, is_past in found
        if pk not in ended
    ]


def _ended_among(link_ids: Collection[int]) -> set[int]:
    """Return those of these links that a later verdict has ended: few have another one at all, and
    which alerts that leaves out costs most to ask.
    """
    if not link_ids:
        return set()
    going_on = _without_ended(VerdictIncident.objects.filter(pk__in=link_ids))
    return set(link_ids) - set(going_on.values_list("pk", flat=True))


def _without_ended(links: QuerySet[Any]) -> QuerySet[Any]:
    """Return links without those that a later, sure verdict on the same alerts has ended."""
    survivor = {
        "incident__number": OuterRef("incident__merged_into"),
        "incident__workspace": OuterRef("incident__workspace"),
    }
    here = links.filter(~Exists(_later_verdicts(incident=OuterRef("incident"))))
    is_whole = Q(incident__merged_into=None)
    return here.filter(is_whole | ~Q(Exists(_later_verdicts(**survivor))))


def _later_verdicts(**where: OuterRef) -> QuerySet[Any]:
    links = VerdictIncident.objects.filter(**where, verdict__withdrawn_at=None)
    given_at, pk = OuterRef("verdict__given_at"), OuterRef("verdict")
    left_out = _alerts_left_out(
        OuterRef("incident"), OuterRef(OuterRef("verdict")), OuterRef("verdict")
    )
    links = links.exclude(verdict__kind=VerdictKind.NOT_SURE).filter(~Exists(left_out))
    return links.filter(
        Q(verdict__given_at__gt=given_at) | Q(verdict__given_at=given_at, verdict__gt=pk)
    )


def incidents_decided_by(verdict: Verdict) -> list[int]:
    """Return the incidents for which this verdict holds: no sure person has judged them since."""
    if verdict.withdrawn_at is not None:
        return []
    links = VerdictIncident.objects.filter(verdict=verdict)
    links = _without_ended(links).order_by("incident")
    return list(links.values_list("incident", flat=True))


def suspicions_without_opinion() -> list[int]:
    """Return the suspicious verdicts whose incidents the SOC closed as harmless before anybody else
    of OT was asked. They hold nothing open, but are evidence like any other.
    """
    links: QuerySet[Any] = VerdictIncident.objects.filter(
        CLOSED_AS_HARMLESS,
        incident__status=IncidentStatus.CLOSED,
        verdict__kind=VerdictKind.SUSPICIOUS,
        verdict__withdrawn_at=None,
        verdict__second_opinion=None,
    )
    return list(_without_ended(links).order_by("verdict").values_list("verdict", flat=True))


def why_settled(verdict: Verdict, *, asked_since: datetime) -> SecondOpinion.State | None:
    """Return what has settled an answer without a second opinion; None while it is open. Who closed
    an incident as harmless before the question was open has not answered it.
    """
    incident_ids = incidents_decided_by(verdict)
    if not incident_ids:
        return SecondOpinion.State.OVERTAKEN
    if verdict.kind != VerdictKind.SUSPICIOUS:
        return None
    links = VerdictIncident.objects.filter(verdict=verdict, incident__in=incident_ids)
    if links.exclude(SETTLED_BY_SOC).exists():
        return None
    if links.filter(incident__classification="TruePositive").exists():
        return SecondOpinion.State.CONFIRMED
    if not links.filter(incident__closed_at__gte=asked_since).exists():
        return None
    return SecondOpinion.State.HARMLESS_TO_SOC


def is_harmless_to_soc(verdict: Verdict) -> bool:
    """Whether the SOC has closed as harmless, with its reason, all that a suspicion is about."""
    links = VerdictIncident.objects.filter(
        verdict=verdict, incident__in=incidents_decided_by(verdict)
    )
    is_closed = CLOSED_AS_HARMLESS & Q(incident__status=IncidentStatus.CLOSED)
    return links.exists() and not links.exclude(is_closed).exists()
