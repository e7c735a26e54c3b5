"""Weekly windows in plant time: `Tue 06:00-08:00 Europe/Warsaw`. The end is no longer inside.

They follow the wall clock: an hour that the change to summer time leaves out is in no window, and
one that comes twice in autumn is inside twice. `Fri 22:00-06:00` ends on Saturday.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from alerts.rules.sentence import Sentence
from alerts.sites.engine.time_zones import plant_zones

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY, WEEK = 1440, 10080
type Ranges = tuple[tuple[int, int], ...]

_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_FORM = re.compile(rf"({'|'.join(DAYS)}) {_CLOCK}-(?:{_CLOCK}|(24):(00)) (\S+)", re.ASCII)


def reasons_against_window(value: str) -> list[Sentence]:
    """Why this is no window, in sentences; empty when it is one."""
    found = _FORM.fullmatch(value)
    if found is None:
        return [Sentence("window.form", value=value)]
    start, end, zone = _read(found)
    if zone not in plant_zones():
        return [Sentence("window.zone", zone=zone)]
    if start == end:
        return [Sentence("window.empty", value=value)]
    if end == 0:
        return [Sentence("window.midnight", value=value)]
    return []


def window_zone_of(value: str) -> str:
    """The time zone that a window names."""
    return value.rsplit(" ", 1)[1]


@lru_cache(maxsize=4096)
def ranges_by_zone(values: tuple[str, ...]) -> tuple[tuple[str, Ranges], ...]:
    """The windows as minutes of the week, joined where they touch, for each zone."""
    by_zone: dict[str, list[tuple[int, int]]] = {}
    for value in values:
        found = _FORM.fullmatch(value)
        if found is None:
            raise ValueError(f"{value} is no weekly window")
        start, end, zone = _read(found)
        first = DAYS.index(found[1]) * DAY
        begins, ends = first + start, first + end + (DAY if end <= start else 0)
        parts = [(begins, min(ends, WEEK))] + ([(0, ends - WEEK)] if ends > WEEK else [])
        by_zone.setdefault(zone, []).extend(parts)
    return tuple((zone, tuple(joined_ranges(parts))) for zone, parts in sorted(by_zone.items()))


def minutes_a_week(values: Iterable[str]) -> int:
    """How long the windows are together; windows of several zones are added up."""
    found = ranges_by_zone(tuple(values))
    return sum(end - start for _, ranges in found for start, end in ranges)


def minute_of_week(at: datetime, zone: str) -> int:
    """Where a moment is in the week of a place: Monday 00:00 is 0."""
    local = at.astimezone(_zone(zone))
    return local.weekday() * DAY + local.hour * 60 + local.minute


def is_in_windows(at: datetime, values: tuple[str, ...]) -> bool:
    """Whether some window holds this moment."""
    for zone, ranges in ranges_by_zone(values):
        minute = minute_of_week(at, zone)
        if any(start <= minute < end for start, end in ranges):
            return True
    return False


def why_outside(at: datetime, values: tuple[str, ...]) -> Sentence:
    """Where the moment missed the windows, in the words of a clock on the plant's wall."""
    zone = window_zone_of(values[0])
    minute = minute_of_week(at, zone)
    day, hour = DAYS[minute // DAY], clock(minute % DAY)
    today = [found for value in values if (found := _FORM.fullmatch(value)) and found[1] == day]
    if len(today) == 1 and _read(today[0])[2] == zone:
        start, end, _ = _read(today[0])
        if minute % DAY < start:
            return Sentence("miss.too_early", hour=hour, start=clock(start))
        if start < end <= minute % DAY:
            return Sentence("miss.too_late", hour=hour, end=clock(end))
    return Sentence("miss.time", day=day, hour=hour, windows="; ".join(values))


def clock(minute: int) -> str:
    """A minute of the day as a clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _read(found: re.Match[str]) -> tuple[int, int, str]:
    start = int(found[2]) * 60 + int(found[3])
    end = int(found[4] or found[6]) * 60 + int(found[5] or found[7])
    return start, end, found[8]


def joined_ranges(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, with those that meet as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
