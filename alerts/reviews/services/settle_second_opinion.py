"""End a second opinion: what follows in its transaction, whoever decided."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import Incident, TimelineItem
from alerts.reviews.models import Annotation, Opinion, SecondOpinion
from alerts.reviews.queries.suspicions import incidents_held_by
from alerts.reviews.services.consequences import follow_through
from alerts.reviews.services.neighbours import lock_with_neighbours
from alerts.reviews.services.succession import settle_succession
from alerts.reviews.services.tell_second_opinion import tell_outcome
from portal.accounts.models import User
from portal.notifications.services import take_back

TAGOUT = "Tagout"


@dataclass(frozen=True, slots=True)
class OpinionWords:
    """What a form said, ready to be kept."""

    verdict: str
    cause: str
    work_order: str = ""
    done_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LockedCase:
    """A second opinion with the incidents that its answer holds for, all locked."""

    second_opinion: SecondOpinion
    incidents: Sequence[Incident]
    near: Sequence[int]  # incidents of the same patterns, ranked anew with these


def lock_second_opinion(pk: int) -> LockedCase:
    """Lock the incidents, then the second opinion, in the order of everybody in this room."""
    annotation = Annotation.objects.get(second_opinion=pk)
    incidents, near = lock_with_neighbours(incidents_held_by(annotation))
    rows = SecondOpinion.objects.select_for_update(of=("self",)).select_related(
        "site", "annotation__by", "annotation__review"
    )
    return LockedCase(rows.get(pk=pk), incidents, near)


def lock_open(pk: int) -> SecondOpinion | None:
    """Return the second opinion, locked, if it is open and nobody else works on it."""
    rows = SecondOpinion.objects.select_for_update(of=("self",), skip_locked=True)
    wanted = rows.select_related("site", "annotation__by", "annotation__review")
    return wanted.filter(pk=pk, state=SecondOpinion.State.OPEN).first()


def correct_answer(
    case: LockedCase,
    *,
    words: OpinionWords,
    by: User,
    now: datetime,
    reason: str = "",
    decided_by: User | None = None,
) -> Annotation:
    """Let another answer take the place of the first. The first stays on record, superseded."""
    first = case.second_opinion.annotation
    annotation = Annotation.objects.create(
        review=first.review,
        verdict=words.verdict,
        cause=words.cause,
        work_order=words.work_order,
        done_by=words.done_by,
        note=words.note,
        by=by,
        given_at=now,
        key=uuid4(),
        act=uuid4(),
    )
    ids = [each.pk for each in case.incidents]
    annotation.incidents.set(ids)
    annotation.alerts.set(first.alerts.all())
    succession = settle_succession(ids)
    close_second_opinion(
        case.second_opinion,
        state=SecondOpinion.State.CORRECTED,
        now=now,
        reason=reason,
        correction=annotation,
        decided_by=decided_by,
    )
    follow_through(
        annotation,
        incidents=case.incidents,
        answered=(),
        succession=succession,
        near=case.near,
        now=now,
    )
    return annotation


def close_second_opinion(
    second_opinion: SecondOpinion,
    *,
    state: SecondOpinion.State,
    now: datetime,
    reason: str = "",
    correction: Annotation | None = None,
    decided_by: User | None = None,
) -> None:
    """Write down what it came to, withdraw what still waits, tell who is concerned."""
    second_opinion.state, second_opinion.decided_at = state, now
    second_opinion.reason, second_opinion.correction = reason[:500], correction
    second_opinion.decided_by = decided_by
    second_opinion.save(update_fields=["state", "decided_at", "reason", "correction", "decided_by"])
    withdraw_questions(second_opinion, now=now)
    if state == SecondOpinion.State.OVERTAKEN:
        return  # the verdict that overtook it stands on the timeline, and its people were told
    _write_down(second_opinion, now=now)
    tell_outcome(second_opinion, now=now)


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
        take_back(act=opinion.act)


def _write_down(second_opinion: SecondOpinion, *, now: datetime) -> None:
    first = second_opinion.annotation
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
            "verdict": first.verdict,
            "by": first.by.name,
            "others": [
                {"name": each.person.name, "verdict": each.verdict}
                for each in answered.select_related("person")
            ],
            "reason": second_opinion.reason,
            "second_opinion": str(second_opinion.uuid),
        },
    )


def _side_of(second_opinion: SecondOpinion) -> TimelineItem.Side:
    from_soc = second_opinion.state == SecondOpinion.State.HARMLESS_TO_SOC
    return TimelineItem.Side.SOC if from_soc else TimelineItem.Side.OT
