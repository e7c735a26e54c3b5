"""One side's word."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alerts.suppression.engine.guards.signing import Side

SIDES = [(Side.OT.value, "OT"), (Side.SOC.value, "SOC")]


class Signature(models.Model):
    """One side's word on one version of a rule. Two sides, two people, or the rule never lives."""

    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="signatures"
    )
    side = models.CharField(max_length=3, choices=SIDES)  # OT: it is routine; SOC: we accept it
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    rule_hash = models.CharField(max_length=64)  # SHA-256 of what was on the screen
    forms = ArrayField(models.CharField(max_length=64), default=list)  # of each compiled form
    note = models.TextField(blank=True)
    checked_evidence = models.BooleanField(default=False)  # S12: looked at the alerts themselves
    signed_at = models.DateTimeField()
    void_at = models.DateTimeField(null=True)  # too old, or its giver had lost account or role

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side"],
                condition=Q(void_at=None),
                name="each_side_signs_a_version_once",
            ),
            models.UniqueConstraint(
                fields=["version", "by"],
                condition=Q(void_at=None),
                name="nobody_signs_a_version_for_both_sides",
            ),
            models.CheckConstraint(
                condition=Q(side__in=["ot", "soc"]), name="a_signature_is_of_a_known_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} on version {self.version_id}"
