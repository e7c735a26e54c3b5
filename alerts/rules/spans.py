"""Weekly windows in the plant's time as minutes of UTC's week, apart for each stretch of time in
which no clock involved changes.

KQL has no column that holds a time zone. So what a rule states of hours is worked out beforehand: a
span holds between two minutes of all time, from one minute of UTC's week to another.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from alerts.rules.windows import WEEK, joined_ranges, ranges_by_zone, window_zone_of

EPOCH: Final = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday; minutes are counted from here
_MINUTE = timedelta(minutes=1)
type Windows = tuple[str, ...]
type _Ranges = list[tuple[int, int]]


class WeeklySpan(NamedTuple):
    """From `since` until `until` (minutes since EPOCH), each week from `start` to `end`; neither
    end is inside.
    """

    since: int
    until: int
    start: int
    end: int


def minute_of(at: datetime) -> int:
    """Return the whole minutes since EPOCH."""
    return (at - EPOCH) // _MINUTE


def spans_between(
    since: datetime,
    until: datetime,
    *,
    inside: Sequence[Windows],
    outside: Sequence[Windows] = (),
) -> tuple[WeeklySpan, ...]:
    """Return the spans of a period that are inside all of `inside` and none of `outside`."""
    zones = sorted({window_zone_of(value) for windows in (*inside, *outside) for value in windows})
    changes = [minute_of(since), *_changes(zones, since, until), -(-(until - EPOCH) // _MINUTE)]
    found = []
    for first, last in pairwise(changes):
        at = max(since, EPOCH + first * _MINUTE)
        ranges: _Ranges = [(0, WEEK)]
        for windows in inside:
            ranges = _common(ranges, _in_utc(windows, at))
        for windows in outside:
            ranges = _common(ranges, _rest(_in_utc(windows, at)))
        found += [WeeklySpan(first, last, start, end) for start, end in ranges]
    return tuple(found)


def is_in_spans(at: datetime, spans: Iterable[WeeklySpan]) -> bool:
    """Whether one of the spans holds a moment."""
    minute = minute_of(at)
    of_week = minute % WEEK
    return any(
        span.since <= minute < span.until and span.start <= of_week < span.end for span in spans
    )


def _in_utc(windows: Windows, at: datetime) -> _Ranges:
    """The windows in minutes of UTC's week, with the clocks as they are at a moment."""
    parts: _Ranges = []
    for zone, ranges in ranges_by_zone(windows):
        offset = _offset(zone, at)
        for start, end in ranges:
            first = (start - offset) % WEEK
            last = first + end - start
            parts += [(first, min(last, WEEK)), *([(0, last - WEEK)] if last > WEEK else [])]
    return joined_ranges(parts)


def _common(ours: _Ranges, theirs: _Ranges) -> _Ranges:
    both = ((max(a, c), min(b, d)) for a, b in ours for c, d in theirs)
    return sorted((start, end) for start, end in both if start < end)


def _rest(ranges: _Ranges) -> _Ranges:
    edges = [0, *(edge for pair in ranges for edge in pair), WEEK]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _changes(zones: Sequence[str], since: datetime, until: datetime) -> list[int]:
    """The minutes between two moments at which some clock is put forward or back, in order."""
    found = set()
    for zone in zones:
        at = since
        while at < until:
            then = min(at + timedelta(days=1), until)
            if _offset(zone, at) != _offset(zone, then):
                found.add(_change(zone, minute_of(at), -(-(then - EPOCH) // _MINUTE)))
            at = then
    first, last = minute_of(since), minute_of(until)
    return sorted(minute for minute in found if first < minute <= last)


def _change(zone: str, before: int, after: int) -> int:
    """The first minute of the new offset, between two minutes of different offsets."""
    old = _offset(zone, EPOCH + before * _MINUTE)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, EPOCH + middle * _MINUTE) == old:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=65536)
def _offset(zone: str, at: datetime) -> int:
    """Minutes by which the zone's clock is before UTC's."""
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    return offset // _MINUTE if offset else 0
