"""Readers tell the author what was not clear; the author says when it is mended."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number
from training.catalog.models import Lesson
from training.progress.models import LessonNote
from training.progress.policies import reasons_against_learning, reasons_against_reading_notes


class CannotNote(Refused):
    """The note was not taken, or not finished."""


@transaction.atomic
def send_note(*, lesson: Lesson, is_clear: bool, text: str, by: User, now: datetime) -> LessonNote:
    """Keep what this person says of a lesson, in place of what they said before."""
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
    """Say that a note was read and the lesson mended, or left as it is on purpose."""
    if reasons := reasons_against_reading_notes(by):
        raise CannotNote(*reasons)
    open_notes = LessonNote.objects.filter(pk=note_id, done_at=None)
    if open_notes.update(done_at=now, done_by_label=str(by)[:200]):
        note = LessonNote.objects.get(pk=note_id)
        record("progress.note.finished", on=note, by=by, at=now)
