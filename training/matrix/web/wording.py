"""Numbers and tactics of a technique, in words."""

from dataclasses import dataclass

from django.utils.translation import ngettext

from portal.attack.engine import Technique
from portal.ui.words import number
from training.matrix.engine.coverage import Cell


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


def tactic_words(found: Technique) -> str:
    """Return the tactics of a technique, in the order of the matrix."""
    return ", ".join(found.tactics)
