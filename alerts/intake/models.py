"""Where intake stands with each workspace, what it did, and what it could not read."""

from django.db import models


class Cursor(models.Model):
    """How far a workspace was read. `watermark` is the largest server time that is safely stored
    (never the local clock, never in the future); reading starts 15 minutes before it.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="cursor"
    )
    watermark = models.DateTimeField(null=True)
    # History is read backwards, newest first: everything since `backfilled_until` is there.
    backfilled_until = models.DateTimeField(null=True)
    backfill_ends_at = models.DateTimeField(null=True)  # None when no backfill is under way
    resume = models.JSONField(default=dict)  # where unfinished walks go on, by kind of run
    swept_at = models.DateTimeField(null=True)  # latest full sweep
    fresh_at = models.DateTimeField(null=True)  # a run reached the end of what was there
    latest_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.workspace_id} until {self.watermark}"


class Run(models.Model):
    """One pass over one workspace."""

    class Kind(models.TextChoices):
        """Why it ran."""

        POLL = "poll", "What changed"
        BACKFILL = "backfill", "History"
        SWEEP = "sweep", "Full sweep"

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    seen = models.IntegerField(default=0)  # = new + changed + unchanged + quarantined
    new = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)
    merged = models.IntegerField(default=0)
    deleted = models.IntegerField(default=0)
    flagged = models.IntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-started_at"], name="runs_newest")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.workspace_id} at {self.started_at:%Y-%m-%d %H:%M}"


class Quarantined(models.Model):
    """An incident that could not be read; kept as it came until a person looks."""

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the raw text
    name = models.CharField(max_length=100, blank=True)
    reason = models.TextField()
    raw = models.TextField()
    first_seen_at = models.DateTimeField()
    latest_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "fingerprint"], name="what_cannot_be_read_is_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or 'nameless'}: {self.reason}"


class Missing(models.Model):
    """An incident that was not there when it should have been. One miss proves nothing: answers
    lag. Gone is what is missing again 15 minutes later.
    """

    incident = models.OneToOneField(
        "incidents.Incident", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    first_missed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"incident {self.incident_id} missing since {self.first_missed_at}"
