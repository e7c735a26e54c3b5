"""What learners have answered. Nothing here is ever changed or deleted: progress is a query."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Attempt(models.Model):
    """One try of one person at one version of a question. `answer` says what was chosen or typed,
    in the order of the author (`training.catalog.engine.grading`).
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
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "version", "number"], name="attempts_are_numbered"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="attempts_count_from_one"),
        ]
        indexes = [
            models.Index(fields=["learner", "-answered_at"], name="attempts_of_a_learner"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} at {self.version_id}"
