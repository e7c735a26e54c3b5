"""Tokens for programs: what they may do, until when, and where they were used."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy


class TokenScope(models.TextChoices):
    """What a token may be used for. It never does more than its owner may."""

    READ = "read", gettext_lazy("Read everything that you may read")
    INCIDENTS_WRITE = "incidents:write", gettext_lazy("Triage incidents: close, assign, label, ask")
    REVIEWS_WRITE = "reviews:write", gettext_lazy("Answer, hand over and withdraw questions to OT")
    SITES_WRITE = "sites:write", gettext_lazy("Describe devices and sites")
    RULES_WRITE = "rules:write", gettext_lazy("Propose, pause and retire rules; never sign them")


class ApiToken(models.Model):
    """One token of one person. The secret is shown once; only its SHA-256 is kept (A18)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)  # in the open: names it in lists and logs
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=TokenScope))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)  # to the minute
    used_from = models.CharField(max_length=64, blank=True)  # the network, not the host

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="a_token_ends_after_it_began"
            ),
            models.CheckConstraint(condition=~Q(scopes=[]), name="a_token_is_good_for_something"),
        ]
        indexes = [models.Index(fields=["owner", "-made_at"], name="tokens_of_a_person")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def works_at(self, now: datetime) -> bool:
        """Whether it is in force: neither expired nor revoked."""
        return self.revoked_at is None and now < self.expires_at
