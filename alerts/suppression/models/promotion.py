"""One owner's word that a rule may live although its trial saw too little."""

from django.db import models
from django.db.models import Q

from alerts.suppression.models.signature import SIDES


class PromotionApproval(models.Model):
    """Given after 28 days of a trial that saw fewer matches than it should. With the other owner's
    word the rule lives; one alone does nothing.
    """

    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="promotion_approvals"
    )
    side = models.CharField(max_length=3, choices=SIDES)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    approved_at = models.DateTimeField()
    void_at = models.DateTimeField(null=True)  # too old, or its giver had lost account or role

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side"],
                condition=Q(void_at=None),
                name="each_side_approves_a_promotion_once",
            ),
            models.UniqueConstraint(
                fields=["version", "by"],
                condition=Q(void_at=None),
                name="nobody_approves_a_promotion_for_both_sides",
            ),
            models.CheckConstraint(
                condition=Q(side__in=["ot", "soc"]) & ~Q(reason=""),
                name="a_promotion_is_approved_for_a_known_side_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} for version {self.version_id}"
