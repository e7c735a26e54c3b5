"""How long people take to close an incident: measured once a day, read by every estimate."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.incidents.time_to_close import median_minutes
from alerts.suppression.backtesting.history_sql import ids_array
from portal.jobs.queries import notes_of
from portal.jobs.services import keep_note

KIND = "suppression.handling"
DAYS = 90
MIN_CLOSES = 20  # fewer measured closings say nothing about handling time


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


def time_to_close_of(incidents: Collection[int]) -> TimeToClose:
    """Return how long people took to close these incidents or, where too few of them were
    measured, any.
    """
    minutes, closes = median_minutes("i.id = ANY(%s)", ids_array(incidents))
    if closes < MIN_CLOSES:
        return usual_time_to_close()
    return TimeToClose(minutes, closes, is_of_matches=True)


def measure_time_to_close(*, now: datetime) -> float | None:
    """Store and return the median minutes until a person first closes an incident."""
    minutes, closes = median_minutes("t.at >= %s", now - timedelta(days=DAYS))
    keep_note(kind=KIND, key="all", now=now, payload={"minutes": minutes, "closes": closes})
    return usual_minutes()
