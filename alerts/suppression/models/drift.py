"""What a rule no longer fits because the plant changed, as OT is asked about it, and which line of
which version would be worded anew.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alerts.rules.rule import Clause


class DriftQuestion(models.Model):
    """Whether one change of a plant is what it looks like. Facts are `[code, details]` of the
    latest night; they no longer change once it is answered.
    """

    class Kind(models.TextChoices):
        """What seems to have changed."""

        REPLACED = "replaced", "Replaced"
        RENUMBERED = "renumbered", "Renumbered"
        JOINED = "joined", "Joined"
        MOVED = "moved", "Moved"

    class State(models.TextChoices):
        """What it came to."""

        WAITING = "waiting", "Waiting for OT"
        YES = "yes", "Yes"
        NO = "no", "No"
        OVERTAKEN = "overtaken", "No longer so"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    before = models.TextField(blank=True)  # a device or address that fell silent, or hours
    after = models.TextField()
    latest_on = models.DateField(null=True)  # when that was heard of last, on the plant's calendar
    first_on = models.DateField()
    against = models.JSONField()
    in_favour = models.JSONField()
    asked_at = models.DateTimeField()
    found_at = models.DateTimeField()  # by the latest mining that found it
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    unsure_ids = ArrayField(models.BigIntegerField(), default=list)  # who could not say
    answered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "before", "after"],
                condition=Q(state="waiting"),
                name="a_drift_is_asked_about_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("yes", "no"), answered_by__isnull=False)
                | (~Q(state__in=("yes", "no")) & Q(answered_by=None)),
                name="a_drift_is_decided_by_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["site"], condition=Q(state="waiting"), name="drift_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.kind} {self.after}"[:200]


class DriftLine(models.Model):
    """One line of a live version that a drift would word anew, and the version that does so after
    OT's yes.
    """

    question = models.ForeignKey(
        "suppression.DriftQuestion", on_delete=models.CASCADE, related_name="lines"
    )
    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="drift_lines"
    )
    line = models.JSONField()
    new_line = models.JSONField()
    alerts = models.PositiveIntegerField()  # since the drift, that the new line would cover
    days = models.PositiveSmallIntegerField()
    amendment = models.OneToOneField(
        "suppression.RuleVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name="amended_line",
    )
    refusal = models.TextField(blank=True)  # why there is none although OT said yes

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "version"], name="a_drift_changes_one_line_of_a_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.version_id}"

    @property
    def before(self) -> Clause:
        """The line as it was signed."""
        return clause_of(self.line)

    @property
    def after(self) -> Clause:
        """The line as it would be worded."""
        return clause_of(self.new_line)


def clause_of(data: dict[str, object]) -> Clause:
    """Return a line of a rule from its plain data."""
    values = data["values"]
    assert isinstance(values, list)
    return Clause(str(data["field"]), str(data["operator"]), tuple(values))
