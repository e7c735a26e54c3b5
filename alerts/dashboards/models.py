"""Reports that a worker makes."""

import uuid

from django.db import models

from portal.jobs.models import Leased


class HistoryReport(Leased):
    """An analysis of a period of alerts, made once for one person with what they could see then
    (`reach`). `result` is `queries.history_analysis.HistoryAnalysis` as JSON.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    reach = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    made_at = models.DateTimeField()
    result = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["by", "-made_at"], name="history_reports_of_a_person")]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
