"""The ledger: one line per incident that a rule acted on."""

from django.db import models
from django.db.models import Q


class Act(models.TextChoices):
    """What the rule did."""

    TAGGED = "tagged", "Would close"  # the canary
    CLOSED = "closed", "Closed"


class Where(models.TextChoices):
    """Whose hand it was."""

    TAGOUT = "tagout", "Tagout"
    SENTINEL = "sentinel", "Sentinel"


class Ending(models.TextChoices):
    """What became of it; anything but nothing counts against the rule (S7)."""

    NOTHING = "", "Stands"
    REOPENED = "reopened", "Reopened"
    TRUE_POSITIVE = "true_positive", "True positive"
    LINKED = "linked", "Linked to a true positive"
    JOINED = "joined", "An uncovered alert joined"
    NOT_SENT = "not-sent", "Not carried out"  # the delivery check said no; nothing was closed


class LedgerEntry(models.Model):
    """Rule, version, signers and reason as they were when it acted; what became of it later."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.PROTECT, related_name="ledger"
    )
    rule = models.ForeignKey("suppression.Rule", on_delete=models.PROTECT, related_name="ledger")
    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="ledger"
    )
    rule_hash = models.CharField(max_length=64)
    act = models.CharField(max_length=8, choices=Act)
    where = models.CharField(max_length=8, choices=Where)
    at = models.DateTimeField()
    reason = models.TextField()  # routine cause, in words
    signed_ot = models.CharField(max_length=200)
    signed_soc = models.CharField(max_length=200)
    text = models.TextField(blank=True)  # as it stands in Sentinel's classificationComment
    alerts = models.JSONField(default=list)  # ids that it covered
    change_key = models.UUIDField(null=True)  # the outbox row, where Tagout did it
    landed_at = models.DateTimeField(null=True)  # Sentinel has it
    ending = models.CharField(max_length=16, choices=Ending, default=Ending.NOTHING, blank=True)
    ended_at = models.DateTimeField(null=True)
    ending_note = models.TextField(blank=True)
    review_again_at = models.DateTimeField(null=True)  # put on the re-review list by S7
    reviewed_at = models.DateTimeField(null=True)
    # Of a trial: why a guard keeps the incident open that the rule covers, as [code, detail].
    kept_open = models.JSONField(default=list, db_default=[])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "version", "act"], name="a_version_acts_once_on_an_incident"
            ),
            models.CheckConstraint(
                condition=~Q(rule_hash="") & ~Q(signed_ot="") & ~Q(signed_soc=""),
                name="the_ledger_names_rule_and_signers",
            ),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="ledger_newest"),
            models.Index(fields=["rule", "-at"], name="ledger_of_a_rule"),
            models.Index(
                fields=["rule", "review_again_at"],
                condition=Q(review_again_at__isnull=False, reviewed_at=None),
                name="ledger_to_review_again",
            ),
        ]

    def __str__(self) -> str:
        return f"R-{self.rule.number} {self.act} incident {self.incident_id}"
