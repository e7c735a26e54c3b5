"""The rounds of second opinions: open, ask the next person, remind, ask both leads."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from alerts.incidents.engine.answer_time import answer_within
from alerts.incidents.models import Incident, TimelineItem
from alerts.reviews.engine.second_opinion import (
    ASK_LEADS_EVERY,
    HARMLESS,
    MAX_QUESTIONS,
    MAX_QUESTIONS_A_DAY,
    NARROWS_AFTER,
    SUSPICIOUS,
    asks_about_harmless_too,
    draw_number,
)
from alerts.reviews.engine.working_hours import due_in_working_hours, is_working
from alerts.reviews.models import Opinion, SecondOpinion, Verdict
from alerts.reviews.policies import is_ot_at, leads_of, ot_leads_at, ot_people_at
from alerts.reviews.queries.questions import (
    incidents_decided_by,
    is_harmless_to_soc,
    suspicions_on,
    suspicions_without_opinion,
    why_settled,
)
from alerts.reviews.services.notify import notify_asked_for_opinion, notify_leads, notify_reminder
from alerts.reviews.services.opinions import (
    TAGOUT,
    close_second_opinion,
    lock_open,
    withdraw_questions,
)
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.audit.services import record
from portal.notifications.queries import people_notified_of

log = logging.getLogger(__name__)

UNDO = timedelta(minutes=1)  # an answer may be taken back so long: nobody is asked about it yet
NEAR = timedelta(days=14)  # a harmless answer asked about was given about when the other one was
DAY = timedelta(days=1)
_AGAIN = (SecondOpinion.State.OVERTAKEN, SecondOpinion.State.CORRECTED)


def run_second_opinions(*, seed: bytes, now: datetime) -> dict[str, int]:
    """One round. `seed` is the secret that chance is drawn from."""
    return {
        "settled": _run_all(_open_ids(), lambda pk: _settle(pk, now=now)),
        "opened": _open_new(seed=seed, now=now),
        "asked": _run_all(_ids_to_ask(now=now), lambda pk: _ask_next(pk, seed=seed, now=now)),
        "reminded": _run_all(late_opinions(now=now), lambda pk: remind_of(pk, now=now)),
        "leads": _run_all(due_for_leads(now=now), lambda pk: ask_leads(pk, now=now)),
    }


def _open_ids() -> list[int]:
    rows = SecondOpinion.objects.filter(state=SecondOpinion.State.OPEN).order_by("opened_at", "pk")
    return list(rows.values_list("pk", flat=True))


def _ids_to_ask(*, now: datetime) -> list[int]:
    """Open ones that nobody has at hand, or somebody for too long, who may have left; where people
    work now.
    """
    waiting = Opinion.objects.filter(
        second_opinion=OuterRef("pk"), state=Opinion.State.WAITING, due_at__gt=now
    )
    rows = SecondOpinion.objects.filter(~Exists(waiting), state=SecondOpinion.State.OPEN)
    return _at_work(rows.order_by("opened_at", "pk"), "site__time_zone", now=now)


def _at_work(rows: QuerySet[Any], zone: str, *, now: datetime) -> list[int]:
    """Return those whose site has working hours now: Tagout asks nobody at night."""
    return [pk for pk, place in rows.values_list("pk", zone) if is_working(now, zone=place)]


def _run_all(ids: Iterable[int], act: Callable[[int], bool]) -> int:
    """One at a time; one that fails is logged, and looked at again in the next round."""
    done = 0
    for pk in ids:
        try:
            with transaction.atomic():
                done += act(pk)
        except Exception:
            log.exception("Second opinion %s could not be brought on", pk)
    return done


def _settle(pk: int, *, now: datetime) -> bool:
    """Close what other verdicts, an undo or the SOC have settled meanwhile."""
    second_opinion = lock_open(pk)
    if second_opinion is None:
        return False
    state = why_settled(second_opinion.verdict, asked_since=second_opinion.opened_at)
    if state is None:
        return False
    reason = _words_of_soc(second_opinion) if state == SecondOpinion.State.HARMLESS_TO_SOC else ""
    close_second_opinion(second_opinion, state=state, now=now, reason=reason)
    record("reviews.second_opinion.settled", on=second_opinion, by=TAGOUT, at=now, outcome=state)
    return True


def _words_of_soc(second_opinion: SecondOpinion) -> str:
    """Return how the SOC closed it, by its timeline."""
    closings = TimelineItem.objects.filter(
        incident__verdicts=second_opinion.verdict, code__in=("closed", "status")
    )
    details = closings.order_by("-at", "-pk").values_list("details", flat=True).first() or {}
    return str(details.get("comment") or "")


def _open_new(*, seed: bytes, now: datetime) -> int:
    """Open one for each suspicion that has none, one at a time of a pattern at a site."""
    suspicions = suspicions_on()
    ids = {suspicion.verdict_id for suspicion in suspicions}.union(suspicions_without_opinion())
    rows = Verdict.objects.filter(pk__in=ids, given_at__lte=now - UNDO).filter(
        Q(second_opinion=None)
        | Q(second_opinion__state__in=_AGAIN)
        | Q(
            second_opinion__state=SecondOpinion.State.HARMLESS_TO_SOC,
            second_opinion__decided_by=None,
        )
    )
    free = _without_asked(rows.select_related("question").prefetch_related("incidents"))
    return _run_all(free, lambda pk: _open(pk, seed=seed, now=now))


def _without_asked(rows: QuerySet[Verdict]) -> list[int]:
    """Leave out in one query those whose pattern is being asked about at one of their sites."""
    undecided = SecondOpinion.objects.filter(state=SecondOpinion.State.OPEN)
    busy = set(undecided.values_list("site", "verdict__incidents__pattern"))
    pending = []
    for verdict in rows.order_by("given_at", "pk"):
        incidents = list(verdict.incidents.all())
        own = verdict.question.site_id if verdict.question else None
        sites = {own} if own else {pk for incident in incidents for pk in incident.site_ids}
        pairs = {
            (site, incident.pattern) for site in sites for incident in incidents if incident.pattern
        }
        if pairs and pairs <= busy:
            continue
        busy |= pairs
        pending.append(verdict.pk)
    return pending


def _open(verdict_id: int, *, seed: bytes, now: datetime) -> bool:
    verdict = Verdict.objects.select_related("by", "question__site").get(pk=verdict_id)
    incidents = list(Incident.objects.filter(pk__in=incidents_decided_by(verdict)))
    site = _site_of(verdict, incidents)
    if site is None or _is_asked_already(incidents, site):
        return False
    if not _begin(verdict, site, now=now):
        return False
    if asks_about_harmless_too(verdict.uuid, seed=seed):
        harmless = _harmless_near(verdict, site, seed=seed)
        if harmless is not None:
            _begin(harmless, site, now=now)
    return True


def _begin(verdict: Verdict, site: Site, *, now: datetime) -> bool:
    """Open it, or reopen it where the answer is in force again."""
    try:
        with transaction.atomic():
            second_opinion, is_new = SecondOpinion.objects.get_or_create(
                verdict=verdict, defaults={"site": site, "opened_at": now}
            )
    except IntegrityError:  # another worker was faster
        return False
    if not is_new:
        second_opinion.state, second_opinion.decided_at, second_opinion.decided_by = (
            SecondOpinion.State.OPEN,
            None,
            None,
        )
        second_opinion.correction, second_opinion.reason, second_opinion.opened_at = None, "", now
        second_opinion.leads_asked_at = second_opinion.leads_reminded_at = None
        second_opinion.save()
    record(
        "reviews.second_opinion.opened",
        on=second_opinion,
        by=TAGOUT,
        at=now,
        about=verdict.uuid,
        verdict=verdict.kind,
    )
    return True


def _site_of(verdict: Verdict, incidents: Iterable[Incident]) -> Site | None:
    """The site whose people are asked: of the question, else the first that the incidents touch."""
    if verdict.question is not None:
        return verdict.question.site
    ids = [pk for incident in incidents for pk in incident.site_ids]
    return Site.objects.filter(pk__in=ids).order_by("name").first()


def _is_asked_already(incidents: Iterable[Incident], site: Site) -> bool:
    patterns = {incident.pattern for incident in incidents if incident.pattern}
    undecided = SecondOpinion.objects.filter(state=SecondOpinion.State.OPEN, site=site)
    return undecided.filter(verdict__incidents__pattern__in=patterns).exists()


def _harmless_near(verdict: Verdict, site: Site, *, seed: bytes) -> Verdict | None:
    """A harmless answer of about the same time at the same site, drawn by chance, so that neither
    its age nor the moment of asking sets it apart from a suspicious one.
    """
    span = (verdict.given_at - NEAR, verdict.given_at + NEAR)
    candidates = Verdict.objects.filter(
        kind__in=HARMLESS,
        withdrawn_at=None,
        superseded_by=None,
        second_opinion=None,
        given_at__range=span,
        incidents__site_ids__contains=[site.pk],
    )
    rows = candidates.exclude(pk=verdict.pk).select_related("by", "question__site").distinct()
    return min(rows, key=lambda row: draw_number(seed, "harmless", row.uuid), default=None)


def _ask_next(pk: int, *, seed: bytes, now: datetime) -> bool:
    """Put the question to the next person, where nobody has it."""
    second_opinion = lock_open(pk)
    if second_opinion is None:
        return False
    incidents = list(Incident.objects.filter(pk__in=incidents_decided_by(second_opinion.verdict)))
    if _is_waiting(second_opinion, incidents, now=now):
        return False
    people = _people_to_ask(second_opinion, incidents)
    if not people:
        return _end_unsure(second_opinion, now=now)
    free = [person for person in people if _asked_lately(person, now=now) < MAX_QUESTIONS_A_DAY]
    if not free:
        return False  # tomorrow
    person = _least_asked(free, second_opinion, seed=seed)
    span = answer_within(max(incident.severity for incident in incidents))
    due_at = due_in_working_hours(now, span, zone=second_opinion.site.time_zone)
    opinion = Opinion.objects.create(
        second_opinion=second_opinion, person=person, asked_at=now, due_at=due_at, act=uuid4()
    )
    notify_asked_for_opinion(opinion, about=incidents, now=now)
    record(
        "reviews.opinion.asked",
        on=opinion,
        by=TAGOUT,
        at=now,
        to=person.email,
        about=second_opinion.verdict.uuid,
    )
    return True


def _is_waiting(second_opinion: SecondOpinion, incidents: list[Incident], *, now: datetime) -> bool:
    """Whether somebody has the question who may answer it; from others it is withdrawn."""
    waiting = (
        second_opinion.opinions.filter(state=Opinion.State.WAITING).select_related("person").first()
    )
    if waiting is None:
        return False
    if incidents and is_ot_at(waiting.person, second_opinion.site, incidents[0].workspace):
        return True
    waiting.state, waiting.settled_at = Opinion.State.WITHDRAWN, now
    waiting.save(update_fields=["state", "settled_at"])
    return False


def _people_to_ask(second_opinion: SecondOpinion, incidents: list[Incident]) -> list[User]:
    """Who may be asked next, the right ones only: first another person of the site, the lead where
    there is none; once somebody has been asked, the lead. Nobody who was told of the answer.
    """
    if not incidents or second_opinion.opinions.count() >= MAX_QUESTIONS:
        return []
    judges = Verdict.objects.filter(incidents__in=incidents, withdrawn_at=None)
    excluded = {
        *judges.values_list("by", flat=True),
        *second_opinion.opinions.values_list("person", flat=True),
    }
    excluded |= people_notified_of(_telling_acts(second_opinion, incidents))
    workspace = incidents[0].workspace
    if second_opinion.leads_asked_at is not None:  # they decide, and were told for that
        excluded |= {lead.pk for lead in leads_of(second_opinion.site, workspace)}
    people = [
        person
        for person in ot_people_at(second_opinion.site, workspace)
        if person.pk not in excluded
    ]
    leads = [
        lead for lead in ot_leads_at(second_opinion.site, workspace) if lead.pk not in excluded
    ]
    others = [person for person in people if person not in leads]
    return (leads or others) if second_opinion.opinions.exists() else (others or leads)


def _telling_acts(second_opinion: SecondOpinion, incidents: list[Incident]) -> set[UUID]:
    """Return the acts whose notifications show the answer: giving it, and escalating it."""
    first = second_opinion.verdict
    escalations = TimelineItem.objects.filter(
        incident__in=incidents, code="escalated", at__gte=first.given_at, act__isnull=False
    )
    return {first.act, *(act for act in escalations.values_list("act", flat=True) if act)}


def _asked_lately(person: User, *, now: datetime) -> int:
    return Opinion.objects.filter(person=person, asked_at__gt=now - DAY).count()


def _least_asked(people: list[User], second_opinion: SecondOpinion, *, seed: bytes) -> User:
    waiting = dict(
        Opinion.objects.filter(person__in=people, state=Opinion.State.WAITING)
        .values_list("person")
        .annotate(n=Count("pk"))
    )
    return min(
        people,
        key=lambda person: (
            waiting.get(person.pk, 0),
            draw_number(seed, "person", second_opinion.uuid, person.uuid),
        ),
    )


def _end_unsure(second_opinion: SecondOpinion, *, now: datetime) -> bool:
    """Nobody is left to ask. A harmless answer is kept; a suspicion waits for the leads, but where
    the SOC has closed all of it as harmless, which then decides.
    """
    state = SecondOpinion.State.NOT_SURE
    if second_opinion.verdict.kind == SUSPICIOUS:
        if not is_harmless_to_soc(second_opinion.verdict):
            return False
        state = SecondOpinion.State.HARMLESS_TO_SOC
    close_second_opinion(second_opinion, state=state, now=now)
    record("reviews.second_opinion.settled", on=second_opinion, by=TAGOUT, at=now, outcome=state)
    return True


def late_opinions(*, now: datetime) -> list[int]:
    """Return the questions that were not answered in time and of which nobody was reminded."""
    opinions = Opinion.objects.filter(
        state=Opinion.State.WAITING, due_at__lte=now, reminded_at=None
    )
    return _at_work(opinions.order_by("due_at", "pk"), "second_opinion__site__time_zone", now=now)


def remind_of(pk: int, *, now: datetime) -> bool:
    """Remind the person who was asked, once."""
    rows = Opinion.objects.filter(pk=pk, state=Opinion.State.WAITING, reminded_at=None)
    if not rows.update(reminded_at=now):
        return False
    opinion = Opinion.objects.select_related("person", "second_opinion__site").get(pk=pk)
    about = Incident.objects.filter(verdicts=opinion.second_opinion.verdict_id)
    notify_reminder(opinion, about=list(about), now=now)
    record("reviews.opinion.reminded", on=opinion, by=TAGOUT, at=now, to=opinion.person.email)
    return True


def due_for_leads(*, now: datetime) -> list[int]:
    """Return the suspicions of which both leads have to be asked today."""
    not_today = Q(leads_reminded_at=None) | Q(leads_reminded_at__lte=now - ASK_LEADS_EVERY)
    rows = SecondOpinion.objects.filter(
        not_today,
        state=SecondOpinion.State.OPEN,
        verdict__kind=SUSPICIOUS,
        opened_at__lte=now - NARROWS_AFTER,
    )
    return _at_work(rows.order_by("opened_at", "pk"), "site__time_zone", now=now)


def ask_leads(pk: int, *, now: datetime) -> bool:
    """Ask both leads every day about a suspicion that stayed undecided; from the first time on it
    holds open its source and destination only. Who decides is told of the first answer, so a
    question for an opinion of their own ends.
    """
    second_opinion = lock_open(pk)
    if second_opinion is None or second_opinion.verdict.kind != SUSPICIOUS:
        return False
    if now < second_opinion.opened_at + NARROWS_AFTER:
        return False
    if (
        second_opinion.leads_reminded_at
        and now < second_opinion.leads_reminded_at + ASK_LEADS_EVERY
    ):
        return False
    suspicions = suspicions_on(Incident.objects.filter(verdicts=second_opinion.verdict))
    ids = [suspicion.incident_id for suspicion in suspicions if not suspicion.is_past]
    incidents = list(Incident.objects.filter(pk__in=ids))
    people = leads_of(second_opinion.site, incidents[0].workspace) if incidents else []
    if not people:
        return False  # it stays as wide as it is while there is nobody to ask, or holds nothing
    if second_opinion.leads_asked_at is None:
        second_opinion.leads_asked_at = now
    second_opinion.leads_reminded_at = now
    second_opinion.save(update_fields=["leads_asked_at", "leads_reminded_at"])
    withdraw_questions(second_opinion, now=now, people=people)
    notify_leads(second_opinion, people=people, about=incidents, now=now)
    record(
        "reviews.suspicion.leads_asked",
        on=second_opinion,
        by=TAGOUT,
        at=now,
        people=[person.email for person in people],
    )
    return True
