"""What the page of a capture draws: the bytes of a frame in lines of sixteen, and operations along
the time, one lane for each pair of devices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil

from training.labs.engine.operations import GRAVITY, OperationRow
from training.pcap.messages import OperationKind

_WIDTH = 16
_DIGITS = 3 * _WIDTH + 1
MAX_BYTES = 2048


@dataclass(frozen=True, slots=True)
class ByteRun:
    """Neighbours that look alike; `look` is empty, "picked" or "covered"."""

    look: str
    text: str


@dataclass(frozen=True, slots=True)
class DumpLine:
    """Sixteen bytes: their place, in hexadecimal, and as text."""

    offset: str
    digits: tuple[ByteRun, ...]
    letters: tuple[ByteRun, ...]


def dump_lines(
    data: bytes, *, covered: Iterable[range] = (), highlight: range = range(0)
) -> list[DumpLine]:
    """Return the lines of at most MAX_BYTES; a covered byte shows two dots."""
    hidden = {at for span in covered for at in span if at < MAX_BYTES}

    def look(at: int) -> str:
        return "picked" if at in highlight else "covered" if at in hidden else ""

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
            digits.append(ByteRun(kind[0], gap + " ".join(pairs) + " "))
            letters.append(
                ByteRun(kind[0], "".join("." if kind[1] else _letter(data[at]) for at in run))
            )
        width = sum(len(run.text) for run in digits)
        digits.append(ByteRun("", " " * (_DIGITS - width)))  # letters stand below each other
        lines.append(DumpLine(f"{start:04x}", tuple(digits), tuple(letters)))
    return lines


def _letter(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 else "."


_LANE, _TOP, _FOOT, _EDGE = 34, 16, 26, 14
_MAX_LANES = 8
_SHAPES = {
    OperationKind.STOP: "stop",
    OperationKind.RESTART: "stop",
    OperationKind.PROGRAM: "load",
    OperationKind.START: "start",
    OperationKind.WRITE: "write",
    OperationKind.UPLOAD: "copy",
}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)


@dataclass(frozen=True, slots=True)
class StripMark:
    """One operation on the strip; `shape` is stop, load, start, write, copy or dot."""

    x: int
    shape: str
    frame: int


@dataclass(slots=True)
class Lane:
    """What one device does to another."""

    source: str
    target: str
    y: int
    marks: list[StripMark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the clock: its place, and seconds since the capture began."""

    x: int
    seconds: int


@dataclass(frozen=True, slots=True)
class TimeStrip:
    """A drawing `width` wide; lanes beyond the first eight are left out and counted."""

    width: int
    height: int
    left: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    left_out: int


def draw_strip(
    rows: Sequence[OperationRow], span_ns: tuple[int, int], *, width: int, left: int, ticks: int
) -> TimeStrip:
    """Place the operations between the first and the last frame of a capture."""
    begin, end = span_ns
    length = max(end - begin, 1)
    room = width - left - _EDGE

    def place(time_ns: int) -> int:
        return left + round((time_ns - begin) / length * room)

    lanes: dict[tuple[str, str], Lane] = {}
    order = sorted(rows, key=lambda row: row.time_ns)
    for row in order:
        key = (row.source, row.target)
        if key not in lanes and len(lanes) < _MAX_LANES:
            lanes[key] = Lane(*key, y=_TOP + len(lanes) * _LANE + _LANE // 2)
    for row in sorted(order, key=lambda row: -GRAVITY.index(row.kind)):
        lane = lanes.get((row.source, row.target))
        if lane is not None:
            shape = _SHAPES.get(row.kind, "dot")
            times = row.times_ns if shape == "dot" else [row.time_ns]
            xs = {mark.x for mark in lane.marks if mark.shape == shape}
            places = sorted({place(at) for at in times} - xs)
            lane.marks += [StripMark(x, shape, row.first) for x in places]
    n_pairs = len({(row.source, row.target) for row in rows})
    height = _TOP + len(lanes) * _LANE + _FOOT
    lines = tuple(
        Tick(place(begin + seconds * 1_000_000_000), seconds)
        for seconds in _seconds(length / 1e9, ticks)
    )
    return TimeStrip(width, height, left, tuple(lanes.values()), lines, n_pairs - len(lanes))


def _seconds(length: float, most: int) -> list[int]:
    """Return round moments within the length, at most about `most` of them."""
    days = max(ceil(length / _STEPS[-1] / most), 1) * _STEPS[-1]
    step = next((step for step in _STEPS if length / step <= most), days)
    return list(range(0, int(length) + 1, step))
