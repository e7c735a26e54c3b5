"""Acts on more incidents than one request should carry."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, QuerySet

from alerts.incidents.models.stored_column import StoredColumn
from portal.jobs.models import JobState, Leased


class BulkActManager(models.Manager["BulkAct"]):
    """Acts without what only their next piece needs: a hundred thousand ids."""

    def get_queryset(self) -> QuerySet["BulkAct"]:
        """All acts; the lists are read where they are asked for."""
        return super().get_queryset().defer("incident_ids", "standings")


class BulkAct(Leased):
    """One act of a person on many incidents, done piece by piece. Which incidents is settled when
    it is asked for, whatever the filter finds later; `worked` of them are behind it.
    """

    act = models.UUIDField(unique=True)  # as on the writes and timelines that it makes
    verb = models.CharField(max_length=12)
    said = models.JSONField(default=dict)  # what the form said
    title = models.CharField(max_length=300)  # in the person's language
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    incident_ids = ArrayField(models.BigIntegerField())
    standings = ArrayField(models.TextField())  # how each stood when it was chosen
    total = StoredColumn(
        expression=Func(F("incident_ids"), function="cardinality"),
        output_field=models.PositiveIntegerField(),
        db_persist=True,
    )
    worked = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)  # by the person, before its end
    undone_at = models.DateTimeField(null=True)
    undone = models.PositiveIntegerField(default=0)

    objects = BulkActManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done__lte=models.F("worked")), name="a_bulk_act_does_what_it_worked_on"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="bulk_acts_open",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def left(self) -> int:
        """How many incidents it has not looked at."""
        return int(self.total - self.worked)

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be done."""
        return self.state in (JobState.WAITING, JobState.RUNNING)


class Skipped(models.Model):
    """An incident that a bulk act left as it was, and why."""

    bulk_act = models.ForeignKey(
        "incidents.BulkAct", on_delete=models.CASCADE, related_name="skipped"
    )
    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="+")
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bulk_act", "incident"], name="a_bulk_act_skips_an_incident_once"
            )
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.incident}: {self.reason}"
