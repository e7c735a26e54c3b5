"""Questions about incidents that were merged away before OT answered: they go on about the incident
that is left, under the same address. Where that one does not touch the site that was asked, so that
OT there could not read it, the question stays where it is and is answered there.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from alerts.incidents.acts.apply import lock_incidents_of_act, write_timeline
from alerts.incidents.models import DetailsState, Incident, TimelineItem
from alerts.reviews.models import AskedIncident, Question
from alerts.reviews.services.verdict_effects import restore_ot_state
from portal.audit.services import record
from portal.notifications.services import withdraw_notifications

QUESTION_MOVED = "question-moved"
_BY = "Tagout"


def move_merged_question(*, now: datetime) -> bool:
    """Move one open question with its merged incident; False where none is left."""
    link = _to_move().first()
    if link is None:
        return False
    with transaction.atomic():
        lock_incidents_of_act([link.incident_id, link.survivor_id])
        question = Question.objects.select_for_update(of=("self",)).get(pk=link.question_id)
        incidents = Incident.objects.in_bulk([link.incident_id, link.survivor_id])
        if question.state == Question.State.WAITING:
            _move(question, incidents[link.incident_id], incidents[link.survivor_id], now=now)
    return True


def _to_move() -> QuerySet[Any]:
    """Return merged incidents of open questions whose survivor is stored and touches the site."""
    survivor = Incident.objects.filter(
        workspace=OuterRef("incident__workspace"),
        number=OuterRef("incident__merged_into"),
        details_state=DetailsState.FETCHED,
        gone_at=None,
        site_ids__contains=[OuterRef("question__site")],
    )
    links: QuerySet[Any] = AskedIncident.objects.filter(
        answer=None, question__state=Question.State.WAITING, incident__merged_into__gt=0
    )
    found: QuerySet[Any] = links.annotate(survivor_id=Subquery(survivor.values("pk")[:1]))
    return found.exclude(survivor_id=None).order_by("question__asked_at", "pk")


def _move(question: Question, loser: Incident, survivor: Incident, *, now: datetime) -> None:
    links = AskedIncident.objects.filter(question=question)
    if not links.filter(incident=loser, answer=None).delete()[0]:
        return  # somebody answered meanwhile
    is_asked = AskedIncident.objects.filter(
        incident=survivor,
        answer=None,
        question__site=question.site_id,
        question__state=question.state,
    ).exists()
    if not is_asked and not links.filter(incident=survivor).exists():
        links.create(question=question, incident=survivor)
    if question.lead_id == loser.pk:
        question.lead = survivor
    if not links.filter(answer=None).exists():  # another question asks the same of OT
        has_answers = links.exists()
        question.state = Question.State.ANSWERED if has_answers else Question.State.WITHDRAWN
        question.settled_at = now
        withdraw_notifications(act=question.act)
    question.save(update_fields=["lead", "state", "settled_at"])
    for incident, details in (
        (loser, {"to": survivor.number}),
        (survivor, {"from": loser.number}),
    ):
        write_timeline(
            incident_ids=[incident.pk],
            code=QUESTION_MOVED,
            side=TimelineItem.Side.PORTAL,
            by=_BY,
            now=now,
            details={"review": str(question.uuid), **details},
        )
    restore_ot_state([loser.pk, survivor.pk], now=now)
    record(
        "reviews.review.moved",
        on=question,
        by=_BY,
        at=now,
        loser=loser.number,
        survivor=survivor.number,
    )
