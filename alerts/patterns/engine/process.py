"""Which process of the plant a pattern is, so that the next mining knows it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid5

from alerts.patterns.engine.cell_index import CellIndex
from alerts.patterns.engine.cells import Cell
from alerts.patterns.engine.pattern import Pattern, TypeName
from alerts.patterns.engine.sides import Rung, Side

MIN_OVERLAP: Final = 0.5  # of the alerts that either of two patterns covers
_NAMESPACE: Final = UUID("5a1f1c52-3c1f-5a86-a9c0-6c1d7b0e52e4")  # keys are stored


def process_key(pattern: Pattern, cells: Sequence[Cell]) -> UUID:
    """Return a key that stays while members come and go: site, who begins, what mostly happens,
    and at what it is aimed. A single device is meant by its name, several by their kinds and zones.
    """
    words = (
        pattern.site,
        "strict" if pattern.is_strict else "soft",
        "directed" if pattern.is_directed else "undirected",
        _side_words(pattern.source, {cells[at].key.source.group for at in pattern.cells}),
        _side_words(pattern.destination, {cells[at].key.destination.group for at in pattern.cells}),
        *_main_type(pattern, cells),
    )
    return uuid5(_NAMESPACE, "\x1f".join(words))


def recognise[K: Hashable](
    former: Mapping[K, Pattern], found: Sequence[Pattern], cells: Sequence[Cell]
) -> dict[int, K]:
    """Return which former pattern each of the found ones continues, by its place: the one with
    which it shares at least half of the alerts that either covers now.
    """
    weights = [cell.alerts for cell in cells]
    index = CellIndex(cells, range(len(cells)))
    by_cell: dict[int, list[int]] = defaultdict(list)
    for place, pattern in enumerate(found):
        for at in pattern.cells:
            by_cell[at].append(place)
    totals = [sum(weights[at] for at in pattern.cells) for pattern in found]
    pairs: list[tuple[float, int, int, K]] = []
    for number, (key, pattern) in enumerate(former.items()):
        total, shared = 0, defaultdict[int, int](int)
        for at in index.covered_by(pattern):
            total += weights[at]
            for place in by_cell[at]:
                shared[place] += weights[at]
        for place, both in shared.items():
            overlap = both / (total + totals[place] - both)
            if overlap >= MIN_OVERLAP:
                pairs.append((-overlap, number, place, key))
    continued: dict[int, K] = {}
    taken: set[K] = set()
    for _, _, place, key in sorted(pairs, key=lambda pair: pair[:3]):
        if place not in continued and key not in taken:
            continued[place] = key
            taken.add(key)
    return continued


def _side_words(side: Side, groups: set[object]) -> str:
    if side.rung == Rung.LISTED and len(side.members) == 1:
        return side.members[0]
    if side.rung == Rung.NETWORK:
        return "outside"
    return "; ".join(sorted(map(str, groups)))


def _main_type(pattern: Pattern, cells: Sequence[Cell]) -> TypeName:
    """The type with most of its alerts."""
    weights: dict[TypeName, int] = dict.fromkeys(pattern.types, 0)
    for at in pattern.cells:
        key = cells[at].key
        weights[key.alert_type, key.own_title] += cells[at].alerts
    return min(weights, key=lambda name: (-weights[name], name))
