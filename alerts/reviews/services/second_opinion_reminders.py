"""Remind who is late with a second opinion, and ask both leads where nobody decides."""

from datetime import datetime

from django.db.models import Q

from alerts.incidents.models import Incident
from alerts.reviews.engine.second_opinion import ASK_LEADS_EVERY, NARROWS_AFTER, SUSPICIOUS
from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.policies import leads_of
from alerts.reviews.queries.suspicions import suspicions_on
from alerts.reviews.services.settle_second_opinion import (
    TAGOUT,
    lock_open,
    withdraw_questions,
)
from alerts.reviews.services.tell_second_opinion import tell_leads, tell_reminder
from portal.audit.services import record


def late_opinions(*, now: datetime) -> list[int]:
    """Return the questions that were not answered in time and of which nobody was reminded."""
    late = Opinion.objects.filter(state=Opinion.State.WAITING, due_at__lte=now, reminded_at=None)
    return list(late.order_by("due_at", "pk").values_list("pk", flat=True))


def remind_of(pk: int, *, now: datetime) -> bool:
    """Remind the person who was asked, once."""
    rows = Opinion.objects.filter(pk=pk, state=Opinion.State.WAITING, reminded_at=None)
    if not rows.update(reminded_at=now):
        return False
    opinion = Opinion.objects.select_related("person", "second_opinion__site").get(pk=pk)
    about = Incident.objects.filter(annotations=opinion.second_opinion.annotation_id)
    tell_reminder(opinion, about=list(about), now=now)
    record("reviews.opinion.reminded", on=opinion, by=TAGOUT, at=now, to=opinion.person.email)
    return True


def due_for_leads(*, now: datetime) -> list[int]:
    """Return the suspicions of which both leads have to be asked today."""
    not_today = Q(leads_reminded_at=None) | Q(leads_reminded_at__lte=now - ASK_LEADS_EVERY)
    rows = SecondOpinion.objects.filter(
        not_today,
        state=SecondOpinion.State.OPEN,
        annotation__verdict=SUSPICIOUS,
        opened_at__lte=now - NARROWS_AFTER,
    )
    return list(rows.order_by("opened_at", "pk").values_list("pk", flat=True))


def ask_leads(pk: int, *, now: datetime) -> bool:
    """Ask both leads every day about a suspicion that stayed undecided; from the first time on it
    holds open its source and destination only. Who decides is told of the first answer, so a
    question for an opinion of their own ends.
    """
    found = lock_open(pk)
    if found is None or found.annotation.verdict != SUSPICIOUS:
        return False
    if now < found.opened_at + NARROWS_AFTER:
        return False
    if found.leads_reminded_at and now < found.leads_reminded_at + ASK_LEADS_EVERY:
        return False
    standing = suspicions_on(Incident.objects.filter(annotations=found.annotation))
    ids = [each.incident_id for each in standing if not each.is_past]
    incidents = list(Incident.objects.filter(pk__in=ids))
    people = leads_of(found.site, incidents[0].workspace) if incidents else []
    if not people:
        return False  # it stays as wide as it is while there is nobody to ask, or holds nothing
    if found.leads_asked_at is None:
        found.leads_asked_at = now
    found.leads_reminded_at = now
    found.save(update_fields=["leads_asked_at", "leads_reminded_at"])
    withdraw_questions(found, now=now, people=people)
    tell_leads(found, people=people, about=incidents, now=now)
    record(
        "reviews.suspicion.leads_asked",
        on=found,
        by=TAGOUT,
        at=now,
        people=[each.email for each in people],
    )
    return True
