"""What rules did to incidents, who was in their groups, what is held, and the kill switch."""

from django.db import models
from django.db.models import Q

from alerts.rules.guards.closing import SIDES


class LedgerAct(models.TextChoices):
    """What the rule did."""

    TAGGED = "tagged", "Would close"  # of a trial
    CLOSED = "closed", "Closed"


class Where(models.TextChoices):
    """Whose hand it was."""

    TAGOUT = "tagout", "Tagout"
    SENTINEL = "sentinel", "Sentinel"


class Ending(models.TextChoices):
    """What became of it. Linked and held are about a device of it, `WRONG_CLOSES` about the rule
    (S7).
    """

    NOTHING = "", "Stands"
    REOPENED = "reopened", "Reopened"
    TRUE_POSITIVE = "true_positive", "True positive"
    LINKED = "linked", "Linked to a true positive"
    JOINED = "joined", "An uncovered alert joined"
    ON_HOLD = "held", "Reopened: its device is held"
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
    act = models.CharField(max_length=8, choices=LedgerAct)
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


class HeldIncident(models.Model):
    """An incident that live rules cover and that nothing keeps open but a suspicion or an open true
    positive on one of its devices. When that ends, all guards are asked again; what came while a
    true positive held is a person's then.
    """

    incident = models.OneToOneField(
        "incidents.Incident", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    held_at = models.DateTimeField()  # first
    looked_at = models.DateTimeField(db_index=True)  # latest

    def __str__(self) -> str:
        return f"incident {self.incident_id}, held since {self.held_at}"


class HoldEnd(models.Model):
    """The end that one lead sets for what a closed true positive holds. Only where both sides have
    set the same one for it, it holds its devices until then.
    """

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="hold_ends"
    )
    side = models.CharField(max_length=3, choices=[("ot", "OT"), ("soc", "SOC")])
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()
    reason = models.TextField()
    set_at = models.DateTimeField()
    void_at = models.DateTimeField(null=True)  # set anew

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "side"],
                condition=Q(void_at=None),
                name="each_side_sets_the_end_of_a_hold_once",
            ),
            models.UniqueConstraint(
                fields=["incident", "by"],
                condition=Q(void_at=None),
                name="nobody_sets_the_end_of_a_hold_for_both_sides",
            ),
            models.CheckConstraint(
                condition=Q(side__in=["ot", "soc"]) & ~Q(reason=""),
                name="the_end_of_a_hold_has_a_known_side_and_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} for incident {self.incident_id}: {self.until}"


class GroupMember(models.Model):
    """A device that the rule's group held at one side when the second person signed. Alerts are
    matched by zone and address, or by the name where they tell no address; both are folded.
    """

    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="members"
    )
    side = models.CharField(max_length=11, choices=[(side, side) for side in SIDES])
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    zone = models.CharField(max_length=120)
    name = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side", "site", "zone", "address"],
                name="a_group_holds_a_device_once",
            ),
            models.CheckConstraint(
                condition=Q(side__in=SIDES), name="a_group_stands_at_a_known_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.address} of version {self.version_id}"


class NewMember(models.Model):
    """A device that joined a group after a rule was signed, and the first incident in which a rule
    covers it: that one stays open for a person, whichever rules cover it later.
    """

    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    zone = models.CharField(max_length=120)
    handle = models.CharField(max_length=120)  # address, name without one, or both; folded
    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.PROTECT, related_name="new_members"
    )
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "zone", "handle"], name="a_new_member_is_met_once_at_a_site"
            ),
            models.CheckConstraint(condition=~Q(handle=""), name="a_new_member_has_a_handle"),
        ]

    def __str__(self) -> str:
        return f"{self.handle} in {self.zone}, first in incident {self.incident_id}"


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
