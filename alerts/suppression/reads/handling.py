"""How long people take to close an incident."""

from portal.jobs.queries import notes_of

KIND = "suppression.handling"
FEWEST_CLOSES = 20  # fewer measured closings say nothing about handling time
MOST_MINUTES = 60  # an incident that lay for days was not worked on for days


def usual_minutes() -> float | None:
    """The median of all closings by people that were measured; None where those were too few."""
    for note in notes_of(KIND):
        minutes, closes = note.payload.get("minutes"), note.payload.get("closes", 0)
        if closes >= FEWEST_CLOSES and minutes is not None:
            return float(minutes)
    return None
