"""Turns flows into a stream of (when, what), in order and in constant memory: a history that is
exact in number, or a plant that lives on.
"""

import random
from array import array
from bisect import bisect
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import lru_cache
from math import floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from simulator.plant import rhythms
from simulator.plant.flows import ATTACK_SHARE, Flow, FlowBook, Template, lifetime_share
from simulator.plant.recipes import Recipe, micros, moment_of

HOUR_US = 3_600_000_000
_FEW = 1000
Place = tuple[int, date, int]
"""An hour as a site sees it: hour of the week, day, and the day's ordinal."""
_REFERENCE = 736_330
"""An ordinal (a Monday in 2017) from which two years show how often a phase holds."""
_FIRST_HOUR = 438_288
"""1 January 2020, 00:00 UTC, in hours since 1970: where living on starts to number its hours."""
_PER_HOUR = 10_000
_FIRST_NUMBER = 12_000_000
"""Above all numbers a history of ten million incidents uses."""


class Schedule:
    """Which flows are due in which hour of a history.

    What is rare is strewn and kept one by one; what is not follows its weights and is kept as
    running sums, so that a history of ten million needs no more room than a small one.
    """

    def __init__(
        self,
        flows: list[Flow],
        weight: Callable[[Flow, Place, float | None], float],
        *,
        count: int,
        start_us: int,
        end_us: int,
        seed: int,
    ) -> None:
        self._rare: dict[int, list[Flow]] = {}
        self._steady: list[tuple[Flow, array[int]]] = []
        rows = _running_weights(flows, weight, start_us, end_us)
        numbers = share_out(count, flows, [row[-1] for row in rows])
        rng = random.Random(f"{seed}/{count}/{start_us}/{end_us}")
        for flow, row, number in zip(flows, rows, numbers, strict=True):
            if number > _FEW:
                step, offset = row[-1] / number, rng.random() * 0.999
                plan = array("q", (floor(at / step + offset) for at in row))
                plan[-1] = number
                self._steady.append((flow, plan))
                continue
            for place in range(number):
                slot = bisect(row, (place + rng.random()) * row[-1] / number) - 1
                self._rare.setdefault(min(slot, len(row) - 2), []).append(flow)

    def due(self, slot: int) -> Iterator[Flow]:
        """The flows that lead to an incident in this hour, each as often as it does."""
        yield from self._rare.get(slot, ())
        for flow, plan in self._steady:
            for _ in range(plan[slot + 1] - plan[slot]):
                yield flow


