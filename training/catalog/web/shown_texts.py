"""Texts as pages show them: numbered lines with what is wrong beside them, and differences."""

from collections.abc import Iterable
from dataclasses import dataclass

from training.catalog.engine.diffs import DiffLine, diff_lines, text_of
from training.catalog.engine.faults import Fault
from training.catalog.services import FileChange

MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line of a text with the faults in it."""

    number: int
    text: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class ShownChange:
    """What is different in a file. `lines` is None where it is no text, or too long to compare."""

    path: str
    is_new: bool
    is_removed: bool
    lines: list[DiffLine] | None
    old_bytes: int
    new_bytes: int


def numbered_lines(text: str, faults: Iterable[Fault]) -> list[NumberedLine]:
    """Return the lines of a text, from 1."""
    by_line: dict[int, list[Fault]] = {}
    for fault in faults:
        by_line.setdefault(fault.line, []).append(fault)
    return [
        NumberedLine(number, line, tuple(by_line.get(number, ())))
        for number, line in enumerate(text.split("\n"), 1)
    ]


def shown_change(change: FileChange) -> ShownChange:
    """Return the difference of a file, line by line."""
    before, after = text_of(change.before), text_of(change.after)
    return ShownChange(
        path=f"{change.folder}/{change.path}",
        is_new=change.before is None,
        is_removed=change.after is None,
        lines=None if before is None or after is None else diff_lines(before, after),
        old_bytes=len(change.before or b""),
        new_bytes=len(change.after or b""),
    )
