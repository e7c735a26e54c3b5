"""Cells by type and end, so that a pattern is compared only with what it may cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from alerts.patterns.engine.cells import Cell, End
from alerts.patterns.engine.pattern import Pattern, TypeName
from alerts.patterns.engine.sides import Rung, Side

type Places = dict[tuple[object, ...], list[int]]


class CellIndex:
    """The places of the cells of one site, in a list of all cells."""

    def __init__(self, cells: Sequence[Cell], places: Iterable[int]) -> None:
        self.cells = cells
        self._by_type: dict[TypeName, list[int]] = defaultdict(list)
        self._by_source: Places = defaultdict(list)
        self._by_destination: Places = defaultdict(list)
        for place in places:
            key = cells[place].key
            name = key.alert_type, key.own_title
            self._by_type[name].append(place)
            for end, index in (
                (key.source, self._by_source),
                (key.destination, self._by_destination),
            ):
                for word in _words_of(end):
                    index[*name, *word].append(place)

    def covered_by(self, pattern: Pattern) -> list[int]:
        """Return the places of all cells that the pattern covers, type by type."""
        return [
            place
            for name in pattern.types
            for place in self._near(pattern, name)
            if pattern.covers_cell(self.cells[place])
        ]

    def _near(self, pattern: Pattern, name: TypeName) -> list[int]:
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
                choices.append([each[key] for each in indexes for key in keys if key in each])
        if not choices:
            return self._by_type[name]
        fewest = min(choices, key=lambda lists: sum(map(len, lists)))
        return sorted(set(chain.from_iterable(fewest)))


def _words_of(end: End) -> set[tuple[str, ...]]:
    """Return by what an end is found: its device, its address, its kind in its zone."""
    return {("named", end.device), ("named", end.address), ("group", end.kind, end.zone)}


def _words_for(side: Side) -> list[tuple[str, ...]] | None:
    """Return what the ends of a side are found by; None where only looking at each tells."""
    if side.rung == Rung.LISTED:
        return [("named", member) for member in side.members]
    if side.rung == Rung.GROUP and side.zones:
        return [("group", kind, zone) for kind in side.kinds for zone in side.zones]
    return None
