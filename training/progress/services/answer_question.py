"""Judge an answer, and keep it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.errors import Refused
from portal.ui.words import number
from training.catalog.engine.grading import (
    MAX_TEXT,
    AnswerError,
    is_right,
    read_answer,
)
from training.catalog.models import QuestionVersion
from training.progress.models import Attempt
from training.progress.policies import reasons_against_learning
from training.progress.queries import seed_of


class CannotAnswer(Refused):
    """The answer was not taken."""


@transaction.atomic
def answer_question(
    *,
    version: QuestionVersion,
    form: Mapping[str, Sequence[str]],
    learner: User,
    now: datetime,
) -> Attempt:
    """Judge the answer in a form and keep it as the person's next attempt. Writes no audit entry:
    attempts are append-only themselves, and single answers are the learner's own affair.
    """
    if reasons := reasons_against_learning(learner):
        raise CannotAnswer(*reasons)
    attempt = judge_answer(version=version, form=form, learner=learner)
    # One at a time: two browser tabs must not count as the same attempt.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=learner.pk)
    right_before = Attempt.objects.filter(
        learner=learner, version__question=version.question_id, is_first_right=True
    )
    attempt.number = Attempt.objects.filter(learner=learner, version=version).count() + 1
    attempt.is_first_right = attempt.is_correct and not right_before.exists()
    attempt.answered_at = now
    attempt.save()
    return attempt


def judge_answer(
    *, version: QuestionVersion, form: Mapping[str, Sequence[str]], learner: User
) -> Attempt:
    """Return what an answer in a form is worth, as a first attempt that is not kept."""
    try:
        answer = read_answer(version.content, form, seed_of(version, learner))
        correct = is_right(version.content, answer)
    except AnswerError as error:
        raise CannotAnswer(_sentence(error.code)) from error
    return Attempt(learner=learner, version=version, number=1, answer=answer, is_correct=correct)


def _sentence(code: str) -> str:
    return {
        "none": gettext("Choose or type an answer first."),
        "many": gettext("Choose one answer only."),
        "long": gettext("Use at most %(n)s letters.") % {"n": number(MAX_TEXT)},
        "number": gettext("Type a number, such as 502 or 0x29."),
        "frame": gettext("Type the number of a frame, such as 17."),
        "gaps": gettext("Choose something in every row."),
        "parts": gettext("Choose a verdict, a reason, how sure you are, and a next step."),
        "twice": gettext("Give every step a place of its own."),
    }[code]
