"""How sure a counted share is, and totals in steps so wide that comparing two of them shows nothing
of one person (docs/decisions/0017).
"""

from datetime import datetime, timedelta
from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson's score). Without any case it is 0 to 1."""
    if n <= 0:
        return 0.0, 1.0
    share, weight = hits / n, Z95 * Z95 / n
    middle = (share + weight / 2) / (1 + weight)
    half = sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    return (middle - half if hits else 0.0), (middle + half if hits < n else 1.0)


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
