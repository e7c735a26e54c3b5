"""What a measurement reports, and a race of Tagout against a floor: the same pieces of work, turn
by turn, under the same load.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """`ratio` is what the promise is about; `limit` its bound; `at_least` which side is good."""

    name: str
    size: str  # "100,000", "1,000,000" or ""
    measured: str  # with its unit
    floor: str  # with its unit; "" where the promise is absolute
    ratio: float
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the promise was kept in this run."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def show(report_lines: Iterable[Line], *, file: Path | None = None) -> bool:
    """Print a table, write it as JSON where asked, and return whether all promises hold."""
    rows = list(report_lines)
    print(f"\n{'line':<46} {'size':>9}  {'measured':>18}  {'floor':>18}  {'ratio':>7}  promise")
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        mark = "holds" if row.holds else "BROKEN"
        print(
            f"{row.name:<46} {row.size:>9}  {row.measured:>18}  {row.floor:>18}"
            f"  {row.ratio:>7.2f}  {sign} {row.limit:g} {mark}"
        )
    if file is not None:
        file.write_text(json.dumps([asdict(row) | {"holds": row.holds} for row in rows], indent=1))
    return all(row.holds for row in rows)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds and CPU seconds of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


class Race:
    """Floor and product over the same pieces, turn by turn."""

    def __init__(self, name: str, limit: float) -> None:
        self.what, self.limit = name, limit
        self.n, self.floor, self.ours, self.floor_cpu, self.our_cpu = 0, 0.0, 0.0, 0.0, 0.0

    def add_floor(self, n: int, floor: Callable[[], None]) -> None:
        """The floor's side of a piece."""
        wall, cpu = timed(floor)
        self.floor, self.floor_cpu, self.n = self.floor + wall, self.floor_cpu + cpu, self.n + n

    def add_ours(self, wall: float, cpu: float) -> None:
        """The product's side of a piece, measured elsewhere."""
        self.ours, self.our_cpu = self.ours + wall, self.our_cpu + cpu

    def report_lines(self) -> list[Line]:
        """The rate, and the CPU of our own process."""
        rates = [f"{self.n / seconds:,.0f}/s" for seconds in (self.ours, self.floor)]
        size, ratio = f"{self.n:,}", self.floor / self.ours
        cpu = [f"{seconds / self.n * 1e6:.1f} µs" for seconds in (self.our_cpu, self.floor_cpu)]
        return [
            Line(self.what, size, rates[0], rates[1], ratio, self.limit, at_least=True),
            Line(
                f"{self.what}: client CPU",
                size,
                cpu[0],
                cpu[1],
                self.our_cpu / self.floor_cpu,
                3.0,
            ),
        ]
