"""One time at which planned work takes place, with the time in which Tagout knew it so."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from alerts.planned_work.engine.matching import SLACK, Times
from alerts.planned_work.engine.origin import OriginKind
from alerts.planned_work.engine.recurrence import WorkSpan
from alerts.planned_work.engine.size import BoxedTime

# Since when it stands here, by Tagout's own clock. One that was extended is newer than the file
# that brought it; PostgreSQL passes over what is NULL.
RECORDED_AT = Greatest("stored_at", "known_from")


class Occurrence(models.Model):
    """Work from `starts_at` to `ends_at`, as it was known from `known_from` to `known_until` (None:
    still so). Nothing of a row changes but `known_until`, `done_at` and `asked_at`: work that is
    extended gets another row, so that a back-test sees what was known when an alert came. Work of a
    file that had begun was known before it came here (`origin`).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    work = models.ForeignKey(
        "planned_work.PlannedWork", on_delete=models.CASCADE, related_name="occurrences"
    )
    revision = models.ForeignKey(
        "planned_work.Revision", on_delete=models.CASCADE, related_name="occurrences"
    )
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    late_until = models.DateTimeField(null=True)  # None: nobody is asked whether it is done
    watched = DateTimeRangeField()  # from the start to the end of the slack, or of being late
    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)
    # When it came here, where that is not when it was known: of work of a file that had begun. What
    # holds alerts in their box and what closes incidents rest on this one.
    stored_at = models.DateTimeField(null=True)
    origin = models.CharField(
        max_length=8,
        choices=[(by.value, by.value) for by in OriginKind],
        default=OriginKind.TAGOUT,
        db_default=OriginKind.TAGOUT.value,
    )
    # Its length or what it says came by a token: it boxes nothing before a person has confirmed it.
    came_by_token = models.BooleanField(default=False, db_default=False)
    done_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)  # its owner was asked whether it still goes on

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")), name="work_ends_after_it_begins"
            ),
            models.UniqueConstraint(
                fields=["work", "starts_at"],
                condition=Q(known_until=None),
                name="a_work_takes_place_once_at_a_time",
            ),
        ]
        indexes = [
            GistIndex(fields=["watched"], name="occurrences_by_time"),
            models.Index(
                fields=["site", "starts_at"],
                condition=Q(known_until=None),
                name="occurrences_of_a_site",
            ),
            models.Index(
                fields=["ends_at"],
                condition=Q(known_until=None, done_at=None, asked_at=None)
                & Q(late_until__isnull=False),
                name="occurrences_to_ask_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M}"

    @property
    def times(self) -> Times:
        """When it takes place, for the engine."""
        return Times(self.starts_at, self.ends_at, self.late_until)

    def boxed_time(
        self,
        *,
        declared_at: datetime,
        confirmed_at: Sequence[datetime],
        since: datetime | None = None,
    ) -> BoxedTime:
        """Return since when it time-boxes alerts, for the engine, where it names its devices;
        `since`: as if it had come here then.
        """
        return BoxedTime(
            span=WorkSpan(self.starts_at, self.ends_at),
            is_recurring=self.revision.is_recurring,
            came_by_token=self.came_by_token,
            declared_at=declared_at,
            known_from=since or self.recorded_at,
            confirmed_at=confirmed_at,
        )

    @property
    def recorded_at(self) -> datetime:
        """What `RECORDED_AT` is in queries."""
        return max(self.stored_at or self.known_from, self.known_from)

    @property
    def slack_ends_at(self) -> datetime:
        """The last moment that still counts as inside."""
        return self.ends_at + SLACK
