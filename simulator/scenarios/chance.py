"""Dice that fall alike for the same names, and the few distributions the plant needs."""

import math
from collections.abc import Sequence
from random import Random


def dice(*names: object) -> Random:
    """Return a generator that depends on the names alone."""
    return Random("/".join(map(str, names)))


def poisson(rng: Random, mean: float) -> int:
    """Return how often something with this mean happened; mean up to some hundreds."""
    if mean > 30:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def between(rng: Random, limits: Sequence[float]) -> int:
    """Return a whole number within limits, both included."""
    low, high = limits
    return rng.randint(int(low), int(high))


def spread(rng: Random, sigma: float) -> float:
    """Return a factor around 1 whose mean is 1."""
    return rng.lognormvariate(-sigma * sigma / 2, sigma)
