"""The notifications of people, and the mails that are owed."""

import uuid

from django.db import models
from django.db.models import Q

from portal.jobs.models import Leased


class Notification(models.Model):
    """One line in a person's inbox."""

    to = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)  # reviews.asked, reviews.answered …
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    path = models.CharField(max_length=300)  # where it leads; carries no rights
    reason = models.CharField(max_length=200, blank=True)  # why this person gets it
    act = models.UUIDField(null=True, blank=True)  # the click it tells of, for undo
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # What it is about where others of its kind may join: [{"heading": …, "lines": […]}]
    parts = models.JSONField(default=list, db_default=[], blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["to", "-made_at"], name="inbox_newest_first"),
            models.Index(fields=["to"], condition=Q(read_at=None), name="inbox_unread"),
            models.Index(fields=["act"], condition=Q(act__isnull=False), name="inbox_of_an_act"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def teaser(self) -> str:
        """The first two lines of the body, for a list; what follows is details."""
        lines = [line for line in self.body.splitlines() if line.strip()]
        return " ".join(lines[:2])


class Mail(Leased):
    """A mail that is owed. Sent at least once; its Message-ID stays the same."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    notification = models.OneToOneField(
        "notifications.Notification", on_delete=models.CASCADE, related_name="mail"
    )
    address = models.EmailField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="mails_owed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification_id} to {self.address}"
