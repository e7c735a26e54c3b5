"""The rule: the thread of its versions."""

import uuid

from django.db import models


class Rule(models.Model):
    """A standing order, known to people as R-12. What it says stands in its versions."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How people call it."""
        return f"R-{self.number}"
