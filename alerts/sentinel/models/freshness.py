"""How old what we know of a workspace is."""

from django.db import models


class Freshness(models.Model):
    """When intake last read a workspace to the end of what had changed there. On business time,
    because decisions are made on it; intake stands above and writes it down here.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="freshness"
    )
    fresh_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.workspace_id} at {self.fresh_at:%Y-%m-%d %H:%M}"
