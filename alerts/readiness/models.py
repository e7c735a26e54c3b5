"""What workers read of a workspace, and what administrators asked them to put right."""

from django.db import models
from django.db.models import Q

from alerts.readiness.engine.readings import CheckRemedy
from portal.jobs.models import JobState, Leased


class Finding(models.Model):
    """One part of what surrounds a workspace, as it was read last. With an error, `facts` are
    older than `tried_at`: the part could not be read any more. Times are business time.
    """

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="findings"
    )
    part = models.CharField(max_length=200)  # "connectors", "plan 11111111-…"
    facts = models.JSONField(null=True)
    read_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField()
    error = models.CharField(max_length=500, blank=True)
    error_code = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "part"], name="a_part_of_a_workspace_is_found_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.workspace_id}"


class SetupStep(Leased):
    """Something an administrator asked to be put right in Sentinel. A worker does it; the names of
    what it writes follow from the workspace, so that doing it twice writes the same.
    """

    class Kind(models.TextChoices):
        """What is done."""

        CONNECT = CheckRemedy.CONNECT.value, "Connect Defender for IoT"
        INSTALL = CheckRemedy.INSTALL.value, "Install the content package"
        ENABLE = CheckRemedy.ENABLE.value, "Enable the analytics rules"
        COVER = CheckRemedy.COVER.value, "Make incidents of alert types without a rule"
        SINGLE = CheckRemedy.SINGLE.value, "Disable the connector's own rule"
        TAG = CheckRemedy.TAG.value, "Keep incidents of the rules from being merged"

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="setup_steps"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    target = models.CharField(max_length=64, blank=True)  # the subscription to connect
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)  # what was written, by its name

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "target"],
                condition=Q(state__in=[JobState.WAITING, JobState.RUNNING]),
                name="a_setup_step_is_asked_for_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in CheckRemedy]),
                name="a_setup_step_is_of_a_known_kind",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="readiness_steps_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.workspace}"
