"""One version of a rule: what it says, where it stands."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from alerts.suppression.engine.reading import from_json
from alerts.suppression.engine.rule import Rule as Said


class State(models.TextChoices):
    """Where a version stands in its life (suppression §5)."""

    DRAFT = "draft", gettext_lazy("Draft")
    PROPOSED = "proposed", gettext_lazy("Waiting for signatures")
    CHANGES_REQUESTED = "changes-requested", gettext_lazy("Changes requested")
    CANARY = "canary", gettext_lazy("Canary")
    LIVE = "live", gettext_lazy("Live")
    PAUSED = "paused", gettext_lazy("Paused")
    EXPIRED = "expired", gettext_lazy("Expired")
    RETIRED = "retired", gettext_lazy("Retired")
    REJECTED = "rejected", gettext_lazy("Rejected")
    DISCARDED = "discarded", gettext_lazy("Discarded")  # a draft that its author gave up
    REPLACED = "replaced", gettext_lazy("Replaced")  # by a later version


OPEN = (State.DRAFT, State.PROPOSED, State.CHANGES_REQUESTED)  # still being made
ACTING = (State.CANARY, State.LIVE)  # does something to incidents
ENDED = (State.EXPIRED, State.RETIRED, State.REJECTED, State.DISCARDED, State.REPLACED)


class RuleVersion(models.Model):
    """What two people sign. A draft changes in place; from the proposal on, `body` and `rule_hash`
    never change again: an edit makes the next version.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.ForeignKey("suppression.Rule", on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    state_since = models.DateTimeField()
    paused_from = models.CharField(max_length=20, choices=State, blank=True)
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
    evidence = models.ManyToManyField("reviews.Annotation", related_name="+")

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
    def said(self) -> Said:
        """The rule as the engine reads it. Raises NotARule where a draft does not spell one."""
        return from_json(self.body)

    @property
    def is_acting(self) -> bool:
        """Whether it does something to incidents."""
        return self.state in ACTING
