"""Streams: one kind of alerts of a process at one site, the pairs it happens between, and what it
causes in 120 days: groups of alerts, each of which becomes an incident.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from simulator.scenarios.chance import (
    WEEKDAYS,
    between,
    day_weight,
    dice,
    liveliness,
    local_days,
    moment,
    on_clock,
    poisson,
    spread,
)
from simulator.scenarios.inventory import SitePlan
from simulator.scenarios.parties import End, FixedEnd, Party, SeatEnd, ends_of
from simulator.scenarios.planned_work import Window
from simulator.scenarios.tables import DAYS, ProcessRow, Setting, StreamRow

type Pair = tuple[End, End]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One alert before it is grouped into an incident."""

    at: datetime
    truth: str
    is_attack: bool = False
    title: str
    function: str
    source: Party
    destination: Party
    port: int | None
    protocol: str
    user_title: str
    product: str


@dataclass(slots=True)
class Stream:
    """One stream of a process at one site."""

    row: StreamRow
    process: ProcessRow
    plan: SitePlan
    pairs: list[Pair]
    cumulative: list[float]
    zone: ZoneInfo
    names: tuple[object, ...]
    rate: float
    begins: datetime
    ends: datetime
    moves_at: datetime

    def draft(self, at: datetime, rng: Random, pair: Pair | None = None) -> Draft | None:
        """Return an alert of this stream, None if nobody is there to cause it."""
        for _ in range(12):
            place = self._place(rng) if pair is None else 0
            first, second = self.pairs[place] if pair is None else pair
            source, destination = first.party(at, rng), second.party(at, rng)
            if source and destination and (not source.name or source.name != destination.name):
                break
            if pair is not None:
                return None
        else:
            return None
        title, function, port = self._type(rng, place)
        return Draft(
            at=at,
            truth=self.process.name,
            title=title,
            function=function,
            source=source,
            destination=destination,
            port=port,
            protocol=self.row.protocol,
            user_title=self.row.title,
            product=self.row.product,
        )

    def partner(self, draft: Draft, rng: Random, minutes: float = 25) -> Draft | None:
        """Return one more alert of this stream that its source, or nearly so, caused soon after."""
        at = draft.at + timedelta(minutes=rng.uniform(0.2, minutes))
        for _ in range(6):
            candidate = self.draft(at, rng)
            if candidate and candidate.source.name == draft.source.name:
                return candidate
        return replace(draft, at=at)

    def pairs_in(self, window: Window) -> list[Pair]:
        """Return the pairs that a window of planned work is about."""
        return [pair for pair in self.pairs if _is_about(window, pair)]

    def _place(self, rng: Random) -> int:
        return rng.choices(range(len(self.pairs)), cum_weights=self.cumulative)[0]

    def _type(self, rng: Random, place: int) -> tuple[str, str, int | None]:
        weights = [1 / (rank + 1) ** 0.6 for rank in range(len(self.row.types))]
        spec = rng.choices(self.row.types, weights)[0]
        # A pair mostly does the same thing.
        return read_type(spec, self.row.port, rng, place if rng.random() < 0.8 else None)


def read_type(
    spec: str, port: int | None, rng: Random, place: int | None = None
) -> tuple[str, str, int | None]:
    """Return title, function and port of `title#function|function@port`; one of the functions."""
    spec, _, own_port = spec.partition("@")
    title, _, text = spec.partition("#")
    functions = text.split("|")
    function = rng.choice(functions) if place is None else functions[place % len(functions)]
    return title, function, int(own_port) if own_port else port


def build_stream(
    setting: Setting, plan: SitePlan, process: ProcessRow, number: int
) -> Stream | None:
    """Return a stream with its pairs; None if this site has nobody who could cause it."""
    row = process.stream[number]
    names = (*setting.names, plan.row.name, process.name, number)
    rng = dice(*names)
    pairs = _pairs(row, plan, setting, rng)
    if not pairs:
        return None
    lifetime_dice = dice(*names[:-1], "life")
    begins, ends = between(lifetime_dice, process.begins), between(lifetime_dice, process.ends)
    moves = between(lifetime_dice, process.moves) if process.moves else 999
    weights = [1 / (rank + 1) ** 0.55 for rank in range(len(pairs))]
    return Stream(
        row=row,
        process=process,
        plan=plan,
        pairs=pairs,
        cumulative=list(accumulate(weights)),
        zone=ZoneInfo("UTC" if row.clock == "utc" else plan.row.time_zone),
        names=names,
        rate=rng.uniform(*row.rate) * spread(rng, 0.3),
        begins=setting.starts_at + timedelta(days=begins),
        ends=setting.starts_at + timedelta(days=ends),
        moves_at=setting.starts_at + timedelta(days=moves),
    )


def _pairs(row: StreamRow, plan: SitePlan, setting: Setting, rng: Random) -> list[Pair]:
    networks = setting.tables.networks
    sources = ends_of(row.source, plan, networks, *setting.names)
    destinations = ends_of(row.destination, plan, networks, *setting.names)
    pairs = []
    for source in sources:
        partners = [
            end
            for end in destinations
            if not row.same_zone or end.zone_key == source.zone_key
            if not (
                isinstance(end, SeatEnd) and isinstance(source, SeatEnd) and end.seat is source.seat
            )
        ]
        if row.fan and len(partners) > row.fan:
            partners = rng.sample(partners, row.fan) + _latecomers(partners)
        pairs += [(source, partner) for partner in dict.fromkeys(partners)]
    rng.shuffle(pairs)
    return pairs


def _latecomers(ends: list[End]) -> list[End]:
    """Return what is put into service later: it is configured like its group."""
    return [
        end
        for end in ends
        if isinstance(end, SeatEnd)
        and end.seat.devices[0].since
        > min(other.seat.devices[0].since for other in ends if isinstance(other, SeatEnd))
    ]


def _is_about(window: Window, pair: Pair) -> bool:
    source, destination = pair
    target = source if _is_unnamed(destination) else destination
    if window.seats:
        return isinstance(target, SeatEnd) and id(target.seat) in window.seats
    return not window.zones or target.zone_key in window.zones


def _is_unnamed(end: End) -> bool:
    return isinstance(end, FixedEnd) and not end.fixed.name


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
