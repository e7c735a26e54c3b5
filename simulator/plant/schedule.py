"""Spreads the incidents of a history over its hours, exact in number."""

import random
from array import array
from bisect import bisect
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from math import floor
from zoneinfo import ZoneInfo

from .flowbook import ATTACK_SHARE, lived
from .flows import Flow
from .recipes import moment_of

HOUR_US = 3_600_000_000
_FEW = 1000
Place = tuple[int, date, int]
"""An hour as a site sees it: hour of the week, day, and the day's ordinal."""


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
    wanted = [
        (attack if flow.attack else count) * flow.share * lived(flow) if total else 0.0
        for flow, total in zip(flows, totals, strict=True)
    ]
    hidden = sum(w for w, flow in zip(wanted, flows, strict=True) if flow.attack)
    open_ = sum(wanted) - hidden
    exact = [
        w if flow.attack or not w else w * (count - hidden) / open_
        for w, flow in zip(wanted, flows, strict=True)
    ]
    numbers = [floor(each) for each in exact]
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
