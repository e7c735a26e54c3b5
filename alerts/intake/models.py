"""How far intake has read each workspace, what it did, what it could not read, and push hints."""

from django.db import models
from django.db.models import Value


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
    # How far Sentinel's own list was read beside Graph's; None where Graph does not serve.
    own_watermark = models.DateTimeField(null=True)
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
    out_of_scope = models.IntegerField(default=0, db_default=0)  # listed, and not among `seen`
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


class OutsideCount(models.Model):
    """How many incidents of a workspace are outside of its scope: of what products, why, created in
    which month. Nothing distinguishes one of them from another.
    """

    class CountedBy(models.TextChoices):
        """ALL: by the latest reading of all incidents. CHANGES: since then, by lists of changes."""

        ALL = "all", "Reading of everything"
        CHANGES = "changes", "Lists of changes"

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    counted_by = models.CharField(max_length=7, choices=CountedBy)
    month = models.DateField(null=True)  # its first day; None: Sentinel does not say
    reason = models.CharField(max_length=12)  # `OutsideReason`
    products = models.TextField(blank=True)
    n = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "counted_by", "month", "reason", "products"],
                name="what_is_outside_is_counted_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.n} of {self.products or 'nothing'} ({self.reason})"


class OversizedIncident(models.Model):
    """An incident that is larger than one answer may hold, and its place in a list: from
    `since` on, before `until`. Once that is a microsecond, lists are read around it.
    """

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=5)  # whose list: `IncidentSource`
    listed_by = models.CharField(max_length=20)  # the time that orders the list: `ListBy`
    since = models.DateTimeField()
    until = models.DateTimeField()
    is_located = models.BooleanField(default=False)
    name = models.CharField(max_length=128, blank=True)  # where the answer's beginning tells
    retry_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__lt=models.F("until")),
                name="an_oversized_incident_stands_somewhere",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "source", "listed_by", "since"], name="oversized_incidents"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or 'nameless'} in {self.workspace_id}"


class LogBackfill(models.Model):
    """How far the past of a workspace was read from Log Analytics, newest first: what happened
    from `read_since` to `until` is there. Counts are of what windows held that are read whole.
    """

    class State(models.TextChoices):
        """Failed: what was asked for cannot be read; asking again goes on where it stopped."""

        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    since = models.DateTimeField(null=True)  # until the logs told how far back they reach
    reaches_oldest = models.BooleanField(default=False, db_default=False)  # the logs told `since`
    until = models.DateTimeField()
    read_since = models.DateTimeField()
    window_seconds = models.FloatField()  # of the next window
    incidents = models.IntegerField(default=0)
    alerts = models.IntegerField(default=0)  # of these incidents
    lone_alerts = models.IntegerField(default=0)  # that are part of no incident
    incomplete = models.IntegerField(default=0)  # incidents some of whose alerts the logs lack
    unreadable = models.IntegerField(default=0)
    out_of_scope = models.IntegerField(default=0, db_default=0)  # incidents left in the logs
    windows = models.IntegerField(default=0)
    gaps = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # `log_gaps`
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    progress_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    latest_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["running", "paused", "done", "failed"]),
                name="a_backfill_is_in_a_known_state",
            ),
            models.CheckConstraint(
                condition=models.Q(window_seconds__gt=0), name="a_window_is_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} back to {self.read_since:%Y-%m-%d %H:%M}"

    def share_read(self) -> float:
        """How much of what was asked for is there, from 0 to 1."""
        if self.state == self.State.DONE:
            return 1.0
        if self.since is None or self.since >= self.until:
            return 0.0
        read = (self.until - self.read_since) / (self.until - self.since)
        return min(max(read, 0.0), 0.999)


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


class PushAccess(models.Model):
    """Who may send push hints for a workspace: holders of the key, and one identity of Entra. Keys
    are encrypted (`portal.runtime.stored_secrets`); the one before works on until `previous_until`.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="push_access"
    )
    key = models.TextField(blank=True)
    key_made_at = models.DateTimeField(null=True)
    previous_key = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    caller_id = models.CharField(max_length=64, blank=True)  # object id of the managed identity
    audience = models.CharField(max_length=200, blank=True)  # what its token is asked for

    def __str__(self) -> str:
        return f"push hints of {self.workspace_id}"


class PushState(models.Model):
    """What push hints a workspace got: those that asked for a reading (`hints`), and those about
    incidents that were known as they are (`known_hints`). Times are the unshifted clock's.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="push_state"
    )
    hinted_at = models.DateTimeField(null=True)  # latest that asked for a reading
    hints = models.PositiveIntegerField(default=0)
    known_at = models.DateTimeField(null=True)  # latest that told nothing new
    known_hints = models.PositiveIntegerField(default=0, db_default=0)
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.hints} push hints of {self.workspace_id}"


class PushMessage(models.Model):
    """A signed push hint that was taken, kept as long as it could be sent again."""

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=100)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "message_id"], name="a_push_message_is_taken_once"
            )
        ]

    def __str__(self) -> str:
        return self.message_id


class SigningKeys(models.Model):
    """The keys with which a workspace's tenant signs tokens, as Entra publishes them. A worker
    fetches them; web only reads this row.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="signing_keys",
    )
    keys = models.JSONField(default=list)
    fetched_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"signing keys of {self.workspace_id}"
