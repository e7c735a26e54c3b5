"""Soft types that keep company with a strict pattern: between its devices, at its hours. A backup
copies programs, which is strict, and reads the settings of the same devices, which is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from alerts.patterns.engine.cells import Cell, count_alerts
from alerts.patterns.engine.drafts import SAME_PLACES, is_frequent
from alerts.patterns.engine.pattern import Pattern, TypeName
from alerts.suppression.engine.fields import NONE_TOLD

type CellsBySource = Mapping[str, Sequence[Cell]]


def group_by_source(cells: Iterable[Cell]) -> CellsBySource:
    """Return the cells by the name and the address of their source."""
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        for name in {cell.key.source.device, cell.key.source.address} - {""}:
            found[name].append(cell)
    return found


def with_soft_types(pattern: Pattern, soft: CellsBySource) -> Pattern:
    """Return a strict pattern with the soft types of its sources of which at least four fifths of
    the alerts keep to its devices and hours. Neither becomes wider by them. A type that somebody
    called suspicious there stays apart.
    """
    if pattern.obstacle:
        return pattern
    by_type: dict[TypeName, list[Cell]] = defaultdict(list)
    near = {id(cell): cell for name in pattern.source.members for cell in soft.get(name, ())}
    for cell in near.values():
        if cell.key.is_directed == pattern.is_directed and pattern.source.covers(cell.key.source):
            by_type[cell.key.alert_type, cell.key.own_title].append(cell)
    taken: list[Cell] = []
    for name, cells in sorted(by_type.items()):
        if name not in pattern.types:
            taken += _inside(replace(pattern, types=(name,), protocols=(), functions=()), cells)
    if not taken:
        return pattern
    names = sorted({(cell.key.alert_type, cell.key.own_title) for cell in taken})
    protocols = {*pattern.protocols, *(cell.key.protocol for cell in taken)}
    functions = {*(pattern.functions or [NONE_TOLD]), *(cell.key.function for cell in taken)}
    return replace(
        pattern,
        types=(*pattern.types, *names),
        protocols=tuple(sorted(protocols)) if pattern.protocols and "" not in protocols else (),
        functions=() if functions == {NONE_TOLD} else tuple(sorted(functions)),
    )


def _inside(place: Pattern, cells: list[Cell]) -> list[Cell]:
    """Return the cells of one type that lie in this place, where most of its alerts do."""
    covered = [cell for cell in cells if place.covers_cell(cell)]
    if not is_frequent(covered) or any(cell.is_suspect for cell in covered):
        return []
    alerts = sum(place.count_inside(cell) for cell in covered)
    return covered if alerts >= SAME_PLACES * count_alerts(cells) else []
