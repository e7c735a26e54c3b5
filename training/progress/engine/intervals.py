"""How sure a share is that was counted of so many."""

from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson's score). Of nothing nothing is known: 0 to 1."""
    if n <= 0:
        return 0.0, 1.0
    share, weight = hits / n, Z95 * Z95 / n
    middle = (share + weight / 2) / (1 + weight)
    half = sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    return (middle - half if hits else 0.0), (middle + half if hits < n else 1.0)
