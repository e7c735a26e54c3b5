"""What is owed to Sentinel."""

from django.db import models
from django.db.models import Q

from portal.jobs.models import Leased


class Kind(models.TextChoices):
    """What kind of write it is."""

    UPDATE = "update", "Change the incident"
    COMMENT = "comment", "Add a comment"


class Outcome(models.TextChoices):
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
    """One write that is owed. `key` is deterministic (uuid5), so that a repeated write is the
    same write. Changes of one incident go out in the order in which they were made.
    """

    key = models.UUIDField(unique=True)
    act = models.UUIDField()  # one click of one person may owe many changes; undo takes them all
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    incident_name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind)
    patch = models.JSONField(default=dict)  # Sentinel's member names → wanted values; labels_add
    base = models.JSONField(default=dict)  # the same members as we saw them when deciding
    message = models.TextField(blank=True)  # of a comment
    urgency = models.SmallIntegerField(choices=Urgency, default=Urgency.PERSON)
    check_name = models.CharField(max_length=40, blank=True)  # asked again at delivery
    check_args = models.JSONField(default=dict)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, blank=True)
    note = models.TextField(blank=True)  # who won, or Azure's own words
    etag_after = models.CharField(max_length=120, blank=True)

    class Meta:
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
