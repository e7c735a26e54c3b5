"""A stream: one kind of alerts of a process at one site, with the pairs it happens between."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from .chance import between, dice, spread
from .inventory import SitePlan
from .parties import End, FixedEnd, Party, SeatEnd, ends_of
from .planned_work import Window
from .setting import Setting
from .tables import ProcessRow, StreamRow

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
            found = self.draft(at, rng)
            if found and found.source.name == draft.source.name:
                return found
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
    life = dice(*names[:-1], "life")
    begins, ends = between(life, process.begins), between(life, process.ends)
    moves = between(life, process.moves) if process.moves else 999
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
    target = source if _is_nobody(destination) else destination
    if window.seats:
        return isinstance(target, SeatEnd) and id(target.seat) in window.seats
    return not window.zones or target.zone_key in window.zones


def _is_nobody(end: End) -> bool:
    return isinstance(end, FixedEnd) and not end.fixed.name
