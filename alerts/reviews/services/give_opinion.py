"""Answer a second opinion, or pass it to the lead."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from alerts.reviews.engine.second_opinion import SUSPICIOUS, outcome_of
from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.policies import reasons_against_verdict, speaks_at
from alerts.reviews.services.answer import DONE_BY
from alerts.reviews.services.settle_second_opinion import (
    LockedCase,
    OpinionWords,
    close_second_opinion,
    correct_answer,
    lock_second_opinion,
)
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotGiveOpinion(Refused):
    """The second opinion was not given."""


@transaction.atomic
def give_opinion(
    *,
    opinion: UUID,
    by: User,
    verdict: str,
    cause: str,
    now: datetime,
    work_order: str = "",
    done_by: str = "",
    note: str = "",
) -> Opinion:
    """Answer a second opinion that one was asked for. Two of three people decide what the first
    answer comes to; who is not sure leaves it to the next. The same answer sent again changes
    nothing.
    """
    asked, case = _locked(opinion, by)
    words = OpinionWords(
        verdict, cause, work_order.strip()[:60], done_by if done_by in DONE_BY else "", note.strip()
    )
    if asked.state == Opinion.State.ANSWERED and (asked.verdict, asked.cause) == (verdict, cause):
        return asked
    reasons = _reasons_against_answering(asked, case, by=by)
    if reasons := reasons or reasons_against_verdict(
        case.incidents, verdict=verdict, cause=cause, note=words.note, by=by
    ):
        raise CannotGiveOpinion(*reasons)
    asked.state, asked.settled_at, asked.verdict, asked.cause = (
        Opinion.State.ANSWERED,
        now,
        words.verdict,
        words.cause,
    )
    asked.work_order, asked.done_by, asked.note = words.work_order, words.done_by, words.note
    asked.save()
    _decide(case, words=words, by=by, now=now)
    record(
        "reviews.opinion.given",
        on=asked,
        by=by,
        at=now,
        verdict=verdict,
        cause=cause,
        note=words.note,
        about=case.second_opinion.annotation.uuid,
        outcome=case.second_opinion.state,
    )
    return asked


@transaction.atomic
def pass_opinion_on(*, opinion: UUID, by: User, now: datetime) -> Opinion:
    """Leave a second opinion to the lead without an answer."""
    asked, case = _locked(opinion, by)
    if asked.state == Opinion.State.PASSED:
        return asked
    if reasons := _reasons_against_answering(asked, case, by=by):
        raise CannotGiveOpinion(*reasons)
    asked.state, asked.settled_at = Opinion.State.PASSED, now
    asked.save(update_fields=["state", "settled_at"])
    record(
        "reviews.opinion.passed",
        on=asked,
        by=by,
        at=now,
        about=case.second_opinion.annotation.uuid,
    )
    return asked


def _locked(uuid: UUID, by: User) -> tuple[Opinion, LockedCase]:
    found = Opinion.objects.filter(uuid=uuid, person=by).values_list("second_opinion", flat=True)
    pk = found.first()
    if pk is None:
        raise CannotGiveOpinion(gettext("This question was put to somebody else."))
    case = lock_second_opinion(pk)
    return Opinion.objects.select_for_update(of=("self",)).get(uuid=uuid), case


def _reasons_against_answering(asked: Opinion, case: LockedCase, *, by: User) -> list[str]:
    if asked.state == Opinion.State.ANSWERED:
        return [gettext("You have already answered this.")]
    is_over = not (case.second_opinion.is_open and case.incidents)
    if asked.state != Opinion.State.WAITING or is_over:
        return [gettext("There is nothing to answer any more: it was decided in the meantime.")]
    site = case.second_opinion.site
    workspaces = {each.workspace for each in case.incidents}
    if not all(speaks_at(by, site, each) for each in workspaces):
        return [gettext("Only OT of %(site)s can answer this.") % {"site": site}]
    return []


def _decide(case: LockedCase, *, words: OpinionWords, by: User, now: datetime) -> None:
    second_opinion = case.second_opinion
    first = second_opinion.annotation.verdict
    answered = second_opinion.opinions.filter(state=Opinion.State.ANSWERED)
    outcome = outcome_of(first, answered.values_list("verdict", flat=True))
    if outcome == "confirmed":
        close_second_opinion(second_opinion, state=SecondOpinion.State.CONFIRMED, now=now)
    elif outcome == "corrected" or (words.verdict == SUSPICIOUS != first):
        # A suspicion counts at once, also against a harmless answer: it is then asked about itself.
        correct_answer(case, words=words, by=by, now=now)
