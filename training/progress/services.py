"""Judge an answer and keep it, or only judge it; send a note on a lesson, and finish one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number
from training.catalog.engine.answers import MAX_TEXT, AnswerError, is_right, read_submitted_answer
from training.catalog.models import Lesson, QuestionVersion
from training.progress.models import Attempt, LessonNote
from training.progress.policies import reasons_against_learning, reasons_against_reading_notes
from training.progress.queries.lesson_progress import seed_of


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
        answer = read_submitted_answer(version.content, form, seed_of(version, learner))
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


class CannotNote(Refused):
    """The note was not taken, or not finished."""


@transaction.atomic
def send_note(*, lesson: Lesson, is_clear: bool, text: str, by: User, now: datetime) -> LessonNote:
    """Store this person's note on a lesson, in place of the one before."""
    text = text.strip()
    reasons = reasons_against_learning(by)
    if not is_clear and not text:
        reasons.append(gettext("Say in a line what was not clear."))
    if len(text) > LessonNote.MAX_TEXT:
        too_long = gettext("Use at most %(n)s letters.") % {"n": number(LessonNote.MAX_TEXT)}
        reasons.append(too_long)
    if reasons:
        raise CannotNote(*reasons)
    note, _ = LessonNote.objects.update_or_create(
        lesson=lesson,
        reader=by,
        defaults={
            "is_clear": is_clear,
            "text": text,
            "sent_at": now,
            "done_at": None,
            "done_by_label": "",
        },
    )
    record("progress.note.sent", on=note, by=by, at=now, lesson=lesson.slug, clear=is_clear)
    return note


@transaction.atomic
def finish_note(*, note_id: int, by: User, now: datetime) -> None:
    """Mark that a note was read and the lesson mended, or left as it is on purpose."""
    if reasons := reasons_against_reading_notes(by):
        raise CannotNote(*reasons)
    open_notes = LessonNote.objects.filter(pk=note_id, done_at=None)
    if open_notes.update(done_at=now, done_by_label=str(by)[:200]):
        note = LessonNote.objects.get(pk=note_id)
        record("progress.note.finished", on=note, by=by, at=now)
