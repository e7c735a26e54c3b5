"""The chain's entries and its head. Triggers (migrations 0002 to 0006) fill seq, prev_hash, hash,
recorded_at, the role of the connection and the name of the actor, and refuse UPDATE, DELETE and
TRUNCATE. Who does not own the tables reads and adds entries, and reaches the head only so.
"""

from django.db import models


class Entry(models.Model):
    """One thing that somebody did. Written once, never changed."""

    seq = models.BigIntegerField(unique=True, default=0, editable=False)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    actor_label = models.CharField(max_length=200)
    action = models.CharField(max_length=80)  # room.thing.verb, see actions.py
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=300)
    details = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(null=True, editable=False)  # by the database's own clock
    written_by = models.CharField(max_length=63, default="", db_default="", editable=False)
    prev_hash = models.CharField(max_length=64, default="", editable=False)
    hash = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class Head(models.Model):
    """The end of the chain: one row, locked by each writer until it commits."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="the_chain_has_one_head")
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
