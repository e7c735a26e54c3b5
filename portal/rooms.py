"""What rooms contribute to the rooms below them, read once from the wiring file of each wing.

A lower room defines a kind of contribution, as the search does with `class Finder(Contribution)`,
and reads `Finder.entries`. Which room contributes what is listed in the modules that
`settings.WIRING` names; docs/wiring.md is generated from them.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import ClassVar, Self


class Contribution:
    """Something that a room adds to a room below it; subclasses are frozen dataclasses."""

    __slots__ = ()
    entries: ClassVar[tuple[Self, ...]] = ()  # all of this kind, in the order of the wiring files


class Room:
    """All contributions of one room."""

    def __init__(self, name: str, *contributions: Contribution) -> None:
        self.name = name
        self.contributions = contributions


def rooms_in(modules: Iterable[str]) -> list[Room]:
    """Return the rooms that these wiring modules list, in order."""
    return [room for module in modules for room in import_module(module).ROOMS]


def wire(rooms: Iterable[Room]) -> None:
    """Give each kind of contribution its entries."""
    by_kind: dict[type[Contribution], list[Contribution]] = {}
    for room in rooms:
        for contribution in room.contributions:
            by_kind.setdefault(type(contribution), []).append(contribution)
    for kind, entries in by_kind.items():
        kind.entries = tuple(entries)
