"""Checks of the whole way from an alert to the run of a playbook."""

import uuid

from django.db import models
from django.db.models import Q

from alerts.sentinel.wire.values import check_marker
from portal.jobs.models import JobState, Leased


class WorkflowCheck(Leased):
    """One check of a workspace: a test alert, its incident, the automation rule that acts on it,
    and the playbook that this runs. `stages` has an entry for each stage that has begun: its name,
    its state (running, ok, failed, skipped), its evidence and the time. `stage` is what is at hand.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    playbook = models.ForeignKey(
        "automation.Playbook", on_delete=models.PROTECT, null=True, related_name="+"
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200)
    begun_at = models.DateTimeField()
    stage = models.CharField(max_length=10, default="rule")
    stage_began_at = models.DateTimeField()  # on the unshifted clock: a stage has a time-out
    stages = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True)  # when the test alert was asked for, once
    incident_name = models.CharField(max_length=100, blank=True)
    runs_before = models.JSONField(default=list)  # names of runs that prove nothing

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(state__in=["waiting", "running"]),
                name="a_workspace_is_checked_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"check of {self.workspace}"

    @property
    def marker(self) -> str:
        """What the test alert carries."""
        return check_marker(str(self.uuid))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return self.state in {JobState.DONE, JobState.DEAD}

    @property
    def has_failed(self) -> bool:
        """Whether a stage has failed."""
        return any(stage["state"] == "failed" for stage in self.stages)
