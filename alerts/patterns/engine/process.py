"""Which cells a pattern covers, and which process of the plant it is, so that the next mining
recognises it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final
from uuid import UUID, uuid5

from alerts.patterns.engine.cells import AlertCell, CellEnd
from alerts.patterns.engine.pattern import MinedPattern, TypeName
from alerts.patterns.engine.sides import PatternSide, Rung

type Positions = dict[tuple[object, ...], list[int]]
MIN_OVERLAP: Final = 0.5  # of the alerts that either of two patterns covers
_NAMESPACE: Final = UUID("5a1f1c52-3c1f-5a86-a9c0-6c1d7b0e52e4")  # keys are stored


class CellIndex:
    """The places of the cells of one site, in a list of all cells."""

    def __init__(self, cells: Sequence[AlertCell], positions: Iterable[int]) -> None:
        self.cells = cells
        self._by_type: dict[TypeName, list[int]] = defaultdict(list)
        self._by_source: Positions = defaultdict(list)
        self._by_destination: Positions = defaultdict(list)
        for position in positions:
            key = cells[position].key
            name = key.alert_type, key.own_title
            self._by_type[name].append(position)
            for end, index in (
                (key.source, self._by_source),
                (key.destination, self._by_destination),
            ):
                for word in _words_of(end):
                    index[*name, *word].append(position)

    def covered_by(self, pattern: MinedPattern) -> list[int]:
        """Return the places of all cells that the pattern covers, type by type."""
        return [
            position
            for name in pattern.types
            for position in self._near(pattern, name)
            if pattern.covers_cell(self.cells[position])
        ]

    def _near(self, pattern: MinedPattern, name: TypeName) -> list[int]:
        """Return the cells of one type that may be covered: the fewest that an end leaves. Without
        direction an end of the pattern may be either end of a cell.
        """
        choices: list[list[list[int]]] = []
        for side, index, other in (
            (pattern.source, self._by_source, self._by_destination),
            (pattern.destination, self._by_destination, self._by_source),
        ):
            words = _words_for(side)
            if words is not None:
                indexes = (index,) if pattern.is_directed else (index, other)
                keys = [(*name, *word) for word in words]
                choices.append(
                    [by_word[key] for by_word in indexes for key in keys if key in by_word]
                )
        if not choices:
            return self._by_type[name]
        fewest = min(choices, key=lambda lists: sum(map(len, lists)))
        return sorted(set(chain.from_iterable(fewest)))


def _words_of(end: CellEnd) -> set[tuple[str, ...]]:
    """Return by what an end is found: its device, its address, its kind in its zone."""
    return {("named", end.device), ("named", end.address), ("group", end.kind, end.zone)}


def _words_for(side: PatternSide) -> list[tuple[str, ...]] | None:
    """Return what the ends of a side are found by; None where only looking at each tells."""
    if side.rung == Rung.LISTED:
        return [("named", member) for member in side.members]
    if side.rung == Rung.GROUP and side.zones:
        return [("group", kind, zone) for kind in side.kinds for zone in side.zones]
    return None


def process_key(pattern: MinedPattern, cells: Sequence[AlertCell]) -> UUID:
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
    former: Mapping[K, MinedPattern], patterns: Sequence[MinedPattern], cells: Sequence[AlertCell]
) -> dict[int, K]:
    """Return which former pattern each of the found ones continues, by its place: the one with
    which it shares at least half of the alerts that either covers now.
    """
    weights = [cell.alerts for cell in cells]
    index = CellIndex(cells, range(len(cells)))
    by_cell: dict[int, list[int]] = defaultdict(list)
    for position, pattern in enumerate(patterns):
        for at in pattern.cells:
            by_cell[at].append(position)
    totals = [sum(weights[at] for at in pattern.cells) for pattern in patterns]
    pairs: list[tuple[float, int, int, K]] = []
    for number, (key, pattern) in enumerate(former.items()):
        total, shared = 0, defaultdict[int, int](int)
        for at in index.covered_by(pattern):
            total += weights[at]
            for position in by_cell[at]:
                shared[position] += weights[at]
        for position, both in shared.items():
            overlap = both / (total + totals[position] - both)
            if overlap >= MIN_OVERLAP:
                pairs.append((-overlap, number, position, key))
    continued: dict[int, K] = {}
    used: set[K] = set()
    for _, _, position, key in sorted(pairs, key=lambda pair: pair[:3]):
        if position not in continued and key not in used:
            continued[position] = key
            used.add(key)
    return continued


def _side_words(side: PatternSide, groups: set[object]) -> str:
    if side.rung == Rung.LISTED and len(side.members) == 1:
        return side.members[0]
    if side.rung == Rung.NETWORK:
        return "outside"
    return "; ".join(sorted(map(str, groups)))


def _main_type(pattern: MinedPattern, cells: Sequence[AlertCell]) -> TypeName:
    """The type with most of its alerts."""
    weights: dict[TypeName, int] = dict.fromkeys(pattern.types, 0)
    for at in pattern.cells:
        key = cells[at].key
        weights[key.alert_type, key.own_title] += cells[at].alerts
    return min(weights, key=lambda name: (-weights[name], name))
