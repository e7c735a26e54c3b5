"""Plants attacks that imitate routine: the same stream, but for one or two things."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from simulator.scenarios.chance import RHYTHMS, WEEKDAYS, between, moment, on_clock
from simulator.scenarios.parties import End, FixedEnd, Party, ends_of, rogue
from simulator.scenarios.planned_work import Window
from simulator.scenarios.records import Density
from simulator.scenarios.streams import Draft, Group, Stream, read_type
from simulator.scenarios.tables import DAYS, SPLIT_DAY, AttackRow, Setting, StepRow

_SLACK = timedelta(hours=2)
_MONTH = 30  # days
_MANY = 12  # incidents a site and month
_MAX_RAIDS = 30  # a site and month; some come to nothing


@dataclass(slots=True)
class Ground:
    """What an attacker finds at one site."""

    streams: dict[str, list[Stream]]
    windows: list[Window]


@dataclass(slots=True)
class _Raid:
    """One attack at one site."""

    row: AttackRow
    ground: Ground
    setting: Setting
    era: str
    rng: Random
    sources: dict[str, End] = field(default_factory=dict)

    def groups(self, first_day: int) -> Iterator[Group]:
        """Yield the alerts of each incident, step after step."""
        steps = [step for step in self.row.step for _ in range(between(self.rng, step.incidents))]
        lasts = between(self.rng, self.row.lasts)
        for place, step in enumerate(steps):
            day = first_day + round(place * lasts / max(1, len(steps) - 1 or 1))
            for later in range(10):  # a day on which the imitated process runs, too
                on = self.setting.day(min(day + later, DAYS - 1))
                if group := self._incident(step, on):
                    yield group
                    break

    def _incident(self, step: StepRow, on: date) -> Group | None:
        stream = stream_like(self.ground, step)
        at = self._moment(stream, step, on) if stream else None
        base = stream.draft(at, self.rng) if stream and at else None
        if not stream or not base:
            return None
        attack = self._altered(base, step, stream)
        if attack is None:
            return None
        if not step.company:
            return [attack]
        others = [stream.partner(base, self.rng, 15) for _ in range(self.rng.randint(0, 1))]
        return [base, attack, *(other for other in others if other)]

    def _moment(self, stream: Stream, step: StepRow, on: date) -> datetime | None:
        """Return when this day, None if the imitated process does not run then."""
        rhythm = step.rhythm or (stream.row.rhythm if stream.row.mode == "flow" else "")
        if rhythm:
            if not sum(RHYTHMS[rhythm][on.weekday()]):
                return None
            at = moment(self.rng, rhythm, on, stream.zone)
            return None if step.outside_work and self._is_planned(stream, at) else at
        if stream.row.mode == "job":
            if stream.row.days and WEEKDAYS[on.weekday()] not in stream.row.days:
                return None
            begin = on_clock(on, time.fromisoformat(stream.row.start), stream.zone)
            if stream.row.moved_to and begin >= stream.moves_at:
                begin = on_clock(on, time.fromisoformat(stream.row.moved_to), stream.zone)
            return begin + timedelta(minutes=self.rng.uniform(0, stream.row.spread))
        for window in self.ground.windows:
            if window.kind == stream.row.during and window.starts_at.date() == on:
                return window.starts_at + self.rng.random() * (window.over_at - window.starts_at)
        return None

    def _is_planned(self, stream: Stream, at: datetime) -> bool:
        return any(
            window.kind == stream.row.during and window.starts_at <= at <= window.over_at + _SLACK
            for window in self.ground.windows
        )

    def _altered(self, base: Draft, step: StepRow, stream: Stream) -> Draft | None:
        source: Party | None = base.source
        destination: Party | None = base.destination
        if step.source:
            source = self._attacker(step, base, stream)
        if step.destination:
            destination = self._pick(self._ends(step.destination, stream), base.destination, base)
        if step.product:
            destination = Party()
        if not source or not destination or source.name == destination.name:
            return None
        title, function, port = base.title, base.function, base.port
        if step.types:
            title, function, port = read_type(
                self.rng.choice(step.types), step.port or stream.row.port, self.rng
            )
        return replace(
            base,
            at=base.at + timedelta(minutes=self.rng.uniform(0.2, 4)),
            truth=self.row.name,
            is_attack=True,
            title=title,
            function=function,
            port=None if step.product else port,
            source=source,
            destination=destination,
            product=step.product,
            user_title="" if step.types else base.user_title,
        )

    def _attacker(self, step: StepRow, base: Draft, stream: Stream) -> Party | None:
        """Return the source: one and the same through all steps that name it alike."""
        if step.source not in self.sources:
            if step.source.startswith("rogue:"):
                end: End = rogue(step.source[6:], base.source, self.rng)
            else:
                ends = self._ends(step.source, stream)
                chosen = self._pick(ends, base.source, base)
                end = next((end for end in ends if end.party(base.at, self.rng) == chosen), ends[0])
            self.sources[step.source] = end
        return self.sources[step.source].party(base.at, self.rng)

    def _ends(self, words: str, stream: Stream) -> list[End]:
        names = (*self.setting.names, "attack", self.era, self.row.name)
        ends = ends_of(words, stream.plan, self.setting.tables.networks, *names)
        return ends or [FixedEnd(Party())]

    def _pick(self, ends: list[End], like: Party, base: Draft) -> Party | None:
        """Return one of them; the one with the same address where there is one."""
        parties = [party for end in ends if (party := end.party(base.at, self.rng))]
        twins = [party for party in parties if party.address == like.address]
        return self.rng.choice(twins or parties) if parties else None


def plant_attacks(
    setting: Setting, grounds: dict[str, Ground], density: Density = "few"
) -> dict[str, list[Group]]:
    """Return the alerts of all attacks by site: a few in the history, more in the future; or many
    all the time.
    """
    return _plant_few(setting, grounds) if density == "few" else _plant_many(setting, grounds)


def _plant_few(setting: Setting, grounds: dict[str, Ground]) -> dict[str, list[Group]]:
    rng, rows = setting.dice("attacks"), setting.tables.attacks
    future = rng.sample(rows, k=rng.randint(7, 9))
    past = rng.sample([row for row in rows if not row.future_only], k=rng.randint(2, 3))
    groups: dict[str, list[Group]] = {site: [] for site in grounds}
    for era, chosen, days in (("past", past, (12, 50)), ("future", future, (62, 104))):
        limit = setting.starts_at + timedelta(days=SPLIT_DAY if era == "past" else DAYS)
        for row in chosen:
            sites = [site for site, ground in grounds.items() if _is_possible(row, ground)]
            if not sites:
                continue
            site = rng.choice(sites)
            own = setting.dice("attack", era, row.name, site)
            raid = _Raid(row, grounds[site], setting, era, own)
            raid_groups = raid.groups(rng.randint(*days))
            groups[site] += [group for group in raid_groups if group[0].at < limit]
    return groups


def _plant_many(setting: Setting, grounds: dict[str, Ground]) -> dict[str, list[Group]]:
    """Month by month and site by site, attacks in turn until there are enough incidents."""
    groups: dict[str, list[Group]] = {site: [] for site in grounds}
    for site, ground in grounds.items():
        rng = setting.dice("many attacks", site)
        for month in range(DAYS // _MONTH):
            first, until = month * _MONTH, (month + 1) * _MONTH
            possible = [
                row
                for row in setting.tables.attacks
                if _is_possible(row, ground) and not (row.future_only and first < SPLIT_DAY)
            ]
            rng.shuffle(possible)
            made: list[Group] = []
            for number in range(_MAX_RAIDS):
                if len(made) >= _MANY or not possible:
                    break
                row = possible[number % len(possible)]
                era = f"month {month}, raid {number}"
                raid = _Raid(row, ground, setting, era, setting.dice("attack", era, site))
                begins = rng.randint(first + 2, until - 6)
                limit = setting.starts_at + timedelta(days=until)
                made += [group for group in raid.groups(begins) if group[0].at < limit]
            groups[site] += made
    return groups


def stream_like(ground: Ground, step: StepRow) -> Stream | None:
    """Return the stream that a step imitates: `process` or `process/number`."""
    name, _, number = step.like.partition("/")
    streams = ground.streams.get(name, [])
    return streams[int(number or 0)] if int(number or 0) < len(streams) else None


def _is_possible(row: AttackRow, ground: Ground) -> bool:
    return all(stream_like(ground, step) for step in row.step)
