"""One line of the bench: what was measured, beside what, and whether the promise holds."""

import json
from collections.abc import Iterable
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


def show(lines: Iterable[Line], *, file: Path | None = None) -> bool:
    """Print a table, write it as JSON where asked, and say whether all promises hold."""
    rows = list(lines)
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
