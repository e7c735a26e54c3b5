"""What planned work says of an alert. The room of planned work writes it down here, so that lists,
ranking and rules read rows of one room.
"""

from django.db import models
from django.db.models import Q


class PlannedAlert(models.Model):
    """One alert beside one occurrence of planned work, as it was known from `known_from` to
    `known_until` (None: still so). Matching reads what is known now; a back-test reads what was
    known when the alert came.
    """

    class Fit(models.TextChoices):
        """How the alert relates to the work."""

        INSIDE = "inside", "Inside"
        LATE = "late", "After its end"
        NOT_NAMED = "not-named", "With a device that it does not name"

    alert = models.ForeignKey("incidents.Alert", on_delete=models.CASCADE, related_name="planned")
    occurrence = models.UUIDField()  # of the room of planned work, as is the work
    work = models.UUIDField()
    fit = models.CharField(max_length=9, choices=Fit)
    kind = models.CharField(max_length=20)
    names_devices = models.BooleanField()  # the work names devices, and not a whole zone
    title = models.CharField(max_length=200)
    work_order = models.CharField(max_length=60, blank=True)
    ends_at = models.DateTimeField()  # as planned
    inside_until = models.DateTimeField()  # with the slack after it
    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "occurrence"], name="an_alert_stands_beside_an_occurrence_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["occurrence"], condition=Q(known_until=None), name="alerts_of_an_occurrence"
            )
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id}: {self.fit} {self.title}"
