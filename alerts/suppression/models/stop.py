"""The kill switch."""

from django.db import models
from django.db.models import Q


class Stop(models.Model):
    """Suppression is off: everywhere, or in one workspace. In force until it is lifted; one rule
    is stopped by pausing its version.
    """

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.PROTECT, null=True, related_name="+"
    )  # None: everywhere
    stopped_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    stopped_by_label = models.CharField(max_length=200)
    stopped_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    lifted_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="a_place_is_stopped_once",
            )
        ]

    def __str__(self) -> str:
        return f"off in {self.workspace or 'all workspaces'}"
