"""Dice that fall alike for the same names, the few distributions the plant needs, and the hours of
the week at which things happen.
"""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FLAT = dict.fromkeys(range(24), 1.0)


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


def _week(
    hours: dict[int, float], *, sat: float = 0.0, sun: float = 0.0
) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(factor * hours.get(hour, 0.0) for hour in range(24))
        for factor in (1.0, 1.0, 1.0, 1.0, 1.0, sat, sun)
    )


RHYTHMS: dict[str, tuple[tuple[float, ...], ...]] = {
    "always": _week(_FLAT, sat=0.9, sun=0.85),
    "shifts": _week(_FLAT | {5: 1.6, 6: 2.6, 13: 1.5, 14: 2.6, 22: 2.2}, sat=0.6, sun=0.5),
    "weekday": _week({6: 0.4, 7: 1.2, 8: 1.6, 9: 1.7, 10: 1.6, 11: 1.2, 13: 1.4, 14: 1.1, 15: 0.5}),
    "mornings": _week({6: 1.0, 7: 1.6, 8: 1.3}),
    "office": _week(
        {7: 0.5, 8: 1.4, 9: 1.6, 10: 1.4, 11: 1.1, 12: 0.6, 13: 1.2, 14: 1.2, 15: 0.9, 16: 0.4}
    ),
    "daytime": _week(dict.fromkeys(range(7, 20), 1.0), sat=0.8, sun=0.6),
    "noon": _week({11: 0.6, 12: 1.0, 13: 0.6}, sat=0.3, sun=0.3),
    "evenings": _week({18: 1.0, 19: 1.0, 20: 0.8, 21: 0.5}, sat=0.4, sun=0.3),
    "nights": _week({0: 0.6, 1: 1.0, 2: 1.0, 3: 0.7}, sat=1.0, sun=1.0),
    "weather": _week(_FLAT, sat=1.0, sun=1.0),
}
"""Seven days of 24 weights each, Monday first."""


def local_days(starts_at: datetime, days: int) -> list[date]:
    """Return the dates that a scenario touches on any clock."""
    first = starts_at.date() - timedelta(days=1)
    return [first + timedelta(days=number) for number in range(days + 2)]


def day_weight(rhythm: str, day: date) -> float:
    """Return which part of a week's events falls on this day."""
    week = RHYTHMS[rhythm]
    return sum(week[day.weekday()]) / sum(map(sum, week))


def liveliness(seed: object, site: str, rhythm: str, day: date) -> float:
    """Return a factor around 1 for one day; bad weather is shared by all that weather drives."""
    if rhythm == "weather":
        return 4.0 if dice(seed, site, "weather", day).random() < 0.16 else 0.43
    return spread(dice(seed, site, rhythm, day), 0.3)


def moment(rng: Random, rhythm: str, day: date, zone: ZoneInfo) -> datetime:
    """Return an instant of this day, by the hours of the rhythm on that clock."""
    weights = RHYTHMS[rhythm][day.weekday()]
    hour = rng.choices(range(24), weights)[0]
    return on_clock(day, time(hour), zone) + timedelta(seconds=rng.random() * 3600)


def on_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall-clock time in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)
