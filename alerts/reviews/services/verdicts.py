"""Give OT's verdict, and take it back while nothing of it has reached Sentinel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import Alert, Incident, TimelineItem
from alerts.incidents.models.incident import OPEN
from alerts.reviews.models import (
    AskedIncident,
    CameBy,
    Question,
    SecondOpinion,
    Verdict,
    VerdictKind,
)
from alerts.reviews.policies import is_ot_at, reasons_against_verdict
from alerts.reviews.queries.questions import newest_verdict_on, suspicions_on
from alerts.reviews.services.sentinel_comments import withdraw_verdict
from alerts.reviews.services.verdict_effects import (
    apply_verdict_effects,
    patterns_of,
    recount_patterns,
    restore_ot_state,
    settle_succession,
)
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import mark_acts_read, withdraw_notifications
from portal.text import visible_text

DONE_BY = ("our-team", "vendor", "automation")


class CannotGiveVerdict(Refused):
    """The verdict was not given."""


@dataclass(frozen=True, slots=True)
class VerdictValues:
    """A verdict with its reason and details, as a form or a program sends it."""

    verdict: str
    cause: str
    work_order: str = ""
    done_by: str = ""
    note: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The same by the columns of `Verdict`."""
        values: dict[str, str] = asdict(self)
        return {"kind": values.pop("verdict"), **values}

    def cleaned(self) -> "VerdictValues":
        """Return the same with texts trimmed, and without a doer that is not offered."""
        return replace(
            self,
            work_order=self.work_order.strip()[:60],
            done_by=self.done_by if self.done_by in DONE_BY else "",
            note=visible_text(self.note),
        )


@transaction.atomic
def give_verdict(
    *,
    by: User,
    key: UUID,
    verdict: str,
    cause: str,
    now: datetime,
    question_id: int | None = None,
    incident_ids: Collection[int] = (),
    alert_ids: Collection[int] | None = None,
    work_order: str = "",
    done_by: str = "",
    note: str = "",
    latest_answer: str | None = None,
) -> Verdict:
    """Record for OT what this was: of a question's incidents, or of incidents nobody asked about.
    With both, of these incidents of the question; it waits on for the others. With the question
    alone, of all that it waits for, or of all it was about once it is answered.

    The same `key` from the same person gives the same verdict again and changes nothing; with
    another answer in it, it is refused. A later verdict supersedes earlier ones whose incidents it
    covers; they stay on record. One that comes by a token is an answer and no evidence.

    `latest_answer` is the UUID of the newest answer beside the form, empty where none was there:
    where somebody else has answered since, this one is refused, so that nobody overrules a
    colleague unawares.
    """
    if earlier := Verdict.objects.filter(by=by, key=key).first():
        if earlier.withdrawn_at is not None:
            raise CannotGiveVerdict(
                gettext("You have withdrawn this answer. Open the page again to give another.")
            )
        return _same(earlier, verdict=verdict, cause=cause)
    locked, neighbours = lock_with_neighbours(_ids(question_id, incident_ids))
    question = _locked(question_id)
    chosen = _chosen(question, incident_ids) if question else {incident.pk for incident in locked}
    incidents = [incident for incident in locked if incident.pk in chosen]
    neighbours += [incident.pk for incident in locked if incident.pk not in chosen]
    values = VerdictValues(verdict, cause, work_order, done_by, note).cleaned()
    reasons = _reasons(question, incidents, values, by)
    reasons = reasons or _reasons_against_token(incidents, values, by)
    if reasons := reasons or _unseen(incidents, latest_answer, by):
        raise CannotGiveVerdict(*reasons)
    try:
        with transaction.atomic():
            answer = Verdict.objects.create(
                question=question,
                by=by,
                given_at=now,
                key=key,
                act=uuid4(),
                came_by=came_by_of(by),
                **values.columns,
            )
    except IntegrityError:  # the same form, sent twice at the same instant
        return Verdict.objects.get(by=by, key=key)
    ids = [incident.pk for incident in incidents]
    answer.incidents.set(ids)
    answer.alerts.set(_alerts(ids, alert_ids))
    succession = settle_succession(ids)
    questions = _settle_questions(answer, incidents)
    apply_verdict_effects(
        answer,
        incidents=incidents,
        questions=questions,
        succession=succession,
        neighbours=neighbours,
        now=now,
    )
    record(
        "reviews.verdict.given",
        on=answer,
        by=by,
        at=now,
        verdict=verdict,
        cause=cause,
        work_order=values.work_order,
        note=values.note,
        n=len(ids),
        act=answer.act,
        incidents=[incident.name for incident in incidents[:100]],
        reviews=[question.uuid for question in questions],
        superseded=_uuids_of(succession.changed),
    )
    return answer


