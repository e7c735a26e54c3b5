"""A capture of an incident, its parts, and who opened it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.jobs.models import JobState, Leased


class Capture(Leased):
    """A pcap or pcapng file that somebody attached to an incident. Its bytes are parts.

    It is in quarantine until its `state` is done or, where reading it killed the worker each time,
    dead. `trouble` has the reason why a file could not be read; it is kept all the same. A removed
    capture keeps its name and SHA-256 and has no parts any more; `removed_by` is empty where its
    time had run out.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.PROTECT, related_name="captures"
    )
    name = models.CharField(max_length=120)
    note = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=8)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    attached_at = models.DateTimeField()
    trouble = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    removal_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(format__in=["pcap", "pcapng"]), name="a_capture_is_pcap_or_pcapng"
            ),
            models.UniqueConstraint(
                fields=["incident", "sha256"],
                condition=Q(removed_at=None),
                name="a_file_is_attached_to_an_incident_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="captures_in_quarantine",
            ),
            models.Index(
                fields=["attached_at"], condition=Q(removed_at=None), name="captures_by_age"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_in_quarantine(self) -> bool:
        """Whether the reader has not finished with it."""
        return self.state in {JobState.WAITING, JobState.RUNNING}

    @property
    def is_removed(self) -> bool:
        """Whether its bytes are gone."""
        return self.removed_at is not None

    @property
    def is_readable(self) -> bool:
        """Whether it was read and can be shown."""
        return self.state == JobState.DONE and not self.trouble and not self.is_removed

    @property
    def why_unreadable(self) -> str:
        """The sentence that explains why it could not be read; empty where it was or will be."""
        return self.latest_error if self.state == JobState.DEAD else self.trouble


class CapturePart(models.Model):
    """A piece of a capture: of its file as it came, or of what was read, as compressed JSON."""

    class Kind(models.TextChoices):
        """What the piece belongs to."""

        FILE = "file"
        SUMMARY = "summary"
        OPERATIONS = "operations"
        FRAMES = "frames"

    capture = models.ForeignKey("captures.Capture", on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField(max_length=10, choices=Kind)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["capture", "kind", "number"], name="a_part_of_a_capture_has_its_own_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of {self.capture_id}"


class CaptureAccess(models.Model):
    """Somebody looked into a capture or took its file away."""

    class Kind(models.TextChoices):
        """What they did."""

        OPENED = "opened", _("opened it")
        VALUES = "values", _("looked at its values")
        DOWNLOADED = "downloaded", _("downloaded it")

    capture = models.ForeignKey(
        "captures.Capture", on_delete=models.CASCADE, related_name="accesses"
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["capture", "-at"], name="accesses_of_a_capture")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by_id}"
