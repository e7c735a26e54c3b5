"""Rows that are work, and the clock's offset."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class JobState(models.TextChoices):
    """The state of a piece of work. `dead`: tried too often, waits for a person."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DEAD = "dead", "Given up"


class Leased(models.Model):
    """What every row of work has. `fence` grows with each claim; only the holder of the newest
    fence may settle. `due_at` and `lease_until` are on the unshifted database clock (G11).
    """

    state = models.CharField(max_length=8, choices=JobState, default=JobState.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    latest_error = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    never_ends: ClassVar[bool] = False  # whether rows of this kind are done again and again

    class Meta:
        abstract = True


class Job(Leased):
    """One unit of work of a kind, found by its key. Periodic work is one row for ever."""

    never_ends = True

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="a_job_of_a_kind_has_its_own_key")
        ]
        indexes = [
            models.Index(
                fields=["kind", "due_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="jobs_open_by_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ClockOffset(models.Model):
    """How far the demo's clock is ahead of the database's, in seconds: at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="the_clock_has_one_offset"),
            models.CheckConstraint(condition=Q(seconds__gte=0), name="the_clock_never_goes_back"),
        ]

    def __str__(self) -> str:
        return f"{self.seconds:.0f} s ahead"


class CircuitBreaker(models.Model):
    """How a server outside answers that rows of work wait for, such as the mail server. While it
    does not, one row at a time tries it. Times are on the unshifted database clock.
    """

    name = models.CharField(primary_key=True, max_length=60)
    failures = models.PositiveIntegerField(default=0)  # in a row
    open_until = models.DateTimeField(null=True)  # the breaker; then one row may try
    failing_since = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    latest_error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class WorkerInstance(models.Model):
    """One worker process with its children, from its start to its end: which queues it reads, and
    when it last showed that it takes messages and does work. Times are on the unshifted clock.
    """

    name = models.CharField(primary_key=True, max_length=200)
    node = models.CharField(max_length=150)  # queue@host; another start has the same
    queues = models.JSONField(default=list)
    started_at = models.DateTimeField()
    heard_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