def _same(earlier: Verdict, *, verdict: str, cause: str) -> Verdict:
    if (earlier.kind, earlier.cause) == (verdict, cause):
        return earlier
    raise CannotGiveVerdict(
        gettext("This form has already been saved. Open the question again to change your answer.")
    )


def _locked(question_id: int | None) -> Question | None:
    """The question, locked after its incidents as everywhere in this room."""
    if question_id is None:
        return None
    return Question.objects.select_for_update(of=("self",)).get(pk=question_id)


def _ids(question_id: int | None, incident_ids: Collection[int]) -> list[int]:
    if question_id is None:
        return list(incident_ids)
    return list(Incident.objects.filter(questions=question_id).values_list("pk", flat=True))


def _chosen(question: Question, incident_ids: Collection[int]) -> set[int]:
    """The incidents of a question that an answer is about."""
    rows = dict(question.asked_incidents.values_list("incident", "answer"))
    if incident_ids:
        return rows.keys() & set(incident_ids)
    waiting = {pk for pk, answer in rows.items() if answer is None}
    return waiting or set(rows)


def _reasons(
    question: Question | None, incidents: Sequence[Incident], values: VerdictValues, by: User
) -> list[str]:
    reasons = reasons_against_verdict(
        incidents, verdict=values.verdict, cause=values.cause, note=values.note, by=by
    )
    if question and not reasons and not is_ot_at(by, question.site, question.lead.workspace):
        reasons.append(gettext("Only OT of %(site)s can answer this.") % {"site": question.site})
    if question and question.state == Question.State.WITHDRAWN:
        reasons.append(gettext("The SOC has withdrawn the question."))
    if not question and any(incident.is_read_only for incident in incidents):
        reasons.append(gettext("It was deleted or merged in Sentinel and is read-only here."))
    return reasons


def came_by_of(person: User) -> CameBy:
    """Return how a verdict of this person comes here."""
    return CameBy.PAGE if person.via_token is None else CameBy.TOKEN


def _reasons_against_token(
    incidents: Sequence[Incident], values: VerdictValues, by: User
) -> list[str]:
    """A suspicion is ended by somebody who looks; no program lets go of what it holds open."""
    if came_by_of(by) is not CameBy.TOKEN or values.verdict == VerdictKind.SUSPICIOUS:
        return []
    ids = [incident.pk for incident in incidents]
    if not suspicions_on(Incident.objects.filter(pk__in=ids)):
        return []
    return [gettext("It is under suspicion: only a person, on a page, can give another answer.")]


def _unseen(incidents: Sequence[Incident], latest_answer: str | None, by: User) -> list[str]:
    if latest_answer is None:
        return []
    newest = newest_verdict_on([incident.pk for incident in incidents])
    if newest is None or newest.by_id == by.pk or str(newest.uuid) == latest_answer:
        return []
    on_page = (
        Verdict.objects.filter(uuid=latest_answer).first() if _is_uuid(latest_answer) else None
    )
    if on_page and (on_page.given_at, on_page.pk) > (newest.given_at, newest.pk):
        return []  # one on incidents that were left out stood there, and it is newer
    words = gettext("%(name)s has answered in the meantime. Look at that answer first.")
    return [words % {"name": newest.by.name}]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _alerts(ids: Sequence[int], alert_ids: Collection[int] | None) -> list[int]:
    alerts = Alert.objects.filter(incidents__in=ids)
    if alert_ids is not None:
        alerts = alerts.filter(pk__in=alert_ids)
    return list(alerts.distinct().values_list("pk", flat=True))


def _uuids_of(pks: Collection[int]) -> list[UUID]:
    rows = Verdict.objects.filter(pk__in=pks).order_by("pk")
    return list(rows.values_list("uuid", flat=True))


def _settle_questions(verdict: Verdict, incidents: Sequence[Incident]) -> list[Question]:
    """The verdict answers waiting questions for these incidents, where it is of OT of the site that
    was asked. A question is answered once it waits for no incident any more. Returns those that
    this verdict answers, whole or in part.
    """
    waiting = AskedIncident.objects.filter(
        incident__in=incidents, answer=None, question__state=Question.State.WAITING
    )
    questions = Question.objects.filter(pk__in=waiting.values("question")).select_related(
        "asked_by", "site", "lead__workspace__organisation"
    )
    answered = [
        question
        for question in questions.order_by("pk").select_for_update(of=("self",))
        if is_ot_at(verdict.by, question.site, question.lead.workspace)
    ]
    waiting.filter(question__in=answered).update(answer=verdict)
    left = AskedIncident.objects.filter(question__in=answered, answer=None)
    waiting_on = set(left.values_list("question", flat=True))
    if done := [question for question in answered if question.pk not in waiting_on]:
        Question.objects.filter(pk__in=[question.pk for question in done]).update(
            state=Question.State.ANSWERED, settled_at=verdict.given_at
        )
        mark_acts_read(acts=[question.act for question in done], now=verdict.given_at)
    if answered and verdict.question_id is None:
        verdict.question = answered[0]
        verdict.save(update_fields=["question"])
    return answered


