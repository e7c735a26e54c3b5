"""What each technique has, cell by cell: incidents, alert types, lessons and rules; and the
vendor's mapping of an alert type beside the reviewed one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from alerts.incidents.engine.catalogue import AlertType
from portal.attack import engine as attack
from portal.attack.engine import Tactic, Technique
from training.catalog.engine.reviews import TypeReview

HEAT_FROM = (1, 5, 15, 40, 100)  # incidents from which a cell is one shade darker


class Show(StrEnum):
    """Which techniques the matrix shows."""

    ALL = "all"
    OBSERVED = "seen"
    TRAINED = "trained"
    SILENCED = "silenced"
    UNTRAINED = "untrained"


@dataclass(frozen=True, slots=True)
class MatrixEvidence:
    """What the cells are counted from: the techniques of alert types, of incidents (with how many
    there were), of lessons and of live rules, one entry each.
    """

    alert_types: Iterable[frozenset[str]] = ()
    incidents: Sequence[tuple[frozenset[str], int]] = ()
    lessons: Sequence[frozenset[str]] = ()
    rules: Sequence[frozenset[str]] = ()


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A technique with its numbers; those of its sub-techniques are in them."""

    technique: Technique
    incidents: int
    alert_types: int
    lessons: int
    rules: int
    subtechniques: tuple["MatrixCell", ...] = ()

    @property
    def heat(self) -> int:
        """The shade of the cell, 0 to 5."""
        return sum(self.incidents >= least for least in HEAT_FROM)

    @property
    def is_visible(self) -> bool:
        """Whether an alert of the sensor can show it, or one of Sentinel did."""
        return self.alert_types > 0 or self.incidents > 0

    def is_shown(self, show: Show) -> bool:
        """Whether a filter leaves it in."""
        return {
            Show.ALL: True,
            Show.OBSERVED: self.incidents > 0,
            Show.TRAINED: self.lessons > 0,
            Show.SILENCED: self.rules > 0,
            Show.UNTRAINED: self.lessons == 0,
        }[show]


@dataclass(frozen=True, slots=True)
class TacticColumn:
    """A tactic with its techniques: most incidents first, what no alert can show last."""

    tactic: Tactic
    cells: tuple[MatrixCell, ...]

    @property
    def visible(self) -> int:
        """How many of its techniques an alert can show."""
        return sum(cell.is_visible for cell in self.cells)

    @property
    def observed_count(self) -> int:
        """How many of its techniques were seen."""
        return sum(cell.incidents > 0 for cell in self.cells)

    def narrowed(self, show: Show) -> "TacticColumn":
        """Return the column with the cells that a filter leaves in."""
        return TacticColumn(self.tactic, tuple(cell for cell in self.cells if cell.is_shown(show)))


def build_cells(evidence: MatrixEvidence) -> dict[str, MatrixCell]:
    """Return the cell of every current technique and sub-technique by id."""
    incidents: Counter[str] = Counter()
    for techniques, n in evidence.incidents:
        for technique_id in attack.with_parents(techniques):
            incidents[technique_id] += n
    types = _count_techniques(evidence.alert_types)
    lessons, rules = _count_techniques(evidence.lessons), _count_techniques(evidence.rules)

    def cell(technique: Technique, below: tuple[MatrixCell, ...] = ()) -> MatrixCell:
        key = technique.id
        return MatrixCell(technique, incidents[key], types[key], lessons[key], rules[key], below)

    current = attack.current_techniques()
    cells = {entry.id: cell(entry) for entry in current if entry.is_subtechnique}
    below: dict[str, list[MatrixCell]] = {}
    for sub in cells.values():
        below.setdefault(sub.technique.parent or "", []).append(sub)
    return cells | {
        entry.id: cell(entry, tuple(below.get(entry.id, ())))
        for entry in current
        if not entry.is_subtechnique
    }


def build_matrix(cells: dict[str, MatrixCell]) -> list[TacticColumn]:
    """Return the columns in the order of the matrix."""
    return [
        TacticColumn(
            tactic, tuple(sorted((cells[technique.id] for technique in techniques), key=_order))
        )
        for tactic, techniques in attack.matrix()
    ]


def _count_techniques(entries: Iterable[frozenset[str]]) -> Counter[str]:
    return Counter(
        technique_id for techniques in entries for technique_id in attack.with_parents(techniques)
    )


def _order(cell: MatrixCell) -> tuple[bool, int, str]:
    return (not cell.is_visible, -cell.incidents, cell.technique.name)


@dataclass(frozen=True)
class TypeMapping:
    """An alert type with the ids that its vendor prints, and its review."""

    alert_type: AlertType
    review: TypeReview

    @cached_property
    def vendor(self) -> tuple[Technique, ...]:
        """The techniques as the vendor's documentation names them."""
        return _techniques_of(self.alert_type.techniques)

    @cached_property
    def reviewed(self) -> tuple[Technique, ...]:
        """The reviewed techniques by the ids of today; none: the alert names no act."""
        return _techniques_of(map(attack.resolve, self.review.techniques))

    @property
    def is_another(self) -> bool:
        """Whether the review means something else than the vendor, beyond new ids for the same."""
        claimed = frozenset(map(attack.resolve, self.alert_type.techniques))
        return claimed != self.review.current_techniques

    def names(self, technique_id: str) -> bool:
        """Whether the vendor or the review maps it to this technique or to a part of it."""
        return technique_id in attack.with_parents(self.ids)

    @property
    def ids(self) -> frozenset[str]:
        """All ids by which it can be found, old and new, the vendor's and the reviewed ones."""
        vendor = self.alert_type
        return self.review.current_techniques | {*vendor.techniques, *vendor.techniques_current}


def _techniques_of(ids: Iterable[str]) -> tuple[Technique, ...]:
    return tuple(
        technique
        for technique_id in ids
        if (technique := attack.technique(technique_id)) is not None
    )
