"""Recurrence after close: whether the same traffic fires again once an incident of it was closed.

While an alert is open, Defender for IoT adds the same traffic to it; once it is closed, the same
traffic is a new alert. So a close that does not end the cause may only make more incidents.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from alerts.incidents.models import CLOSE_IN_FORCE, CLOSED_AT, Incident

RECURS_WITHIN = timedelta(days=7)
MAX_CLOSES = 20_000  # the newest that are looked at: each is a look into an index


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How many incidents were closed, and after how many of these closes another incident of the
    same pattern was raised in the same workspace within `RECURS_WITHIN`.
    """

    closed: int
    came_again: int

    @property
    def percent(self) -> int | None:
        """In whole percent, never rounded up to 100; None where nothing was closed."""
        return self.came_again * 100 // self.closed if self.closed else None


def recurrence_after_close(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> Recurrence:
    """Return what followed the newest `MAX_CLOSES` closes of these incidents since a moment. A
    close counts once `RECURS_WITHIN` has passed, so that each had the same time; one whose
    pattern is not known, or that was reopened, does not count.
    """
    counts = _closes(incidents, since=since, now=now).aggregate(**_COUNTS)
    return Recurrence(counts["closed"], counts["came_again"])


def recurrence_by_workspace(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> dict[int, Recurrence]:
    """Return the same for each workspace that has any such close."""
    rows = _closes(incidents, since=since, now=now).values("workspace").annotate(**_COUNTS)
    return {row["workspace"]: Recurrence(row["closed"], row["came_again"]) for row in rows}


_COUNTS: dict[str, Any] = {
    "closed": Count("pk"),
    "came_again": Count("pk", filter=Q(recurs=True)),
}


def _closes(incidents: QuerySet[Incident], *, since: datetime, now: datetime) -> QuerySet[Any]:
    """Closes that count, each with `recurs`: whether the same pattern came again in time."""
    rows: QuerySet[Any] = incidents.filter(CLOSE_IN_FORCE, pattern__isnull=False).order_by()
    rows = rows.annotate(ended_at=CLOSED_AT)
    again = Incident.objects.filter(
        pattern=OuterRef("pattern"),
        workspace=OuterRef("workspace"),
        created_at__gt=OuterRef("ended_at"),
        created_at__lte=OuterRef("ended_at") + RECURS_WITHIN,
    )
    rows = rows.filter(ended_at__gt=since, ended_at__lte=now - RECURS_WITHIN)
    newest = rows.order_by("-ended_at", "-pk").values("pk")[:MAX_CLOSES]
    closes: QuerySet[Any] = Incident.objects.filter(pk__in=newest).order_by()
    closes = closes.annotate(ended_at=CLOSED_AT)
    closes = closes.annotate(recurs=Exists(again))
    return closes
