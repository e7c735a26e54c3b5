"""The context of an incident: entities, comments, and what happened to it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Expression, Q
from django.db.models.fields.json import KeyTextTransform

from alerts.incidents.models.stored_column import StoredColumn

# A decision of a person is one act on what a row of the queue shows.
DECISION_CODES = ("closed", "asked", "answered", "escalated")
ASIDE = "aside"  # the line that it was put aside, or brought back
UNDONE = "undone"  # the line that an act was taken back while it was held
BY_TOKEN = "by_token"  # in details: a program did it for the person, so nobody looked
IMPORTED = "imported"  # in details: it was taken over from a file
COUNTS_AS_DECISION = (
    Q(code__in=(*DECISION_CODES, UNDONE), by__isnull=False, act__isnull=False)
    & ~Q(details__has_key=BY_TOKEN)
    & ~Q(details__has_key=IMPORTED)
)

WRITTEN = ("note", "comment", "message", "question", "own", "reason", "work_order", "done_by")
HAS_WORDS = Q(
    code__in=("commented", "closed", "asked", "answered", "handed-over", "escalated", "withdrawn")
)


def words_of(*texts: str | Expression) -> StoredColumn:
    """What people wrote, word by word: plain words, for the texts are in any language. Stored,
    because a word that many write is looked for row by row, from the newest.
    """
    return StoredColumn(
        expression=SearchVector(*texts, config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )


class Entity(models.Model):
    """One entity of an incident, as Sentinel sent it; IoT devices are linked to ours."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="entities"
    )
    name = models.CharField(max_length=100)  # Sentinel's GUID
    kind = models.CharField(max_length=60)  # unknown kinds are kept as they came
    label = models.TextField(blank=True)  # friendly name
    device = models.ForeignKey(
        "sites.Device", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    body = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "name"], name="an_incident_names_its_entities_apart"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class Comment(models.Model):
    """A comment on the incident in Sentinel; `ours` ones we have written."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="comments"
    )
    name = models.CharField(max_length=100)  # GUID; ours is the outbox key
    author = models.CharField(max_length=200, blank=True)
    message = models.TextField()
    created_at = models.DateTimeField()
    ours = models.BooleanField(default=False)
    words = words_of("message")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "name"], name="an_incident_has_a_comment_once"
            )
        ]
        indexes = [GinIndex(fields=["words"], name="words_of_comments")]

    def __str__(self) -> str:
        return self.message[:80]


class IncidentTask(models.Model):
    """A task of the incident in Sentinel, as last read, overlaid with what we still owe
    (`is_owed`). `status` is Sentinel's word: New, Completed, or one that we do not know.
    """

    NEW, COMPLETED = "New", "Completed"

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="tasks"
    )
    name = models.CharField(max_length=100)  # GUID; of a new one of ours the outbox key
    title = models.TextField()
    description = models.TextField(blank=True)
    status = models.CharField(max_length=40)
    author = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField(null=True)
    is_owed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "name"], name="an_incident_has_a_task_once")
        ]

    def __str__(self) -> str:
        return self.title[:80]

    @property
    def is_completed(self) -> bool:
        """Whether it is done."""
        return self.status == self.COMPLETED


class TaskReading(models.Model):
    """When an incident's tasks were requested and last read; lists of incidents have none."""

    incident = models.OneToOneField(
        "incidents.Incident",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="task_reading",
    )
    asked_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"tasks of {self.incident_id}"

    @property
    def is_pending(self) -> bool:
        """Whether the newest question has no answer yet."""
        return not self.error and (self.read_at is None or self.read_at < self.asked_at)


class TimelineItem(models.Model):
    """One event of an incident: its `code`, and `details` that a page words in any language."""

    class Side(models.TextChoices):
        """Who did it: a SOC person, an OT person, the portal itself, or somebody in Sentinel."""

        SOC = "soc", "SOC"
        OT = "ot", "OT"
        PORTAL = "portal", "Portal"
        SENTINEL = "sentinel", "Sentinel"

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="timeline"
    )
    at = models.DateTimeField()
    side = models.CharField(max_length=8, choices=Side)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)  # asked, answered, closed, severity, conflict …
    details = models.JSONField(default=dict)
    act = models.UUIDField(null=True)  # the act it belongs to, for undo
    words = words_of(*(KeyTextTransform(key, "details") for key in WRITTEN))

    class Meta:
        indexes = [
            models.Index(fields=["incident", "-at"], name="timeline_of_an_incident"),
            models.Index(
                fields=["at"],
                include=["incident", "act", "code"],
                condition=COUNTS_AS_DECISION,
                name="timeline_decisions",
            ),
            GinIndex(fields=["words"], condition=HAS_WORDS, name="words_of_timelines"),
        ]

    def __str__(self) -> str:
        return f"{self.code} at {self.at:%Y-%m-%d %H:%M}"
