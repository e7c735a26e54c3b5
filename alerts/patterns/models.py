"""Candidates, and the runs that found them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alerts.incidents.engine.rhythm import Window
from alerts.patterns.engine.candidate import Parts


class State(models.TextChoices):
    """What people made of a candidate."""

    OPEN = "open", "Open"
    REJECTED = "rejected", "Rejected"
    SNOOZED = "snoozed", "Snoozed"
    HAS_RULE = "has-rule", "Has a rule"


def _texts() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.TextField(), default=list, blank=True)


class Mining(models.Model):
    """One run over history: from how much it drew, and what it found."""

    ran_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    history_days = models.PositiveIntegerField()  # how much of them there was
    alerts = models.PositiveIntegerField()
    verdicts = models.PositiveIntegerField()  # annotations that were sure of it
    candidates = models.PositiveIntegerField()
    seconds = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["-ran_at"], name="minings_newest")]

    def __str__(self) -> str:
        return f"{self.candidates} candidates from {self.alerts} alerts"


class Candidate(models.Model):
    """Alerts of one type between the same ends at one place. Figures are of the latest run that
    found it; what people made of it stays.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.UUIDField(unique=True)  # of workspace, site, type and ends
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, null=True, related_name="+")
    alert_type = models.TextField()
    own_title = models.TextField(blank=True)  # of a sensor's own rule
    source_device = models.CharField(max_length=120, blank=True)
    source_address = models.CharField(max_length=64, blank=True)
    destination_device = models.CharField(max_length=120, blank=True)
    destination_address = models.CharField(max_length=64, blank=True)
    devices = _texts()  # where no alert says who began
    addresses = _texts()

    severity = models.PositiveSmallIntegerField(default=0)  # the highest that was seen
    alerts = models.PositiveIntegerField()
    incidents = models.PositiveIntegerField()
    days_seen = models.PositiveSmallIntegerField()
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    rhythm = ArrayField(models.PositiveIntegerField(), size=168)  # plant time, Monday 00 first
    window_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    window_start = models.PositiveSmallIntegerField(null=True)
    window_end = models.PositiveSmallIntegerField(null=True)

    routine = models.PositiveIntegerField(default=0)  # annotations, not alerts
    maintenance = models.PositiveIntegerField(default=0)
    suspicious = models.PositiveIntegerField(default=0)
    not_sure = models.PositiveIntegerField(default=0)
    true_positives = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    limit = models.FloatField(default=1)  # at most this share could be suspicious
    cause = models.CharField(max_length=60, blank=True)  # the most frequent one

    minutes_each = models.FloatField(null=True)  # None: too few closings were measured
    minutes_month = models.FloatField(null=True)
    rank = models.FloatField(default=0)
    outside = models.JSONField(default=dict)  # what was said of alerts outside its hours
    cannot = models.JSONField(default=list)  # why it cannot become a rule, as [code, detail]
    mined_at = models.DateTimeField()

    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    state_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    state_at = models.DateTimeField(null=True)
    state_reason = models.CharField(max_length=500, blank=True)
    snoozed_until = models.DateTimeField(null=True)
    rule = models.ForeignKey(
        "suppression.Rule", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(state_reason=""),
                name="a_rejected_candidate_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="snoozed") | Q(snoozed_until__isnull=False),
                name="a_snoozed_candidate_comes_back",
            ),
        ]
        indexes = [
            models.Index(fields=["-rank", "-incidents", "id"], name="candidates_by_rank"),
        ]

    def __str__(self) -> str:
        return self.parts.title

    @property
    def window(self) -> Window | None:
        """When it usually happens, where there is such a time."""
        if self.window_start is None or self.window_end is None:
            return None
        return Window(tuple(self.window_days), self.window_start, self.window_end)

    @property
    def parts(self) -> Parts:
        """What its alerts have in common, as the engine takes it."""
        return Parts(
            workspace=self.workspace.name,
            site=self.site.name if self.site else "",
            zone=self.site.time_zone if self.site else "UTC",
            alert_type=self.alert_type,
            own_title=self.own_title,
            source_device=self.source_device,
            source_address=self.source_address,
            destination_device=self.destination_device,
            destination_address=self.destination_address,
            devices=tuple(self.devices),
            addresses=tuple(self.addresses),
            severity=self.severity,
        )

    @property
    def verdicts(self) -> dict[str, int]:
        """How often OT said what."""
        return {"routine": self.routine, "maintenance": self.maintenance,
                "suspicious": self.suspicious, "not-sure": self.not_sure}  # fmt: skip
