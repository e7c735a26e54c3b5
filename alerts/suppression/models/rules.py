"""A rule, its versions, and what people and time did to each: signatures, steps, back-tests."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import RuleDefinition, from_json


class Rule(models.Model):
    """A standing order, known to people as R-12. What it states is in its versions."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How people call it."""
        return f"R-{self.number}"


class VersionState(models.TextChoices):
    """The state of a version in its life (suppression §5)."""

    DRAFT = "draft", gettext_lazy("Draft")
    PROPOSED = "proposed", gettext_lazy("Waiting for signatures")
    CHANGES_REQUESTED = "changes-requested", gettext_lazy("Changes requested")
    IN_TRIAL = "canary", gettext_lazy("In trial")
    LIVE = "live", gettext_lazy("Live")
    PAUSED = "paused", gettext_lazy("Paused")
    EXPIRED = "expired", gettext_lazy("Expired")
    RETIRED = "retired", gettext_lazy("Retired")
    REJECTED = "rejected", gettext_lazy("Rejected")
    DISCARDED = "discarded", gettext_lazy("Discarded")  # a draft that its author gave up
    REPLACED = "replaced", gettext_lazy("Replaced")  # by a later version


OPEN = (
    VersionState.DRAFT,
    VersionState.PROPOSED,
    VersionState.CHANGES_REQUESTED,
)  # still being made
ACTING = (VersionState.IN_TRIAL, VersionState.LIVE)  # does something to incidents
ENDED = (
    VersionState.EXPIRED,
    VersionState.RETIRED,
    VersionState.REJECTED,
    VersionState.DISCARDED,
    VersionState.REPLACED,
)


class RuleVersion(models.Model):
    """What two people sign. A draft changes in place; from the proposal on, `body` and `rule_hash`
    never change again: an edit makes the next version.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.ForeignKey("suppression.Rule", on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=VersionState, default=VersionState.DRAFT)
    state_since = models.DateTimeField()
    paused_from = models.CharField(max_length=20, choices=VersionState, blank=True)
    needs_approval = models.BooleanField(default=False)  # paused by S7: nobody just resumes it
    revision = models.PositiveIntegerField(default=0)  # of a draft: two editors notice each other

    title = models.CharField(max_length=200)
    body = models.JSONField()  # canonical rule, `engine.rule.as_json`; a draft may be incomplete
    rule_hash = models.CharField(max_length=64, blank=True)
    forms = models.JSONField(default=dict)  # workspace name → [hash of trial, hash of live form]
    enforcement = models.CharField(max_length=8, default="tagout")  # tagout, sentinel
    expires_at = models.DateTimeField(null=True)
    workspace_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)  # it can reach
    site_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    evidence = models.ManyToManyField(
        "reviews.Verdict", related_name="+", through="suppression.VersionEvidence"
    )

    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True)
    proposer_side = models.CharField(max_length=3, blank=True)  # ot, soc, or none
    proposer_note = models.TextField(blank=True)
    backtest = models.ForeignKey(
        "suppression.BackTestRun", on_delete=models.PROTECT, null=True, related_name="+"
    )  # frozen into the request
    # Matches of the weeks before the trial that count towards it (S4), settled when it begins.
    credited_incident_ids = ArrayField(
        models.BigIntegerField(), default=list, db_default=[], blank=True
    )
    # The live version whose trial counts for this one, and the devices that only this one covers,
    # in lower case: a person meets each of them first. Settled by the second signature.
    keeps_trial_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    newcomers = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    # The version of which this one words a single line anew, because OT said that the plant has
    # changed; and how many matches its trial wants then (S4), settled by the second signature.
    amends = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    matches_wanted = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "number"], name="a_rule_numbers_its_versions_apart"
            ),
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state__in=OPEN), name="a_rule_has_one_version_in_work"
            ),
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state="live"), name="a_rule_has_one_live_version"
            ),
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state="canary"), name="a_rule_has_one_canary"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(rule_hash=""),
                name="what_was_proposed_has_a_hash",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ACTING) | Q(expires_at__isnull=False),
                name="what_acts_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ACTING) | Q(backtest__isnull=False),
                name="what_acts_was_tested",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "expires_at"],
                condition=Q(state__in=(*ACTING, "paused")),
                name="versions_that_live",
            ),
            GinIndex(fields=["site_ids"], fastupdate=False, name="versions_by_site"),
        ]

    def __str__(self) -> str:
        return f"R-{self.rule.number} v{self.number} {self.title}"

    @property
    def definition(self) -> RuleDefinition:
        """The rule as the engine reads it. Raises NotARule where a draft does not spell one."""
        return from_json(self.body)

    @property
    def is_acting(self) -> bool:
        """Whether it does something to incidents."""
        return self.state in ACTING


class VersionEvidence(models.Model):
    """One verdict that a version rests on. Table and columns are those of the relation that Django
    made while the model of verdicts had another name.
    """

    version = models.ForeignKey(
        "suppression.RuleVersion",
        on_delete=models.CASCADE,
        related_name="+",
        db_column="ruleversion_id",
    )
    verdict = models.ForeignKey(
        "reviews.Verdict", on_delete=models.CASCADE, related_name="+", db_column="annotation_id"
    )

    class Meta:
        db_table = "suppression_ruleversion_evidence"
        unique_together = [("version", "verdict")]

    def __str__(self) -> str:
        return f"{self.version_id}: {self.verdict_id}"


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


SIDES = [(SigningSide.OT.value, "OT"), (SigningSide.SOC.value, "SOC")]


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


class SiteDay(models.Model):
    """Counted once a day for all days of the last months, so that a back-test need not read every
    incident of a site to say what share of them a rule is. Days are of UTC.
    """

    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    incidents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "day"], name="a_site_has_a_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.site_id} on {self.day}: {self.incidents}"
