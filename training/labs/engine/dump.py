"""The bytes of a frame in lines of sixteen, with what is hidden and what is picked."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

_WIDTH = 16
_DIGITS = 3 * _WIDTH + 1
MAX_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbours that look alike; `look` is empty, "picked" or "covered"."""

    look: str
    text: str


@dataclass(frozen=True, slots=True)
class DumpLine:
    """Sixteen bytes: where they stand, in hexadecimal, and as text."""

    offset: str
    digits: tuple[Run, ...]
    letters: tuple[Run, ...]


def dump_lines(
    data: bytes, *, covered: Iterable[range] = (), picked: range = range(0)
) -> list[DumpLine]:
    """Return the lines of at most MAX_BYTES; a covered byte shows two dots."""
    hidden = {at for span in covered for at in span if at < MAX_BYTES}

    def look(at: int) -> str:
        return "picked" if at in picked else "covered" if at in hidden else ""

    lines = []
    for start in range(0, min(len(data), MAX_BYTES), _WIDTH):
        places = range(start, min(start + _WIDTH, len(data)))
        digits, letters = [], []
        for kind, group in groupby(
            places, key=lambda at: (look(at), at in hidden, at >= start + 8)
        ):
            run = list(group)
            pairs = [".." if kind[1] else f"{data[at]:02x}" for at in run]
            gap = " " if kind[2] and run[0] == start + 8 else ""
            digits.append(Run(kind[0], gap + " ".join(pairs) + " "))
            letters.append(
                Run(kind[0], "".join("." if kind[1] else _letter(data[at]) for at in run))
            )
        width = sum(len(run.text) for run in digits)
        digits.append(Run("", " " * (_DIGITS - width)))  # letters stand below each other
        lines.append(DumpLine(f"{start:04x}", tuple(digits), tuple(letters)))
    return lines


def _letter(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 else "."
