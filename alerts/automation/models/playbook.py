"""Playbooks that were found, and their runs."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

# Azure's words for a run that ended and did not do its work.
FAILED_STATUSES = ("Failed", "TimedOut", "Aborted", "Cancelled", "Faulted")


class Playbook(models.Model):
    """A Logic App in the subscription of a workspace, as it was last seen. Unless it `is_harmless`,
    `evidence` are its parts that may act on the plant. `mark` is what a person said: that it does
    not act holds for the definition that they saw, and never where it `has_hidden_values`: what it
    does depends on values that its digest does not hold. Where `has_all_steps` is false there are
    more steps than were read, and `steps` are the first.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    resource_id = models.CharField(max_length=400)
    name = models.CharField(max_length=200)
    location = models.CharField(max_length=60, blank=True)
    description = models.TextField(blank=True)
    is_enabled = models.BooleanField()
    has_incident_trigger = models.BooleanField()
    steps = ArrayField(models.TextField(), default=list)
    has_all_steps = models.BooleanField(default=True, db_default=True)
    definition_digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    is_harmless = models.BooleanField(default=False, db_default=False)  # whatever people say
    has_hidden_values = models.BooleanField(default=False, db_default=False)
    evidence = models.JSONField(default=list)
    mark = models.BooleanField(null=True)
    mark_digest = models.CharField(  # of the definition when the mark was set
        max_length=64, blank=True, default="", db_default=""
    )
    mark_reason = models.CharField(max_length=300, blank=True)
    marked_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    marked_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "resource_id"], name="a_playbook_is_found_once_in_a_workspace"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def acts_on_plant(self) -> bool:
        """Whether it needs consent: unless all of it is proved harmless, or a person has marked
        exactly this definition so. Where steps or values could not be read, it does.
        """
        if not self.has_all_steps or self.has_hidden_values:
            return True
        if self.mark is False and not self.is_mark_outdated:
            return False
        return bool(self.mark) or not self.is_harmless

    @property
    def is_mark_outdated(self) -> bool:
        """Whether a person marked it as not acting on the plant, and it has changed since."""
        is_same = bool(self.mark_digest) and self.mark_digest == self.definition_digest
        return self.mark is False and not is_same


class PlaybookRun(models.Model):
    """One run of a playbook: asked for here (`change` is what the outbox was owed), seen in Azure,
    or both. `name` is Azure's, empty until the run was seen there.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    playbook = models.ForeignKey("automation.Playbook", on_delete=models.PROTECT)
    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.PROTECT, null=True, related_name="playbook_runs"
    )
    change = models.OneToOneField(
        "outbox.Change", on_delete=models.SET_NULL, null=True, related_name="playbook_run"
    )
    consent = models.ForeignKey(
        "automation.PlantConsent", on_delete=models.PROTECT, null=True, related_name="runs"
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    definition_digest = models.CharField(  # of the playbook when the run was asked for
        max_length=64, blank=True, default="", db_default=""
    )
    asked_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=40, blank=True)  # Azure's word
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=100, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["playbook", "name"],
                condition=~Q(name=""),
                name="a_run_of_a_playbook_is_seen_once",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(asked_at__isnull=False),
                name="a_run_was_asked_for_or_seen",
            ),
        ]
        indexes = [models.Index(fields=["incident", "-id"], name="runs_of_an_incident")]

    def __str__(self) -> str:
        return self.name or f"run of {self.playbook_id}"
