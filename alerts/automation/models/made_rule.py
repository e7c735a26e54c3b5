"""Automation rules that people made here."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class MadeRule(models.Model):
    """“On an incident like this, do that”, until it ends or somebody takes it away. What is in
    Sentinel is a `WantedRule` of the outbox that is about its UUID.
    """

    class Effect(models.TextChoices):
        """What it does."""

        PLAYBOOK = "playbook", _("Run a playbook")
        ASSIGN = "assign", _("Assign it to the OT team")
        SEVERITY = "severity", _("Set the severity")
        ENRICH = "enrich", _("Add a label and a task")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="+")
    effect = models.CharField(max_length=8, choices=Effect)
    alert_type = models.TextField()
    devices = ArrayField(models.TextField(), default=list)
    addresses = ArrayField(models.TextField(), default=list)
    playbook = models.ForeignKey(
        "automation.Playbook", on_delete=models.PROTECT, null=True, related_name="+"
    )
    body = models.JSONField()  # as it was previewed and is wanted in Sentinel
    reason = models.TextField(blank=True, default="", db_default="")  # why the severity is lowered
    previewed = models.PositiveIntegerField()  # incidents of 90 days that it would have met
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    removed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("made_at")), name="a_made_rule_ends"),
            models.CheckConstraint(
                condition=Q(effect="playbook", playbook__isnull=False)
                | (~Q(effect="playbook") & Q(playbook=None)),
                name="a_rule_that_runs_a_playbook_names_it",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """A-12, as it begins in Sentinel behind our prefix."""
        return f"A-{self.pk}"
