"""Answer a second opinion, pass it on, decide a suspicion as a lead, and close the case."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import Incident, TimelineItem
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.engine.second_opinion import HARMLESS, SUSPICIOUS, outcome_of
from alerts.reviews.models import CameBy, Opinion, SecondOpinion, Verdict
from alerts.reviews.policies import (
    MAX_NOTE_LENGTH,
    is_ot_at,
    leads_as,
    reasons_against_deciding_suspicion,
    reasons_against_verdict,
)
from alerts.reviews.queries.questions import incidents_decided_by
from alerts.reviews.services.notify import notify_outcome
from alerts.reviews.services.verdict_effects import apply_verdict_effects, settle_succession
from alerts.reviews.services.verdicts import VerdictValues, came_by_of, lock_with_neighbours
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import mark_acts_read, withdraw_notifications
from portal.text import visible_text

TAGOUT = "Tagout"


@dataclass(frozen=True, slots=True)
class LockedCase:
    """A second opinion with the incidents that its answer holds for, all locked."""

    second_opinion: SecondOpinion
    incidents: Sequence[Incident]
    neighbours: Sequence[int]  # incidents of the same patterns, ranked anew with these


def lock_second_opinion(pk: int) -> LockedCase:
    """Lock the incidents, then the second opinion, in the order of everybody in this room."""
    verdict = Verdict.objects.get(second_opinion=pk)
    incidents, neighbours = lock_with_neighbours(incidents_decided_by(verdict))
    rows = SecondOpinion.objects.select_for_update(of=("self",)).select_related(
        "site", "verdict__by", "verdict__question"
    )
    return LockedCase(rows.get(pk=pk), incidents, neighbours)


def lock_open(pk: int) -> SecondOpinion | None:
    """Return the second opinion, locked, if it is open and nobody else works on it."""
    rows = SecondOpinion.objects.select_for_update(of=("self",), skip_locked=True)
    chosen = rows.select_related("site", "verdict__by", "verdict__question")
    return chosen.filter(pk=pk, state=SecondOpinion.State.OPEN).first()


def correct_answer(
    case: LockedCase,
    *,
    values: VerdictValues,
    by: User,
    now: datetime,
    reason: str = "",
    decided_by: User | None = None,
) -> Verdict:
    """Let another answer take the place of the first. The first stays on record, superseded."""
    first = case.second_opinion.verdict
    verdict = Verdict.objects.create(
        question=first.question,
        by=by,
        given_at=now,
        key=uuid4(),
        act=uuid4(),
        came_by=came_by_of(by),
        **values.columns,
    )
    ids = [incident.pk for incident in case.incidents]
    verdict.incidents.set(ids)
    verdict.alerts.set(first.alerts.all())
    succession = settle_succession(ids)
    close_second_opinion(
        case.second_opinion,
        state=SecondOpinion.State.CORRECTED,
        now=now,
        reason=reason,
        correction=verdict,
        decided_by=decided_by,
    )
    apply_verdict_effects(
        verdict,
        incidents=case.incidents,
        questions=(),
        succession=succession,
        neighbours=case.neighbours,
        now=now,
    )
    return verdict


def close_second_opinion(
    second_opinion: SecondOpinion,
    *,
    state: SecondOpinion.State,
    now: datetime,
    reason: str = "",
    correction: Verdict | None = None,
    decided_by: User | None = None,
) -> None:
    """Store the result, withdraw what still waits, notify who is concerned."""
    second_opinion.state, second_opinion.decided_at = state, now
    second_opinion.reason, second_opinion.correction = reason[:500], correction
    second_opinion.decided_by = decided_by
    second_opinion.save(update_fields=["state", "decided_at", "reason", "correction", "decided_by"])
    withdraw_questions(second_opinion, now=now)
    if state == SecondOpinion.State.OVERTAKEN:
        return  # the verdict that overtook it stands on the timeline, and its people were told
    _write_down(second_opinion, now=now)
    notify_outcome(second_opinion, now=now)


def withdraw_questions(
    second_opinion: SecondOpinion, *, now: datetime, people: Collection[User] | None = None
) -> None:
    """Withdraw what still waits, from these people or from all."""
    waiting = second_opinion.opinions.filter(state=Opinion.State.WAITING)
    if people is not None:
        waiting = waiting.filter(person__in=people)
    for opinion in waiting.select_for_update(of=("self",)):
        opinion.state, opinion.settled_at = Opinion.State.WITHDRAWN, now
        opinion.save(update_fields=["state", "settled_at"])
        withdraw_notifications(act=opinion.act)


def _write_down(second_opinion: SecondOpinion, *, now: datetime) -> None:
    first = second_opinion.verdict
    answered = second_opinion.opinions.filter(state=Opinion.State.ANSWERED).order_by("settled_at")
    lead = second_opinion.decided_by
    write_timeline(
        incident_ids=list(first.incidents.values_list("pk", flat=True)),
        code="second-opinion",
        side=TimelineItem.Side.PORTAL if lead is None else _side_of(second_opinion),
        by=lead or TAGOUT,
        now=now,
        details={
            "outcome": second_opinion.state,
            "verdict": first.kind,
            "by": first.by.name,
            "others": [
                {"name": opinion.person.name, "verdict": opinion.verdict}
                for opinion in answered.select_related("person")
            ],
            "reason": second_opinion.reason,
            "second_opinion": str(second_opinion.uuid),
        },
    )


def _side_of(second_opinion: SecondOpinion) -> TimelineItem.Side:
    from_soc = second_opinion.state == SecondOpinion.State.HARMLESS_TO_SOC
    return TimelineItem.Side.SOC if from_soc else TimelineItem.Side.OT


def _people_only() -> str:
    return gettext("Second opinions are given and decided by people on a page, never by a token.")


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
    row, case = _locked(opinion, by)
    values = VerdictValues(verdict, cause, work_order, done_by, note).cleaned()
    if row.state == Opinion.State.ANSWERED and (row.verdict, row.cause) == (verdict, cause):
        return row
    reasons = [_people_only()] if came_by_of(by) is CameBy.TOKEN else []
    reasons = reasons or _reasons_against_answering(row, case, by=by)
    if reasons := reasons or reasons_against_verdict(
        case.incidents, verdict=verdict, cause=cause, note=values.note, by=by
    ):
        raise CannotGiveOpinion(*reasons)
    row.state, row.settled_at = Opinion.State.ANSWERED, now
    for field, value in asdict(values).items():
        setattr(row, field, value)
    row.save()
    mark_acts_read(acts=[row.act], now=now)
    _decide(case, values=values, by=by, now=now)
    record(
        "reviews.opinion.given",
        on=row,
        by=by,
        at=now,
        verdict=verdict,
        cause=cause,
        note=values.note,
        about=case.second_opinion.verdict.uuid,
        outcome=case.second_opinion.state,
    )
    return row


@transaction.atomic
def pass_opinion_on(*, opinion: UUID, by: User, now: datetime) -> Opinion:
    """Leave a second opinion to the lead without an answer."""
    row, case = _locked(opinion, by)
    if row.state == Opinion.State.PASSED:
        return row
    if reasons := _reasons_against_answering(row, case, by=by):
        raise CannotGiveOpinion(*reasons)
    row.state, row.settled_at = Opinion.State.PASSED, now
    row.save(update_fields=["state", "settled_at"])
    mark_acts_read(acts=[row.act], now=now)
    record(
        "reviews.opinion.passed",
        on=row,
        by=by,
        at=now,
        about=case.second_opinion.verdict.uuid,
    )
    return row


def _locked(uuid: UUID, by: User) -> tuple[Opinion, LockedCase]:
    rows = Opinion.objects.filter(uuid=uuid, person=by).values_list("second_opinion", flat=True)
    pk = rows.first()
    if pk is None:
        raise CannotGiveOpinion(gettext("This question was put to somebody else."))
    case = lock_second_opinion(pk)
    return Opinion.objects.select_for_update(of=("self",)).get(uuid=uuid), case


def _reasons_against_answering(opinion: Opinion, case: LockedCase, *, by: User) -> list[str]:
    if opinion.state == Opinion.State.ANSWERED:
        return [gettext("You have already answered this.")]
    is_over = not (case.second_opinion.is_open and case.incidents)
    if opinion.state != Opinion.State.WAITING or is_over:
        return [gettext("There is nothing to answer any more: it was decided in the meantime.")]
    site = case.second_opinion.site
    workspaces = {incident.workspace for incident in case.incidents}
    if not all(is_ot_at(by, site, workspace) for workspace in workspaces):
        return [gettext("Only OT of %(site)s can answer this.") % {"site": site}]
    return []


def _decide(case: LockedCase, *, values: VerdictValues, by: User, now: datetime) -> None:
    second_opinion = case.second_opinion
    first = second_opinion.verdict.kind
    answered = second_opinion.opinions.filter(state=Opinion.State.ANSWERED)
    outcome = outcome_of(first, answered.values_list("verdict", flat=True))
    if outcome == "confirmed":
        close_second_opinion(second_opinion, state=SecondOpinion.State.CONFIRMED, now=now)
    elif outcome == "corrected" or (values.verdict == SUSPICIOUS != first):
        # A suspicion counts at once, also against a harmless answer: it is then asked about itself.
        correct_answer(case, values=values, by=by, now=now)


CONFIRM, CORRECT = "confirm", "correct"


class CannotDecideSuspicion(Refused):
    """The suspicion stays undecided."""


@transaction.atomic
def decide_suspicion(
    *,
    second_opinion: UUID,
    by: User,
    choice: str,
    reason: str,
    now: datetime,
    verdict: str = "",
    cause: str = "",
) -> SecondOpinion:
    """Confirm or correct a suspicion as one of both leads. OT's lead corrects it with a verdict of
    their own; the SOC's lead can only set it aside, for they do not speak for OT.
    """
    pk = SecondOpinion.objects.filter(uuid=second_opinion).values_list("pk", flat=True).first()
    if pk is None:
        raise CannotDecideSuspicion(gettext("There is nothing to decide."))
    case = lock_second_opinion(pk)
    row, reason = case.second_opinion, visible_text(reason)
    is_ot = leads_as(row, by=by) == "ot"
    needs_verdict = is_ot and choice == CORRECT
    reasons = [_people_only()] if came_by_of(by) is CameBy.TOKEN else []
    reasons = (
        reasons
        or reasons_against_deciding_suspicion(row, by=by)
        or _reasons_in(choice, reason, verdict=verdict, cause=cause, needs_verdict=needs_verdict)
    )
    if reasons:
        raise CannotDecideSuspicion(*reasons)
    if needs_verdict:
        values = VerdictValues(verdict, cause, note=reason)
        correct_answer(case, values=values, by=by, now=now, reason=reason, decided_by=by)
    else:
        confirmed = choice == CONFIRM
        state = SecondOpinion.State.CONFIRMED if confirmed else SecondOpinion.State.HARMLESS_TO_SOC
        close_second_opinion(row, state=state, now=now, reason=reason, decided_by=by)
    record(
        "reviews.suspicion.decided",
        on=row,
        by=by,
        at=now,
        choice=choice,
        reason=reason,
        verdict=verdict if needs_verdict else "",
        about=row.verdict.uuid,
    )
    return row


def _reasons_in(
    choice: str, reason: str, *, verdict: str, cause: str, needs_verdict: bool
) -> list[str]:
    reasons = []
    if choice not in (CONFIRM, CORRECT):
        reasons.append(gettext("Say whether it stays suspicious or was harmless."))
    if not reason:
        reasons.append(gettext("Say why. One line is enough."))
    if len(reason) > MAX_NOTE_LENGTH:
        reasons.append(gettext("Keep the reason under 500 characters."))
    if needs_verdict and verdict not in HARMLESS:
        reasons.append(gettext("Say whether it was routine or maintenance."))
    elif needs_verdict and (not cause or cause_of(cause) is None):
        reasons.append(gettext("Choose a reason."))
    return reasons
