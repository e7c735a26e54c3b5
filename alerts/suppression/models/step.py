"""One step in the life of a version."""

from django.db import models


class Step(models.Model):
    """From one state to another: who or what, when, why, and what it did to Sentinel."""

    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="steps"
    )
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200)  # a person's name, or what did it by itself
    reason = models.TextField(blank=True)
    in_sentinel = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["version", "at"], name="steps_of_a_version")]

    def __str__(self) -> str:
        return f"{self.version_id}: {self.from_state} to {self.to_state}"
