"""How large or small a share can be, when so few were judged: one-sided 95 % limits.

Clopper and Pearson's, exact for any number of judgements.
"""

from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import Final

MISS_CHANCE: Final = 0.05


@lru_cache(maxsize=4096)
def upper_share(hits: int, judged: int) -> float:
    """Return the upper limit: 1 where nothing was judged, about 3 / judged without a hit."""
    if judged <= 0 or hits >= judged:
        return 1.0
    if hits <= 0:
        return float(1 - MISS_CHANCE ** (1 / judged))
    low, high = hits / judged, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        # So many hits or fewer, at this share.
        if incomplete_beta(1 - middle, judged - hits, hits + 1) > MISS_CHANCE:
            low = middle
        else:
            high = middle
    return high


def lower_share(hits: int, judged: int) -> float | None:
    """Return the lower limit, the mirror of the upper one; None where nothing was judged."""
    return None if judged <= 0 else 1 - upper_share(judged - hits, judged)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's way through the fraction; it settles after a few dozen steps, thousands at most."""
    tiny = 1e-300
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1), tiny)
    total = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _nonzero(1 + step * d, tiny)
            c = _nonzero(1 + step / c, tiny)
            total *= c * d
        if abs(c * d - 1) < 1e-13:
            break
    return total


def _nonzero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
