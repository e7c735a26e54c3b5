"""The plan: patterns in the order of what each adds on top of those before it (suppression §3)."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from alerts.patterns.engine.cells import AlertCell
from alerts.patterns.engine.pattern import MinedPattern

MAX_RULES: Final = 30  # a site


class IncidentPart(NamedTuple):
    """One kind of alert of an incident: its cell and when it came."""

    cell: int
    slot: int
    utc_slot: int
    works: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IncidentShape:
    """Incidents that consist of the same parts. An incident closes only if all are covered."""

    parts: frozenset[IncidentPart]
    count: int = 1


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One rule of the plan: what it adds, and what share no longer reaches the SOC after it."""

    pattern: MinedPattern
    gain: int  # incidents
    share: float  # of all incidents, with all steps up to this one


def make_plan(
    patterns: Sequence[MinedPattern],
    cells: Sequence[AlertCell],
    incidents: Iterable[IncidentShape],
    *,
    living: Sequence[MinedPattern] = (),
    max_rules: int = MAX_RULES,
) -> list[RuleStep]:
    """Return the patterns worth a signature, each with what it adds to the living rules and to
    those before it. Lazy greedy: a gain never grows by what others cover, but for incidents of
    several parts; those are counted anew when their pattern comes up.
    """
    shapes = list(incidents)
    total = sum(shape.count for shape in shapes) or 1
    by_part: dict[IncidentPart, list[int]] = defaultdict(list)
    for index, shape in enumerate(shapes):
        for part in shape.parts:
            by_part[part].append(index)
    parts_of_cell: dict[int, list[IncidentPart]] = defaultdict(list)
    for part in by_part:
        parts_of_cell[part.cell].append(part)
    open_parts = [len(shape.parts) for shape in shapes]
    covered: set[IncidentPart] = set()

    def parts_of(pattern: MinedPattern) -> list[IncidentPart]:
        return [
            part
            for cell in pattern.cells
            for part in parts_of_cell[cell]
            if pattern.covers_time(part.slot, part.utc_slot, part.works)
        ]

    def gain_of(parts: list[IncidentPart]) -> int:
        missing: dict[int, int] = defaultdict(int)
        for part in parts:
            if part not in covered:
                for index in by_part[part]:
                    missing[index] += 1
        return sum(shapes[i].count for i, n in missing.items() if n == open_parts[i])

    def cover(parts: list[IncidentPart]) -> None:
        for part in parts:
            if part not in covered:
                covered.add(part)
                for index in by_part[part]:
                    open_parts[index] -= 1

    for pattern in living:
        cover(parts_of(pattern))
    closed = sum(shape.count for i, shape in enumerate(shapes) if not open_parts[i])
    parts_by_pattern = [parts_of(pattern) for pattern in patterns]
    heap = [(-gain_of(parts), index) for index, parts in enumerate(parts_by_pattern)]
    heapq.heapify(heap)
    steps: list[RuleStep] = []
    while heap and len(steps) < max_rules:
        claimed, index = heapq.heappop(heap)
        gain = gain_of(parts_by_pattern[index])
        if heap and gain < -heap[0][0] and gain < -claimed:
            heapq.heappush(heap, (-gain, index))
            continue
        if gain <= 0:
            break
        cover(parts_by_pattern[index])
        closed += gain
        steps.append(RuleStep(patterns[index], gain, closed / total))
    return steps
