"""How long people take to close an incident: measured once a day, read by every estimate."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from portal.jobs.queries import notes_of
from portal.jobs.services import keep_note

KIND = "suppression.handling"
MIN_CLOSES = 20  # fewer measured closings say nothing about handling time
MAX_MINUTES = 60  # an incident that lay for days was not worked on for days


@dataclass(frozen=True, slots=True)
class TimeToClose:
    """The median of `closings` by people that were measured; no minutes where those are too few.
    `is_of_matches`: they are closings of the very incidents that were asked about, not of any.
    """

    minutes: float | None
    closings: int
    is_of_matches: bool = False


def usual_time_to_close() -> TimeToClose:
    """Return the median of all closings by people that were measured."""
    for note in notes_of(KIND):
        minutes, closes = note.payload.get("minutes"), int(note.payload.get("closes", 0))
        if minutes is None or closes < MIN_CLOSES:
            return TimeToClose(None, closes)
        return TimeToClose(float(minutes), closes)
    return TimeToClose(None, 0)


def usual_minutes() -> float | None:
    """Return that median in minutes; None where too few closings were measured."""
    return usual_time_to_close().minutes


DAYS = 90


def measure_time_to_close(*, now: datetime) -> float | None:
    """Store and return the median minutes until a person first closes an incident."""
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE, [MAX_MINUTES, now - timedelta(days=DAYS)])
        minutes, closes = cursor.fetchone()
    keep_note(kind=KIND, key="all", now=now, payload={"minutes": minutes, "closes": closes})
    return usual_minutes()


_MEASURE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY least(greatest(minutes, 0), %s)), count(*)
  FROM (SELECT extract(epoch FROM min(t.at) - i.created_at) / 60 AS minutes
          FROM incidents_timelineitem t JOIN incidents_incident i ON i.id = t.incident_id
         WHERE t.code = 'closed' AND t.by_id IS NOT NULL AND t.at >= %s
         GROUP BY i.id) closed
"""
