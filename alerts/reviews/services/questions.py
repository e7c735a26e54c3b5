"""Ask OT, note who opened the question first, hand it over, withdraw it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.acts.apply import lock_incidents_of_act, write_timeline
from alerts.incidents.engine.answer_time import answer_within
from alerts.incidents.ingest.overlay import set_ot_states
from alerts.incidents.models import Incident, OtState, TimelineItem
from alerts.reviews.engine.question import question_in
from alerts.reviews.models import READY, AskedIncident, Question
from alerts.reviews.policies import (
    is_ot_at,
    reasons_against_asking_ot,
    reasons_against_handing_over,
    reasons_against_withdrawing_question,
)
from alerts.reviews.queries.questions import people_asked_at, waiting_incidents_of
from alerts.reviews.services.notify import notify_asked, notify_handed_over
from alerts.reviews.services.verdict_effects import restore_ot_state
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import mark_acts_read, withdraw_notifications
from portal.text import visible_text


class CannotAsk(Refused):
    """OT was not asked."""


@transaction.atomic
def ask_ot(
    *,
    site_id: int,
    question: str,
    by: User,
    now: datetime,
    incident_ids: Collection[int] = (),
    group: UUID | None = None,
) -> Question:
    """Ask OT of a site one question about incidents or a queue row; refuse a second one."""
    incidents = _locked(incident_ids, group)
    site = Site.objects.filter(pk=site_id).first()
    if site is None:
        raise CannotAsk(gettext("Choose the site to ask."))
    question = visible_text(question)
    if reasons := reasons_against_asking_ot(incidents, site=site, question=question, by=by):
        raise CannotAsk(*reasons)
    lead = max(
        incidents, key=lambda incident: (incident.severity, incident.created_at, incident.pk)
    )
    row = Question.objects.create(
        site=site,
        lead=lead,
        text=question,
        asked_by=by,
        asked_at=now,
        due_at=now + answer_within(lead.severity),
        act=uuid4(),
    )
    row.incidents.set(incidents)
    ids, parts = [incident.pk for incident in incidents], question_in(question, ready=READY)
    write_timeline(
        incident_ids=ids,
        code="asked",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        act=row.act,
        details={
            "review": str(row.uuid),
            "site": site.name,
            "canned": bool(parts.ready),
            "question": parts.ready or parts.own,
            "own": parts.own if parts.ready else "",
        },
    )
    people = people_asked_at(site, lead, by=by)
    notify_asked(row, people=people, about=incidents, now=now)
    set_ot_states(standings={(OtState.WAITING, row.due_at): ids}, now=now)
    record(
        "reviews.review.asked",
        on=row,
        by=by,
        at=now,
        question=question,
        site=site.name,
        incidents=[incident.name for incident in incidents[:100]],
        n=len(ids),
        told=len(people),
    )
    return row


def _locked(incident_ids: Collection[int], group: UUID | None) -> list[Incident]:
    """The incidents, locked in one order, so that two who ask at once do not both succeed."""
    rows = Incident.objects.select_related("workspace__organisation").order_by("pk")
    chosen = rows.filter(group_key=group) if group else rows.filter(pk__in=incident_ids)
    locked = list(chosen.select_for_update(of=("self",)))
    unasked = [incident for incident in locked if not incident.ot_state] if group else []
    return unasked or locked


@transaction.atomic
def open_question(*, question_id: int, by: User, now: datetime) -> bool:
    """Note that OT has seen the question. True for the first reader who may answer it, once."""
    question = Question.objects.select_related("site", "lead__workspace__organisation").get(
        pk=question_id
    )
    if question.state != Question.State.WAITING or question.opened_by_id is not None:
        return False
    if not is_ot_at(by, question.site, question.lead.workspace):
        return False
    first = Question.objects.filter(pk=question_id, opened_by=None, state=Question.State.WAITING)
    if not first.update(opened_by=by, opened_at=now):
        return False
    write_timeline(
        incident_ids=list(question.incidents.values_list("pk", flat=True)),
        code="opened",
        side=TimelineItem.Side.OT,
        by=by,
        now=now,
        details={"review": str(question.uuid)},
    )
    record("reviews.review.opened", on=question, by=by, at=now)
    return True


class CannotHandOver(Refused):
    """The question was not handed over."""


@transaction.atomic
def hand_over_question(
    *, question_id: int, to: User | None, by: User, now: datetime, note: str = ""
) -> Question:
    """Point a colleague of the same site to this question. It stays open to all."""
    question = (
        Question.objects.select_for_update(of=("self",))
        .select_related("site", "lead__workspace__organisation", "asked_by")
        .get(pk=question_id)
    )
    if reasons := reasons_against_handing_over(question, to=to, by=by):
        raise CannotHandOver(*reasons)
    assert to is not None  # the policy says so
    note = visible_text(note)[:300]
    waiting = list(waiting_incidents_of(question))
    ids = [incident.pk for incident in waiting]
    write_timeline(
        incident_ids=ids,
        code="handed-over",
        side=TimelineItem.Side.OT,
        by=by,
        now=now,
        details={"review": str(question.uuid), "to": to.name, "note": note},
    )
    notify_handed_over(question, to=to, by=by, about=waiting, note=note, now=now)
    record("reviews.review.handed_over", on=question, by=by, at=now, to=to.email, note=note)
    return question


class CannotWithdraw(Refused):
    """The question was not withdrawn."""


@transaction.atomic
def withdraw_question(*, question_id: int, by: User, now: datetime) -> Question:
    """Withdraw the question, with mails that did not leave; its page states that."""
    links = AskedIncident.objects.filter(question=question_id)
    lock_incidents_of_act(
        list(links.values_list("incident", flat=True))
    )  # as who answers or undoes does
    question = (
        Question.objects.select_for_update(of=("self",))
        .select_related("site", "lead__workspace__organisation")
        .get(pk=question_id)
    )
    if reasons := reasons_against_withdrawing_question(question, by=by):
        raise CannotWithdraw(*reasons)
    ids = list(links.filter(answer=None).values_list("incident", flat=True))
    question.state, question.settled_at = Question.State.WITHDRAWN, now
    question.save(update_fields=["state", "settled_at"])
    write_timeline(
        incident_ids=ids,
        code="withdrawn",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        details={"review": str(question.uuid), "site": question.site.name},
        act=question.act,
    )
    withdraw_notifications(act=question.act)
    mark_acts_read(acts=[question.act], now=now)
    restore_ot_state(ids, now=now)
    record("reviews.review.withdrawn", on=question, by=by, at=now)
    return question
