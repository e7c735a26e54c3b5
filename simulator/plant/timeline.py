"""Lets time pass: turns flows into a stream of (when, what), in order, in constant memory."""

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import date, datetime
from math import floor
from typing import NamedTuple

from . import rhythms
from .flowbook import FlowBook
from .flows import Flow, Template
from .recipes import Recipe, micros
from .schedule import HOUR_US, Place, Schedule, local_hour

_REFERENCE = 736_330
"""An ordinal (a Monday in 2017) from which two years show how often a phase holds."""
_FIRST_HOUR = 438_288
"""1 January 2020, 00:00 UTC, in hours since 1970: where living on starts to number its hours."""
_PER_HOUR = 10_000
_FIRST_NUMBER = 12_000_000
"""Above all numbers a history of ten million incidents uses."""


class Happening(NamedTuple):
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

    def history(self, count: int, start: datetime, end: datetime) -> Iterator[Happening]:
        """Exactly `count` happenings whose incidents are created in [start, end)."""
        start_us, end_us = micros(start), micros(end)
        if end_us <= start_us or count < 0:
            raise ValueError("a history ends after it starts, and has no negative length")
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
                yield Happening(created_us, recipe, number)
            del waiting[:ready]

    def happenings(self, after: datetime, until: datetime, per_day: float) -> Iterator[Happening]:
        """What leads to incidents created after `after` and until `until`, `per_day` on average."""
        if not 0 <= per_day <= 2 * _PER_HOUR:
            raise ValueError("a plant that lives on has between 0 and 20,000 incidents a day")
        after_us, until_us = micros(after), micros(until)
        found: list[Happening] = []
        for hour in range(after_us // HOUR_US - 1, until_us // HOUR_US + 1):
            hourly = self._hour(hour, float(per_day))
            found += [each for each in hourly if after_us < each.created_us <= until_us]
            found.sort()
            ready = bisect(found, ((hour + 1) * HOUR_US,))
            yield from found[:ready]
            del found[:ready]
        yield from found

    def _hour(self, hour: int, per_day: float) -> list[Happening]:
        """All that begins in one hour of a plant that lives on."""
        rng = random.Random(f"{self.book.seed}/{per_day}/{hour}")
        made: list[Recipe] = []
        for flow, mean in zip(self.flows, self._means(), strict=True):
            weight = self.weight(flow, local_hour(flow.time_zone, hour), None)
            expected = per_day * flow.share * weight / mean if mean else 0.0
            number, low = floor(expected + rng.random()), hour * HOUR_US
            made += [self._event(rng, flow, low, low + HOUR_US, None) for _ in range(number)]
        made.sort(key=lambda recipe: (recipe.created_us, recipe.bits))
        base = _FIRST_NUMBER + (hour - _FIRST_HOUR) * _PER_HOUR
        return [
            Happening(recipe.created_us, recipe, base + place) for place, recipe in enumerate(made)
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
        if not (flow.life[0] <= now < flow.life[1] or now == flow.life[1] == 1.0):
            return 0.0
        hour_of_week, day, ordinal = place
        weight = flow.rhythm[hour_of_week] * flow.phase(day, flow.site, part)
        if weight:
            weight *= rhythms.day_noise(self.book.seed, flow.index, ordinal)
        return weight

    def _means(self) -> list[float]:
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
