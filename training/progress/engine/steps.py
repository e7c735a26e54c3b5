"""Totals in steps so wide that comparing two of them tells of nobody (docs/decisions/0017)."""

from datetime import datetime, timedelta
from typing import Final

PEOPLE: Final = 5
SHARES: Final = 20  # of a twentieth each


def week_start(moment: datetime) -> datetime:
    """Return the Monday, 00:00, at or before a moment, in the zone of that moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=moment.weekday())


def people_step(n: int) -> int:
    """Return a count of people, rounded down to whole fives."""
    return n - n % PEOPLE


def share_step(hits: int, n: int) -> float:
    """Return a share, rounded to whole twentieths."""
    return round(hits / n * SHARES) / SHARES
