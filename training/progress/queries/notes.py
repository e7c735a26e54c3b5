"""What readers say of lessons."""

from dataclasses import dataclass

from django.db.models import FETCH_RAISE, Count, Q

from portal.accounts.models import User
from training.catalog.models import Lesson
from training.catalog.queries import lessons_in_order
from training.progress.models import LessonNote


def note_of(reader: User, lesson: Lesson) -> LessonNote | None:
    """Return what this person said of a lesson."""
    return LessonNote.objects.filter(reader=reader, lesson=lesson).first()


@dataclass(frozen=True, slots=True)
class LessonVotes:
    """How many readers found a lesson clear, and how many did not."""

    lesson: Lesson
    clear: int
    unclear: int


MAX_NOTES = 100


def notes_to_read() -> list[LessonNote]:
    """Return the notes with a text that nobody has finished, newest first."""
    rows = LessonNote.objects.filter(done_at=None).exclude(text="")
    ordered = rows.select_related("lesson__module", "reader").order_by("-sent_at", "-pk")
    return list(ordered.fetch_mode(FETCH_RAISE)[:MAX_NOTES])


def votes_by_lesson() -> list[LessonVotes]:
    """Return the lessons that readers have judged, those that most found unclear first."""
    counted = lessons_in_order().annotate(
        clear=Count("notes", filter=Q(notes__is_clear=True)),
        unclear=Count("notes", filter=Q(notes__is_clear=False)),
    )
    rows = counted.filter(Q(clear__gt=0) | Q(unclear__gt=0)).order_by("-unclear", "-clear", "pk")
    return [
        LessonVotes(row, clear=row.clear, unclear=row.unclear)
        for row in rows.fetch_mode(FETCH_RAISE)[:MAX_NOTES]
    ]
