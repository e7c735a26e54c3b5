"""How sure a share is, when only so many were judged."""

from functools import lru_cache
from math import comb, exp, log

MAX_JUDGED = 1000  # beyond that the figures are scaled down: the limit hardly moves any more


@lru_cache(maxsize=4096)
def lower_share(hits: int, judged: int) -> float | None:
    """One-sided lower 95 % limit of a share (Clopper–Pearson); None where nothing was judged."""
    if judged <= 0:
        return None
    if judged > MAX_JUDGED:
        hits, judged = hits * MAX_JUDGED // judged, MAX_JUDGED
    if hits <= 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _at_least(hits, judged, middle) < 0.05:
            low = middle
        else:
            high = middle
    return low


def _at_least(hits: int, judged: int, share: float) -> float:
    """How likely that many hits or more are, at this share."""
    if share <= 0.0 or share >= 1.0:
        return float(share >= 1.0)
    yes, no = log(share), log(1 - share)
    return sum(
        exp(log(comb(judged, k)) + k * yes + (judged - k) * no) for k in range(hits, judged + 1)
    )
