"""How many incidents a rule closes on a day of the week, by the days of its back-test."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MIN_SAME_DAYS: Final = 4  # days of each weekday without which there is no forecast


@dataclass(frozen=True, slots=True)
class DayForecast:
    """The fewest, the most and the mean of the days of one weekday."""

    low: int
    high: int
    mean: float


def forecast_by_weekday(
    per_day: Sequence[tuple[date, int]], *, history_days: int
) -> Mapping[int, DayForecast]:
    """Return a forecast for each weekday, Monday is 0; empty where history is too short. The days
    at both ends of the period are not whole, and there is nothing of those before history began.
    """
    if not per_day:
        return {}
    begins = per_day[-1][0] - timedelta(days=history_days)
    by_weekday: dict[int, list[int]] = defaultdict(list)
    for day, count in per_day[1:-1]:
        if day > begins:
            by_weekday[day.weekday()].append(count)
    if any(len(by_weekday[weekday]) < MIN_SAME_DAYS for weekday in range(7)):
        return {}
    return {
        weekday: DayForecast(min(counts), max(counts), sum(counts) / len(counts))
        for weekday, counts in by_weekday.items()
    }
