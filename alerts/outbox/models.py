"""What is owed to Sentinel: one-off writes to incidents, and automation rules as desired state."""

import uuid
from typing import Final

from django.db import models
from django.db.models import Q

from portal.jobs.models import Leased


class WriteKind(models.TextChoices):
    """What kind of write it is; code defines which checks it needs (`registry`)."""

    UPDATE = "update", "Change the incident"
    COMMENT = "comment", "Add a comment"
    PLAYBOOK = "playbook", "Run a playbook"
    TASK = "task", "Write a task"
    CLOSE = "close", "Close in the name of rules"
    TAG = "tag", "Label in the name of rules"


PATCHES: Final = (
    WriteKind.UPDATE,
    WriteKind.CLOSE,
    WriteKind.TAG,
)  # what writes members of an incident
OF_RULES: Final = (WriteKind.CLOSE, WriteKind.TAG)
NEED_CHECK: Final = (*OF_RULES, WriteKind.PLAYBOOK)  # sent only where their check says so


class ChangeOutcome(models.TextChoices):
    """How a settled change ended."""

    OPEN = "", "Owed"
    SENT = "sent", "In Sentinel"
    CONFLICTED = "conflicted", "A person in Sentinel was faster"
    REFUSED = "refused", "Refused by Sentinel"
    WITHDRAWN = "withdrawn", "Undone before it was sent"
    DROPPED = "dropped", "No longer right when its turn came"


class Urgency(models.IntegerChoices):
    """People's acts go before machines' acts when Azure is slow, and one before many at once."""

    PERSON = 0, "Person"
    BULK = 2, "Person, many at once"
    MACHINE = 5, "Machine"


class Change(Leased):
    """One pending write under a deterministic `key`; those of an incident leave in order."""

    key = models.UUIDField(unique=True)
    act = models.UUIDField()  # one click of one person may owe many changes; undo takes them all
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    incident_name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=WriteKind)
    patch = models.JSONField(default=dict)  # Sentinel's member names → wanted values; labels_add
    base = models.JSONField(default=dict)  # the same members as we saw them when deciding
    message = models.TextField(blank=True)  # of a comment
    playbook = models.CharField(max_length=400, blank=True, db_default="")  # its resource id
    task = models.CharField(max_length=100, blank=True, db_default="")  # its name in Sentinel
    run_uuid = models.UUIDField(null=True)  # of a playbook: automation's row of the run
    urgency = models.SmallIntegerField(choices=Urgency, default=Urgency.PERSON)
    check_args = models.JSONField(default=dict)  # what the check of its kind asks about
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=10, choices=ChangeOutcome, default=ChangeOutcome.OPEN, blank=True
    )
    note = models.TextField(blank=True)  # who won, or Azure's own words
    etag_after = models.CharField(max_length=120, blank=True)
    # Of a playbook: when the call that starts it went out. It may not go out again (unshifted).
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="playbook", run_uuid__isnull=False) & ~Q(playbook=""))
                | (~Q(kind="playbook") & Q(run_uuid=None, playbook="")),
                name="a_playbook_change_names_its_run",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=OF_RULES)
                | Q(by=None, check_args__has_keys=["incident", "versions", "alerts"]),
                name="a_change_of_rules_names_them_and_no_person",
            ),
            models.CheckConstraint(
                condition=~Q(kind="update", by=None, patch__status="Closed"),
                name="nobody_closes_without_a_person_or_a_rule",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "urgency", "due_at", "id"],
                condition=Q(outcome=""),
                name="changes_owed_to_a_workspace",
            ),
            models.Index(
                fields=["workspace", "incident_name", "id"], name="changes_of_an_incident"
            ),
            models.Index(fields=["act"], name="changes_of_an_act"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.incident_name}"


class RuleKind(models.TextChoices):
    """What the automation rule is for."""

    RULE = "rule", "Suppression rule"
    GATE = "gate", "Gate"
    PROBE = "probe", "Probe"
    AUTOMATION = "auto", "Automation rule"
    WATCHLIST = "list", "Watchlist"
    LIST_GATE = "listgate", "Gate of the watchlist"
    PAIR = "pair", "Routine pair"  # a row of the watchlist


SUPPRESSING = (RuleKind.RULE, RuleKind.GATE)  # what suppression has in a workspace
OF_WATCHLIST = (RuleKind.WATCHLIST, RuleKind.LIST_GATE, RuleKind.PAIR)  # no automation rules


NOT_AS_DECIDED: Final = "NotAsDecided"  # `error_code` of what Tagout itself did not send


class Landing(models.TextChoices):
    """How the latest wish ended."""

    PENDING = "", "On its way"
    LANDED = "landed", "As wanted"
    REFUSED = "refused", "Refused by Sentinel"
    CHANGED_BY_HAND = "held", "Changed by hand in Sentinel"


class RulePriority(models.IntegerChoices):
    """The gate goes before everything, taking away before putting, leases come last."""

    STOP = 0, "The gate"
    AWAY = 1, "Take away"
    RULE = 5, "Rule"
    LEASE = 8, "Longer lease"


class WantedRule(Leased):
    """Desired state: one row per automation rule of ours and workspace, and per watchlist and row
    of it. `name` is a GUID made of
    what it is for, so that a repeated write is the same write. `wanted` None: it should not be
    there. `landed` is what Sentinel was seen to hold, `sent` what went out last.
    """

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    name = models.UUIDField()
    kind = models.CharField(max_length=8, choices=RuleKind)
    about = models.UUIDField(default=uuid.uuid4)  # the upper room's own id for it
    label = models.CharField(max_length=80)  # R-12, gate
    wanted = models.JSONField(null=True)
    wanted_version = models.PositiveIntegerField(default=1)
    wanted_at = models.DateTimeField()
    reason = models.TextField(blank=True)  # why it is wanted, or wanted away
    insists = models.BooleanField(default=False)  # writes over what a person changed by hand
    urgency = models.SmallIntegerField(choices=RulePriority, default=RulePriority.RULE)
    landed = models.JSONField(null=True)
    landed_version = models.PositiveIntegerField(default=0)
    landed_at = models.DateTimeField(null=True)
    landed_etag = models.CharField(max_length=120, blank=True)
    sent = models.JSONField(null=True)
    outcome = models.CharField(max_length=8, choices=Landing, default=Landing.PENDING, blank=True)
    note = models.TextField(blank=True)  # what a person should know although it landed
    error_code = models.CharField(max_length=100, blank=True)  # Azure's own, of `latest_error`
    error_at = models.DateTimeField(null=True)
    misses = models.PositiveSmallIntegerField(default=0)  # failures in a row

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="a_rule_is_wanted_once_in_a_workspace"
            ),
            models.UniqueConstraint(
                fields=["workspace", "kind"],
                condition=Q(kind__in=("gate", "list", "listgate")),
                name="a_workspace_has_one_gate_of_a_kind",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "urgency", "due_at", "id"],
                condition=Q(outcome=""),
                name="rules_owed_to_a_workspace",
            ),
            models.Index(fields=["about"], name="wanted_rules_about"),
        ]

    def __str__(self) -> str:
        return f"{self.label} in {self.workspace}"

    @property
    def is_wanted(self) -> bool:
        """Whether it should be there at all."""
        return self.wanted is not None

    @property
    def is_in_sentinel(self) -> bool:
        """Whether Sentinel was seen to hold it."""
        return self.landed is not None

    @property
    def is_as_wanted(self) -> bool:
        """Whether Sentinel holds exactly what is wanted now: only then it may be called live."""
        return self.outcome == Landing.LANDED and self.landed_version == self.wanted_version
