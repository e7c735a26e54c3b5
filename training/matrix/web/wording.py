"""Numbers of a technique and differences of a mapping, in sentences."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from portal.attack.engine import Technique, technique
from portal.ui.words import number
from training.matrix.engine.coverage import Cell
from training.matrix.engine.mapping import Difference, MappingNote


@dataclass(frozen=True, slots=True)
class CellNumber:
    """One number of a cell: with its icon to see, in words to hear."""

    icon: str
    value: str
    words: str


def numbers_of(cell: Cell) -> list[CellNumber]:
    """Return the numbers of a cell in their order. The first, incidents, is there even at 0."""
    found = [CellNumber("inbox", number(cell.incidents), incident_words(cell.incidents))]
    if n := cell.alert_types:
        words = ngettext("%(n)s alert type", "%(n)s alert types", n) % {"n": number(n)}
        found.append(CellNumber("shield-alert", number(n), words))
    if n := cell.lessons:
        words = ngettext("%(n)s lesson", "%(n)s lessons", n) % {"n": number(n)}
        found.append(CellNumber("book-open", number(n), words))
    if n := cell.rules:
        words = ngettext("%(n)s live rule", "%(n)s live rules", n) % {"n": number(n)}
        found.append(CellNumber("shield-off", number(n), words))
    return found


def incident_words(n: int) -> str:
    """Return how many incidents there were, in words."""
    return ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}


def note_words(note: MappingNote) -> str:
    """Return one difference as a sentence."""
    ids = {"old": note.vendor_id, "new": note.our_id}
    if note.kind is Difference.REPLACED:
        return gettext("%(old)s is %(new)s in the current release.") % ids
    if note.kind is Difference.DEPRECATED:
        return gettext("%(old)s is deprecated and has no successor.") % ids
    words = gettext("%(old)s is “%(old_name)s”; we count the alert type at %(new)s “%(new_name)s”.")
    return words % {**ids, "old_name": _name(note.vendor_id), "new_name": _name(note.our_id)}


def tactic_words(found: Technique) -> str:
    """Return the tactics of a technique, in the order of the matrix."""
    return ", ".join(found.tactics)


def _name(technique_id: str) -> str:
    known = technique(technique_id)
    return known.full_name if known else technique_id