def _running_weights(
    flows: list[Flow],
    weight: Callable[[Flow, Place, float | None], float],
    start_us: int,
    end_us: int,
) -> list[array[float]]:
    """For each flow the sum of its weights until each hour."""
    hours = range(start_us // HOUR_US, -(-end_us // HOUR_US))
    lows = [max(start_us, hour * HOUR_US) for hour in hours]
    highs = [min(end_us, (hour + 1) * HOUR_US) for hour in hours]
    covered = [(high - low) / HOUR_US for low, high in zip(lows, highs, strict=True)]
    parts = [(low - start_us) / (end_us - start_us) for low in lows]
    places = {
        zone: [local_hour(zone, hour) for hour in hours]
        for zone in {flow.time_zone for flow in flows}
    }
    rows = []
    for flow in flows:
        total, row, rhythm = 0.0, array("d", [0.0]), flow.rhythm
        for place, part, cover in zip(places[flow.time_zone], parts, covered, strict=True):
            if rhythm[place[0]]:
                total += cover * weight(flow, place, part)
            row.append(total)
        rows.append(row)
    return rows


def share_out(count: int, flows: list[Flow], totals: list[float]) -> list[int]:
    """How many of `count` belong to each flow; an attack grows slower than its plant."""
    attack = min(count * ATTACK_SHARE, 8 + count**0.5 / 10) / ATTACK_SHARE
    shares = [
        (attack if flow.attack else count) * flow.share * lifetime_share(flow) if total else 0.0
        for flow, total in zip(flows, totals, strict=True)
    ]
    hidden = sum(w for w, flow in zip(shares, flows, strict=True) if flow.attack)
    open_ = sum(shares) - hidden
    exact = [
        w if flow.attack or not w else w * (count - hidden) / open_
        for w, flow in zip(shares, flows, strict=True)
    ]
    numbers = [floor(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: numbers[i] - exact[i])
    for index in order[: count - sum(numbers)]:
        numbers[index] += 1
    return numbers


@lru_cache(maxsize=100_000)
def local_hour(time_zone: str, hour: int) -> Place:
    """What an hour since 1970 is at a site."""
    local = moment_of(hour * HOUR_US).astimezone(ZoneInfo(time_zone))
    day = local.date()
    return day.weekday() * 24 + local.hour, day, day.toordinal()


class TimelineEvent(NamedTuple):
    """Something that leads to an incident."""

    created_us: int
    recipe: Recipe
    number: int


class Timeline:
    """When the flows of one plant run."""

    def __init__(self, book: FlowBook) -> None:
        self.book = book
        self.flows = book.flows
        self.minutes_to_incident = [_longest_lag(t) for t in book.templates]
        self._long_run: list[float] = []

    def history(self, count: int, start: datetime, end: datetime) -> Iterator[TimelineEvent]:
        """Exactly `count` happenings whose incidents are created in [start, end)."""
        start_us, end_us = micros(start), micros(end)
        if end_us <= start_us or count < 0:
            raise ValueError("end must be after start, and count must not be negative")
        first, after = start_us // HOUR_US, -(-end_us // HOUR_US)
        schedule = Schedule(
            self.flows,
            self.weight,
            count=count,
            start_us=start_us,
            end_us=end_us,
            seed=self.book.seed,
        )
        waiting: list[tuple[int, Recipe]] = []
        number = 1000
        for slot, hour in enumerate(range(first, after)):
            rng = random.Random(f"{self.book.seed}/{count}/{start_us}/{end_us}/{hour}")
            low, high = max(start_us, hour * HOUR_US), min(end_us, (hour + 1) * HOUR_US)
            for flow in schedule.due(slot):
                recipe = self._event(rng, flow, low, high, end_us)
                waiting.append((recipe.created_us, recipe))
            waiting.sort()
            ready = len(waiting) if hour + 1 == after else bisect(waiting, (high,))
            for created_us, recipe in waiting[:ready]:
                number += 1
                yield TimelineEvent(created_us, recipe, number)
            del waiting[:ready]

    def happenings(
        self, after: datetime, until: datetime, per_day: float
    ) -> Iterator[TimelineEvent]:
        """What leads to incidents created after `after` and until `until`, `per_day` on average."""
        if not 0 <= per_day <= 2 * _PER_HOUR:
            raise ValueError("per_day must be between 0 and 20,000")
        after_us, until_us = micros(after), micros(until)
        pending: list[TimelineEvent] = []
        for hour in range(after_us // HOUR_US - 1, until_us // HOUR_US + 1):
            hourly = self._hour(hour, float(per_day))
            pending += [
                happening for happening in hourly if after_us < happening.created_us <= until_us
            ]
            pending.sort()
            ready = bisect(pending, ((hour + 1) * HOUR_US,))
            yield from pending[:ready]
            del pending[:ready]
        yield from pending

    def _hour(self, hour: int, per_day: float) -> list[TimelineEvent]:
        """All that begins in one hour of a plant that lives on."""
        rng = random.Random(f"{self.book.seed}/{per_day}/{hour}")
        recipes: list[Recipe] = []
        for flow, mean in zip(self.flows, self._mean_weights(), strict=True):
            weight = self.weight(flow, local_hour(flow.time_zone, hour), None)
            expected = per_day * flow.share * weight / mean if mean else 0.0
            number, low = floor(expected + rng.random()), hour * HOUR_US
            recipes += [self._event(rng, flow, low, low + HOUR_US, None) for _ in range(number)]
        recipes.sort(key=lambda recipe: (recipe.created_us, recipe.bits))
        base = _FIRST_NUMBER + (hour - _FIRST_HOUR) * _PER_HOUR
        return [
            TimelineEvent(recipe.created_us, recipe, base + place)
            for place, recipe in enumerate(recipes)
        ]

    def _event(
        self, rng: random.Random, flow: Flow, low: int, high: int, end_us: int | None
    ) -> Recipe:
        first, last = flow.minutes
        span = high - low
        began = low + int(span * (first + (last - first) * rng.random()) / 60)
        which = bisect(flow.cumulative, rng.random() * flow.cumulative[-1])
        template = flow.templates[min(which, len(flow.templates) - 1)].index
        lag = int((40 + 60 * self.minutes_to_incident[template] * rng.random()) * 1_000_000)
        if end_us is not None and began + lag >= end_us:
            lag = int((end_us - began) * rng.random())
        return Recipe(template, began, lag, rng.getrandbits(64))

    def weight(self, flow: Flow, place: Place, part: float | None) -> float:
        """How much of a flow an hour sees."""
        now = 1.0 if part is None else part
        if not (flow.lifetime[0] <= now < flow.lifetime[1] or now == flow.lifetime[1] == 1.0):
            return 0.0
        hour_of_week, day, ordinal = place
        weight = flow.rhythm[hour_of_week] * flow.phase(day, flow.site, part)
        if weight:
            weight *= rhythms.day_noise(self.book.seed, flow.index, ordinal)
        return weight

    def _mean_weights(self) -> list[float]:
        """What a day of each flow weighs in the long run."""
        if not self._long_run:
            days = [date.fromordinal(_REFERENCE + offset) for offset in range(728)]
            for flow in self.flows:
                by_day = [sum(flow.rhythm[d * 24 : d * 24 + 24]) for d in range(7)]
                total = sum(by_day[d.weekday()] * flow.phase(d, flow.site, None) for d in days)
                self._long_run.append(total / len(days))
        return self._long_run


def _longest_lag(template: Template) -> float:
    """How many minutes may pass until the incident: a scheduled rule sees the alert late."""
    return min(template.type.rule.minutes, 55) if template.rule_made and template.type.rule else 7
