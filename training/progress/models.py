"""What learners have answered, and what they say of lessons."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Attempt(models.Model):
    """One try of one person at one version of a question; never changed, never deleted. `answer`
    states what was chosen or typed, in the order of the author (`training.catalog.engine.answers`).
    """

    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    version = models.ForeignKey(
        "catalog.QuestionVersion", on_delete=models.PROTECT, related_name="attempts"
    )
    number = models.PositiveIntegerField()  # the how-manieth of this person at this version
    answer = models.JSONField()
    is_correct = models.BooleanField()
    # The first right one of this person at this question, in whichever wording.
    is_first_right = models.BooleanField(default=False, db_default=False)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "version", "number"], name="attempts_are_numbered"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="attempts_count_from_one"),
            models.UniqueConstraint(
                fields=["version", "learner"],
                condition=Q(is_first_right=True),
                name="a_first_right_answer_is_given_once",
            ),
        ]
        indexes = [
            models.Index(fields=["learner", "-answered_at"], name="attempts_of_a_learner"),
            # Totals of teams are counted from this and the first right answers, not from the table.
            models.Index(
                fields=["version", "learner"],
                include=["is_correct"],
                condition=Q(number=1),
                name="first_tries",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} at {self.version_id}"


class LessonNote(models.Model):
    """A reader's feedback on a lesson: whether it was clear, and perhaps a line to its author. The
    latest word of a person replaces the one before.
    """

    MAX_TEXT = 1000

    lesson = models.ForeignKey("catalog.Lesson", on_delete=models.PROTECT, related_name="notes")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_clear = models.BooleanField()
    text = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lesson", "reader"], name="a_reader_has_one_note_on_a_lesson"
            ),
            models.CheckConstraint(
                condition=Q(is_clear=True) | ~Q(text=""),
                name="who_finds_a_lesson_unclear_says_what",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sent_at"],
                condition=Q(done_at=None) & ~Q(text=""),
                name="notes_to_read",
            )
        ]

    def __str__(self) -> str:
        return f"note on lesson {self.lesson_id}"
