"""That a second person has looked at work that recurs or lasts longer than a day."""

from django.db import models


class WorkConfirmation(models.Model):
    """One person's confirmation of this revision of a work, as it was at that moment: a later
    revision and occurrences that were made longer since need another.
    """

    revision = models.ForeignKey(
        "planned_work.Revision", on_delete=models.CASCADE, related_name="confirmations"
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    by_label = models.CharField(max_length=200)
    confirmed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.revision} confirmed by {self.by_label}"
