"""A pattern: what one process of the plant looks like in alerts, and how narrow it must stay."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.patterns.engine.cells import Cell, End
from alerts.patterns.engine.evidence import Evidence
from alerts.patterns.engine.hours import Hours
from alerts.patterns.engine.sides import Side
from alerts.suppression.engine.guards.never import HIGH

type TypeName = tuple[str, str]  # alert type, the sensor's own title


class Strictness(IntEnum):
    """How narrow a pattern must be (S1)."""

    SOFT = 0
    STRICT = 1  # ends by name, inside hours
    NEVER = 2  # no rule at all


def strictness_of(cell: Cell) -> Strictness:
    """Return how narrow a pattern with this cell must be, by its type's guard and severity (S1)."""
    of_type = _strictness_of_type(cell.key.alert_type)
    return max(of_type, Strictness.STRICT) if cell.severity >= HIGH else of_type


@lru_cache(maxsize=4096)
def _strictness_of_type(title: str) -> Strictness:
    known = alert_type_for(title)
    guard = known.guard if known else ""
    if guard == "never":
        return Strictness.NEVER
    return Strictness.STRICT if guard == "timeboxed" else Strictness.SOFT


@dataclass(frozen=True, slots=True)
class Pattern:
    """A process of the plant, as far as alerts tell it: who does what to whom, and when."""

    site: str
    types: tuple[TypeName, ...]  # the most frequent first
    source: Side
    destination: Side
    is_directed: bool
    is_strict: bool
    protocols: tuple[str, ...]  # empty: not every alert names one
    functions: tuple[str, ...]
    hours: Hours | None
    planned_work: str  # kind of planned work within which it happens; empty: any time
    exceptions: tuple[str, ...]  # destination, or else source, names that are left out
    except_sources: tuple[str, ...]
    severity: int
    alerts: int
    days: int
    cells: tuple[int, ...]  # indices of the cells it covers
    evidence: Evidence
    obstacle: str = ""  # why no rule can come of it as it stands: a code of `words`

    def covers(self, cell: Cell, slot: int, utc_slot: int, works: frozenset[str]) -> bool:
        """Whether it covers alerts of this cell at this hour of the week."""
        return self.covers_cell(cell) and self.covers_time(slot, utc_slot, works)

    @property
    def is_any_time(self) -> bool:
        """Whether it covers its cells whenever they come."""
        return self.hours is None and not self.planned_work

    def count_inside(self, cell: Cell) -> int:
        """Return how many alerts of a cell came at its time."""
        if self.is_any_time:
            return cell.alerts
        return sum(
            [o.alerts for o in cell.occurrences if self.covers_time(o.slot, o.utc_slot, o.works)]
        )

    def covers_time(self, slot: int, utc_slot: int, works: frozenset[str]) -> bool:
        """Whether an hour of the week, or planned work in force then, lies inside."""
        if self.planned_work:
            return self.planned_work in works
        return self.hours is None or self.hours.contains(slot, utc_slot)

    def covers_cell(self, cell: Cell) -> bool:
        """Whether it covers alerts of this cell, whenever they come."""
        key = cell.key
        return (
            key.site == self.site
            and not (key.source.is_critical or key.destination.is_critical)
            and (key.alert_type, key.own_title) in self.types
            and key.is_directed == self.is_directed
            and cell.severity <= self.severity
            and (not self.protocols or key.protocol in self.protocols)
            and (not self.functions or key.function in self.functions)
            and self._covers_ends(key.source, key.destination)
        )

    def _covers_ends(self, source: End, destination: End) -> bool:
        """Whether the ends lie inside; of two ends without direction, either way round."""
        if not self.is_directed:
            if {source.name, destination.name} & {*self.exceptions, *self.except_sources}:
                return False
            if self.source.covers(destination) and self.destination.covers(source):
                return True
        return (
            destination.name not in self.exceptions
            and source.name not in self.except_sources
            and self.source.covers(source)
            and self.destination.covers(destination)
        )
