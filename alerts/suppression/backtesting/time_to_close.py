"""How long people take to close an incident."""

from dataclasses import dataclass

from portal.jobs.queries import notes_of

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
    """The minutes of that; None where those closings were too few."""
    return usual_time_to_close().minutes