class CannotUndoVerdict(Refused):
    """The verdict cannot be undone."""


@transaction.atomic
def undo_verdict(*, act: UUID, by: User, now: datetime) -> Verdict:
    """Take one's own verdict back as if it had not been given: the question waits again, earlier
    verdicts hold again. Refused once it is on its way to Sentinel; then a new verdict corrects it.
    """
    own = Verdict.objects.filter(act=act, by=by)
    judged = own.filter(incidents__isnull=False)
    ids = list(judged.values_list("incidents", flat=True))
    _, neighbours = lock_with_neighbours(ids)  # before question and verdict, as who gives one does
    _lock_questions(own)
    verdict = own.select_for_update(of=("self",)).first()
    if verdict is None:
        raise CannotUndoVerdict(gettext("There is nothing to undo."))
    if verdict.withdrawn_at is not None:
        return verdict
    if verdict.superseded_by_id is not None:
        raise CannotUndoVerdict(gettext("Somebody has answered after you."))
    if SecondOpinion.objects.filter(correction=verdict).exists():
        raise CannotUndoVerdict(
            gettext("It was decided together with others. Give another verdict to correct it.")
        )
    if not withdraw_verdict(verdict, ids=ids, now=now):
        raise CannotUndoVerdict(
            gettext("It is already in Sentinel. Give another verdict to correct it.")
        )
    verdict.withdrawn_at = now
    verdict.save(update_fields=["withdrawn_at"])
    succession = settle_succession(ids)
    recount_patterns(patterns_of([verdict.pk, *succession.changed]))
    _wait_again(verdict, succession.holding)
    write_timeline(
        incident_ids=ids,
        code="undone",
        side=TimelineItem.Side.OT,
        by=by,
        now=now,
        act=act,
        details={"code": "answered"},
    )
    withdraw_notifications(act=act)
    restore_ot_state(ids, now=now, rank_too=neighbours)
    record("reviews.verdict.undone", on=verdict, by=by, at=now, verdict=verdict.kind)
    return verdict


def _lock_questions(verdicts: QuerySet[Verdict]) -> None:
    """Lock what these verdicts answered: other incidents of the same question, which are not
    locked here, may be answered right now, and whoever does that counts what is left.
    """
    questions = AskedIncident.objects.filter(answer__in=verdicts).values("question")
    list(Question.objects.filter(pk__in=questions).order_by("pk").select_for_update(of=("self",)))


def _wait_again(verdict: Verdict, holding: Mapping[int, int]) -> None:
    """Reopen questions for the incidents of this verdict that no other one since then answers."""
    rows = AskedIncident.objects.filter(answer=verdict).select_related("question")
    verdicts = Verdict.objects.in_bulk({*holding.values()})
    again = set()
    for row in rows:
        other = verdicts.get(holding.get(row.incident_id, 0))
        row.answer = other if other and other.given_at >= row.question.asked_at else None
        row.save(update_fields=["answer"])
        if row.answer is None:
            again.add(row.question_id)
    Question.objects.filter(pk__in=again, state=Question.State.ANSWERED).update(
        state=Question.State.WAITING, settled_at=None
    )


MAX_NEIGHBOURS = 2000


def lock_with_neighbours(ids: Collection[int]) -> tuple[list[Incident], list[int]]:
    """The incidents, and the newest open ones of the same patterns, which are ranked anew with
    them. All are locked in the order of their ids, before any row of the queue, as all do who
    regroup: so nobody waits for each other in a circle.
    """
    patterns = Incident.objects.filter(pk__in=ids, pattern__isnull=False).values("pattern")
    open_alike = Incident.objects.filter(OPEN, pattern__in=patterns).order_by("-created_at")
    neighbours = [
        incident
        for incident in open_alike.values_list("pk", flat=True)[:MAX_NEIGHBOURS]
        if incident not in ids
    ]
    list(
        Incident.objects.filter(pk__in=[*ids, *neighbours])
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk")
    )
    rows = Incident.objects.select_related("workspace__organisation")
    return list(rows.filter(pk__in=ids).order_by("pk")), neighbours
