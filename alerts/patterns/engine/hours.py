"""When a process happens: hours learned in plant time and in UTC, whichever is tighter."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, log
from typing import Final

from alerts.patterns.engine.cells import HARMLESS, HOURS_OF_WEEK, AlertCell, CellHour
from alerts.rules.windows import DAYS

MIN_SHARE: Final = 0.98  # of the alerts must lie inside
SLACK: Final = 1  # hours, on both sides
MIN_ALERTS: Final = 5
CHANCE_LIMIT: Final = 0.01  # the chance at which missing weekdays are no chance any more
DAY: Final = 24
MAX_LENGTH: Final = 20  # hours of a day; a longer window guards next to nothing
MIN_JUDGED: Final = 5  # harmless verdicts from which hours are learned
MIN_NEAR_JUDGED: Final = 0.6  # of the alerts must lie beside one of them
type Moments = Mapping[CellHour, int]  # how often each was seen


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours on some weekdays: from `start` (0–23) for `length` hours, past midnight if need be."""

    weekdays: tuple[int, ...]  # of the start, Monday 0
    start: int
    length: int
    is_utc: bool = False

    @property
    def hours_a_week(self) -> int:
        """How long it is."""
        return len(self.weekdays) * self.length

    def contains(self, slot: int, utc_slot: int) -> bool:
        """Whether an hour of the week, given in plant time and in UTC, lies inside."""
        day, hour = divmod(utc_slot if self.is_utc else slot, DAY)
        since = hour - self.start
        if 0 <= since < self.length:
            return day in self.weekdays
        return since + DAY < self.length and (day - 1) % 7 in self.weekdays

    def as_windows(self, zone: str) -> tuple[str, ...]:
        """Return the hours as a rule spells them; `zone` is the plant's IANA name."""
        clock = "UTC" if self.is_utc else zone
        if self.length >= DAY:
            return tuple(f"{DAYS[day]} 00:00-24:00 {clock}" for day in self.weekdays)
        end = (self.start + self.length) % DAY
        text = f"{self.start:02}:00-{end or 24:02}:00 {clock}"
        return tuple(f"{DAYS[day]} {text}" for day in self.weekdays)


def learn_hours(moments: Moments) -> Hours | None:
    """Return the tightest hours that hold 98 % of the alerts, with an hour of slack on both sides.

    None where the empty rest could be chance. An alert of several within one hour counts once.
    """
    by_slot, by_utc_slot = [0] * HOURS_OF_WEEK, [0] * HOURS_OF_WEEK
    for occurrence, count in moments.items():
        by_slot[occurrence.slot] += count
        by_utc_slot[occurrence.utc_slot] += count
    choices = [
        _learn(moments, by_slot, is_utc=False),
        _learn(moments, by_utc_slot, is_utc=True),
    ]
    learned = [hours for hours in choices if hours is not None]
    return min(learned, key=lambda hours: hours.hours_a_week, default=None)


def learn_judged_hours(cells: Sequence[AlertCell]) -> Hours | None:
    """Return the hours of what happened within an hour of something that OT called harmless, on the
    same weekday; None where too little was judged, or most happened at other hours. What nobody
    has judged does not widen the hours of a strict rule.
    """
    judged = [v for cell in cells for v in cell.verdicts if v.verdict in HARMLESS]
    if len(judged) < MIN_JUDGED:
        return None
    near = {(v.slot + by) % HOURS_OF_WEEK for v in judged for by in range(-SLACK, SLACK + 1)}
    moments = Counter(o for cell in cells for o in cell.occurrences)
    inside = Counter({o: count for o, count in moments.items() if o.slot in near})
    if inside.total() < MIN_NEAR_JUDGED * moments.total():
        return None
    return learn_hours(inside)


def _learn(moments: Moments, by_slot: Sequence[int], *, is_utc: bool) -> Hours | None:
    n = sum(by_slot)
    if n < MIN_ALERTS:
        return None
    arc = _shortest_arc([sum(by_slot[hour::DAY]) for hour in range(DAY)], n)
    if arc is None and all(any(by_slot[day : day + DAY]) for day in range(0, HOURS_OF_WEEK, DAY)):
        return None  # all day on all days: what most processes do, so dates are not looked at
    start, length = arc or (0, DAY)
    # The weekday of an hour past midnight is that of the window's start.
    starts: Counter[tuple[int, int]] = Counter()
    for occurrence, count in moments.items():
        weekday, hour = divmod(occurrence.utc_slot if is_utc else occurrence.slot, DAY)
        if (hour - start) % DAY < length:
            is_after_midnight = hour < start
            starts[occurrence.day - is_after_midnight, (weekday - is_after_midnight) % 7] += count
    weekdays = _weekdays(list(starts))
    if length >= DAY and len(weekdays) == 7:
        return None
    inside = sum(count for (_, weekday), count in starts.items() if weekday in weekdays)
    if inside < MIN_SHARE * n:
        return None
    if length < DAY:
        start, length = (start - SLACK) % DAY, length + 2 * SLACK
        if length > MAX_LENGTH:
            start, length = 0, DAY
            if len(weekdays) == 7:
                return None
    return Hours(weekdays, start, length, is_utc)


def _shortest_arc(by_hour: Sequence[int], n: int) -> tuple[int, int] | None:
    """Return start and length of the shortest stretch of hours that holds 98 % of the alerts; None
    where the rest is not empty enough: a gap counts above 24 h · (ln n + 1.5) / n.
    """
    best: tuple[int, int] | None = None
    by_hour = [*by_hour, *by_hour]
    inside, end, target = 0, 0, MIN_SHARE * n
    for start in range(DAY):
        while inside < target and end < start + DAY:
            inside += by_hour[end]
            end += 1
        if inside >= target and by_hour[start] and (best is None or end - start < best[1]):
            best = start, end - start
        inside -= by_hour[start]
    if best is None or DAY - best[1] <= DAY * (log(n) + 1.5) / n:
        return None
    return best


def _weekdays(starts: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Return the weekdays seen, where the missing ones are no chance; else all."""
    by_day = Counter(dict(starts).values())  # one for each date
    dates = sum(by_day.values())
    used = sorted(by_day)
    missing = 7 - len(used)
    if not missing or dates == 0:
        return tuple(range(7))
    chance = comb(7, len(used)) * (len(used) / 7) ** dates
    return tuple(used) if chance < CHANCE_LIMIT else tuple(range(7))
