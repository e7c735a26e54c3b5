"""What happens at one site in 120 days: groups of alerts, each of which becomes an incident."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from .chance import between, dice, poisson
from .planned_work import Window
from .rhythms import WEEKDAYS, day_weight, liveliness, local_days, moment, on_clock
from .setting import DAYS
from .streams import Draft, Stream

type Group = list[Draft]


def happenings(stream: Stream, windows: list[Window], starts_at: datetime) -> list[Group]:
    """Return everything a stream causes, in groups of one to five alerts."""
    rng = dice(*stream.names, "life of the stream")
    groups = []
    for group in _MODES[stream.row.mode](stream, windows, starts_at, rng):
        at = group[0].at
        if stream.begins <= at < stream.ends and at < starts_at + timedelta(days=DAYS):
            groups.append(group)
    return [group for group in groups if group[0].at >= starts_at]


def expected_groups(stream: Stream, windows: list[Window]) -> float:
    """Return about how many incidents a stream causes in 120 days, flows aside."""
    row = stream.row
    mean = sum(row.hits) / 2
    if row.mode == "job":
        return mean * DAYS / 7 * len(row.days or WEEKDAYS)
    if row.mode == "work":
        return mean * sum(window.kind == row.during for window in windows)
    if row.mode == "scatter":
        return mean * sum(row.pairs) / 2
    return mean * sum(row.storms) / 2 if row.mode == "storm" else 0.0


def lasting_part(stream: Stream, starts_at: datetime) -> float:
    """Return which part of the 120 days a stream exists."""
    end = starts_at + timedelta(days=DAYS)
    return max(0.0, (min(stream.ends, end) - max(stream.begins, starts_at)) / (end - starts_at))


def _grouped(stream: Stream, at: datetime, rng: Random) -> Group | None:
    first = stream.draft(at, rng)
    if first is None:
        return None
    return [first, *_company(stream, first, rng)]


def _company(stream: Stream, first: Draft, rng: Random) -> Group:
    if rng.random() >= stream.row.together:
        return []
    more = (stream.partner(first, rng) for _ in range(1 + int(rng.random() * 4)))
    return [draft for draft in more if draft]


def _flow(
    stream: Stream, windows: list[Window], starts_at: datetime, rng: Random
) -> Iterator[Group]:
    seed, site, rhythm = stream.names[1], stream.plan.row.name, stream.row.rhythm
    for day in local_days(starts_at, DAYS):
        mean = stream.rate * day_weight(rhythm, day) * liveliness(seed, site, rhythm, day)
        for _ in range(poisson(rng, mean) if mean else 0):
            if group := _grouped(stream, moment(rng, rhythm, day, stream.zone), rng):
                yield group


def _job(
    stream: Stream, windows: list[Window], starts_at: datetime, rng: Random
) -> Iterator[Group]:
    row = stream.row
    for day in local_days(starts_at, DAYS):
        if row.days and WEEKDAYS[day.weekday()] not in row.days:
            continue
        begin = on_clock(day, time.fromisoformat(row.start), stream.zone)
        if row.moved_to and begin >= stream.moves_at:
            begin = on_clock(day, time.fromisoformat(row.moved_to), stream.zone)
        for _ in range(between(rng, row.hits)):
            at = begin + timedelta(minutes=rng.uniform(0, row.spread))
            if group := _grouped(stream, at, rng):
                yield group


def _work(
    stream: Stream, windows: list[Window], starts_at: datetime, rng: Random
) -> Iterator[Group]:
    for window in windows:
        if window.kind != stream.row.during:
            continue
        pairs = stream.pairs_in(window)
        for _ in range(between(rng, stream.row.hits) if pairs else 0):
            at = _within(window, stream, rng)
            if first := stream.draft(at, rng, rng.choice(pairs)):
                yield [first]


def _within(window: Window, stream: Stream, rng: Random) -> datetime:
    """Return a moment of a window; of one that lasts days, a moment of the day shift."""
    while True:
        at = window.starts_at + rng.random() * (window.over_at - window.starts_at)
        is_long = window.over_at - window.starts_at > timedelta(hours=14)
        if not is_long or 7 <= at.astimezone(stream.zone).hour < 18:
            return at


def _scatter(
    stream: Stream, windows: list[Window], starts_at: datetime, rng: Random
) -> Iterator[Group]:
    count = min(between(rng, stream.row.pairs), len(stream.pairs))
    for pair in rng.sample(stream.pairs, count):
        types = [rng.choice(stream.row.types)]
        own = _with_types(stream, types)
        for _ in range(between(rng, stream.row.hits)):
            day = _any_day(rng, starts_at)
            at = moment(rng, stream.row.rhythm, day, stream.zone)
            if first := own.draft(at, rng, pair):
                yield [first]


def _storm(
    stream: Stream, windows: list[Window], starts_at: datetime, rng: Random
) -> Iterator[Group]:
    for _ in range(between(rng, stream.row.storms)):
        source = rng.choice(stream.pairs)[0]
        pairs = [pair for pair in stream.pairs if pair[0] is source]
        own = _with_types(stream, rng.sample(stream.row.types, min(2, len(stream.row.types))))
        day = _any_day(rng, starts_at)
        begin = moment(rng, stream.row.rhythm, day, stream.zone)
        hours = rng.uniform(3, 14)
        for _ in range(between(rng, stream.row.hits)):
            at = begin + timedelta(hours=hours * rng.random())
            if first := own.draft(at, rng, rng.choice(pairs)):
                yield [first]


def _any_day(rng: Random, starts_at: datetime) -> date:
    """Return a working day."""
    while True:
        day = (starts_at + timedelta(days=rng.randrange(DAYS))).date()
        if day.weekday() < 5:
            return day


def _with_types(stream: Stream, types: list[str]) -> Stream:
    return replace(stream, row=replace(stream.row, types=types))


_MODES: dict[str, Callable[[Stream, list[Window], datetime, Random], Iterator[Group]]] = {
    "flow": _flow,
    "job": _job,
    "work": _work,
    "scatter": _scatter,
    "storm": _storm,
}
