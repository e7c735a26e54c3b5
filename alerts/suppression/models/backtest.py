"""A back-test that was run."""

import uuid

from django.db import models


class BackTestRun(models.Model):
    """What a rule would have done in a period, as `engine.freezing.frozen` spells it. Never
    changed: another hash or seven days later it is run again.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.ForeignKey(
        "suppression.Rule", on_delete=models.PROTECT, null=True, related_name="backtests"
    )
    rule_hash = models.CharField(max_length=64)
    start = models.DateTimeField()
    end = models.DateTimeField()
    history_days = models.PositiveIntegerField()  # how much history there was
    body = models.JSONField()
    reasons = models.JSONField(default=list)  # what S2 holds against the rule, as [code, detail]
    ran_at = models.DateTimeField()
    ran_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    seconds = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["rule_hash", "-ran_at"], name="backtests_of_a_hash")]

    def __str__(self) -> str:
        return f"{self.rule_hash[:8]} at {self.ran_at:%Y-%m-%d}"
