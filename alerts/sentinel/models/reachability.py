"""How a workspace answers, shared by all processes."""

from django.db import models

from alerts.sentinel.models.credential import Purpose


class Reachability(models.Model):
    """When a workspace may be called again for one purpose, and what went wrong.

    Times here are the database's own (`portal.clock.unshifted`): waits must not jump when the
    demo moves its clock.
    """

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="reachability"
    )
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.READ)
    not_before = models.DateTimeField(null=True)  # Azure asked for silence until then
    throttles = models.PositiveIntegerField(default=0)  # in a row
    failures = models.PositiveIntegerField(default=0)  # in a row
    open_until = models.DateTimeField(null=True)  # the breaker; then one call may probe
    reached_at = models.DateTimeField(null=True)
    denied_since = models.DateTimeField(null=True)
    gone_since = models.DateTimeField(null=True)
    latest_error = models.CharField(max_length=500, blank=True)
    latest_error_code = models.CharField(max_length=100, blank=True)
    latest_error_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "purpose"], name="a_purpose_is_reachable_in_one_way"
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} for {self.purpose}"
