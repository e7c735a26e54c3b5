"""OT's answer to whether the plant has changed. Yes proposes one amendment for each rule that it
touches, and closes nothing; no changes nothing and marks the newcomer as something else.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from alerts.reviews.policies import ANSWERING
from alerts.suppression.drafting.drift_questions import drift_questions_visible_to, question_digest
from alerts.suppression.models import DriftLine, DriftQuestion
from alerts.suppression.signing.amend import propose_amendment
from alerts.suppression.signing.notify import in_words
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused

YES, NO, NOT_SURE = "yes", "no", "not-sure"
ANSWERS: Final = (YES, NO, NOT_SURE)


class CannotAnswerDrift(Refused):
    """The answer was not taken."""


@transaction.atomic
def answer_drift(
    *,
    question: UUID,
    by: User,
    answer: str,
    digest: str,
    now: datetime,
    proved_at: datetime | None = None,
    note: str = "",
) -> DriftQuestion:
    """Take a person's answer to what they saw (its `question_digest`), and to nothing else: a night
    may have changed it since. Not sure leaves the question to the others who are asked. A rule that
    cannot be amended now stays as it is, with the reason on its line; where none can, the question
    waits.
    """
    row = (
        DriftQuestion.objects.select_for_update(of=("self",))
        .select_related("site")
        .get(uuid=question)
    )
    if reasons := reasons_against_answer(row, by=by):
        raise CannotAnswerDrift(*reasons)
    if answer not in ANSWERS:
        raise CannotAnswerDrift(gettext("Choose yes, no or not sure."))
    if digest != question_digest(row):
        raise CannotAnswerDrift(
            gettext("It has changed since you opened it. Look at it again, then answer.")
        )
    if answer == NOT_SURE:
        row.unsure_ids = sorted({*row.unsure_ids, by.pk})
        row.save(update_fields=["unsure_ids"])
    else:
        if answer == YES:
            lines = list(row.lines.select_related("version__rule").order_by("pk"))
            for line in lines:
                _amend(line, by=by, note=note, now=now, proved_at=proved_at)
            if not any(line.amendment for line in lines):
                raise CannotAnswerDrift(*dict.fromkeys(line.refusal for line in lines))
        row.state, row.answered_by, row.answered_at = DriftQuestion.State(answer), by, now
        row.save(update_fields=["state", "answered_by", "answered_at"])
    record(
        "suppression.drift.answered",
        on=row,
        by=by,
        at=now,
        answer=answer,
        kind=row.kind,
        before=row.before,
        after=row.after,
        against=[code for code, _ in row.against],
        rules=[line.version.rule.label for line in row.lines.select_related("version__rule")],
    )
    return row


def reasons_against_answer(row: DriftQuestion, *, by: User) -> list[str]:
    """Return why this person cannot answer a question."""
    if not drift_questions_visible_to(by, ANSWERING).filter(pk=row.pk).exists():
        words = gettext("Only people who speak for OT at %(site)s can answer this.")
        return [words % {"site": row.site}]
    if row.state == DriftQuestion.State.OVERTAKEN:
        return [
            gettext(
                "It is no longer so, or its rule is being changed: the last analysis did not find"
                " it again."
            )
        ]
    if row.state != DriftQuestion.State.WAITING:
        return [gettext("A colleague has answered it in the meantime.")]
    return []


def _amend(
    line: DriftLine, *, by: User, note: str, now: datetime, proved_at: datetime | None
) -> None:
    """Propose one amendment; where that is refused, nothing of it is left but the reason."""
    try:
        with transaction.atomic():
            line.amendment = propose_amendment(line, by=by, note=note, now=now, proved_at=proved_at)
    except Refused as refusal:
        line.amendment = None
        line.refusal = " ".join(in_words(reason) for reason in refusal.reasons)
    line.save(update_fields=["amendment", "refusal"])
