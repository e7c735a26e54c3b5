"""What stopped a rule, or a workspace, because rules closed more than they may (S6)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy


class Brake(models.TextChoices):
    """Which cap was reached."""

    RULE_DAY = "rule-day", gettext_lazy("Cap of the rule for 24 hours")
    WORKSPACE_HOUR = "workspace-hour", gettext_lazy("Cap of the workspace for an hour")
    WORKSPACE_DAY = "workspace-day", gettext_lazy("Cap of the workspace for 24 hours")


class BrakeTrip(models.Model):
    """One more close would have been beyond a cap. Of one version, or of all rules of a workspace;
    until `stopped_at` the stop is still owed.
    """

    brake = models.CharField(max_length=16, choices=Brake)
    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.PROTECT, null=True, related_name="+"
    )
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField()  # closed before, of those that came within its span
    most = models.PositiveIntegerField()  # in history
    limit = models.PositiveIntegerField()
    at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "workspace"],
                condition=Q(stopped_at=None),
                nulls_distinct=False,
                name="a_stop_is_owed_once",
            ),
            models.CheckConstraint(
                condition=Q(version=None) ^ Q(workspace=None),
                name="a_brake_stops_a_version_or_a_workspace",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brake} at incident {self.incident_id}"
