"""When something usually happens: a window of the week, if there is one that deserves the name."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MIN_MOMENTS = 5
SHARE = 0.8
MAX_HOURS = 4

type Moment = tuple[int, int]  # plant-local weekday (Monday 0) and minute of the day


@dataclass(frozen=True, slots=True)
class HourWindow:
    """Whole hours [start, end) on some weekdays. `end` may be 24; it never passes midnight."""

    weekdays: tuple[int, ...]
    start: int
    end: int

    def holds(self, moment: Moment) -> bool:
        """Whether a moment lies inside."""
        weekday, minute = moment
        return weekday in self.weekdays and self.start * 60 <= minute < self.end * 60


@dataclass(frozen=True, slots=True)
class UsualHours:
    """When a pattern usually happens, on the clock of its plant."""

    window: HourWindow
    is_inside: bool | None  # whether the incident lies in it; None where its time is unknown


def usual_window(moments: Sequence[Moment]) -> HourWindow | None:
    """The hours in which at least four fifths of all moments lie: on one weekday if that is
    enough, else on every weekday that has any. None where no window of four hours does.
    """
    if len(moments) < MIN_MOMENTS:
        return None
    by_day: dict[int, list[int]] = {}
    for weekday, minute in moments:
        by_day.setdefault(weekday, []).append(minute // 60)
    needed = SHARE * len(moments)
    busiest = max(by_day, key=lambda day: (len(by_day[day]), -day))
    for days in ((busiest,), tuple(sorted(by_day))):
        start, end, inside = _busiest_hours(hour for day in days for hour in by_day[day])
        if inside >= needed:
            return HourWindow(_with_any(days, by_day, start, end), start, end)
    return None


def _busiest_hours(hours: Iterable[int]) -> tuple[int, int, int]:
    """The fullest stretch of at most four hours, cut to the hours that are not empty."""
    counts = Counter(hours)

    def inside(start: int) -> int:
        return sum(counts[hour] for hour in range(start, start + MAX_HOURS))

    start = max(range(25 - MAX_HOURS), key=lambda hour: (inside(hour), -hour))
    filled = [hour for hour in range(start, start + MAX_HOURS) if counts[hour]]
    return filled[0], filled[-1] + 1, inside(start)


def _with_any(
    days: tuple[int, ...], by_day: dict[int, list[int]], start: int, end: int
) -> tuple[int, ...]:
    return tuple(day for day in days if any(start <= hour < end for hour in by_day[day]))
