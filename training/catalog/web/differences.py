"""Texts as authors see them: kinds of files, numbered lines with their faults, differences, and in
words what publishing would change.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from portal.ui.words import number
from training.catalog.engine.diffs import DiffLine, diff_lines, diffable_text
from training.catalog.engine.faults import ContentFault
from training.catalog.engine.module_files import LOCK_FILE
from training.catalog.models import (
    Card,
    LearningPath,
    Lesson,
    LessonCapture,
    LessonQuestion,
    Module,
    QuestionVersion,
)
from training.catalog.services.import_curriculum import FileChange, ImportOutcome, RowChanges

FILE_KINDS: dict[str, str | Promise] = {
    "lesson": gettext_lazy("Lesson"),
    "cards": gettext_lazy("Cards"),
    "module": gettext_lazy("Facts about the module"),
    "figure": gettext_lazy("Figure"),
    "capture": gettext_lazy("Capture"),
    "lab": gettext_lazy("Lab"),
    "translation": gettext_lazy("Translation"),
    "path": gettext_lazy("Learning path"),
    "lock": gettext_lazy("Checksums of figures and captures"),
}


def kind_of(path: str) -> str:
    """Return what kind of file this is."""
    top = path.partition("/")[0] if "/" in path else ""
    folders = {"assets": "figure", "pcap": "capture", "labs": "lab", "i18n": "translation"}
    files = {"module.yaml": "module", "cards.md": "cards", LOCK_FILE: "lock"}
    return folders.get(top) or files.get(path) or "lesson"


def change_sentences(outcome: ImportOutcome) -> list[str]:
    """Return what publishing does to lessons, questions, their figures, and learners."""
    rows = outcome.rows
    sentences = [*_lessons(rows), *_questions(rows), *_sentences_on_other_rows(rows)]
    for title in outcome.shortened_paths:
        words = gettext(
            "The path “%(title)s” names a lesson that is removed: it goes on without it."
        )
        sentences.append(words % {"title": title})
    if not sentences and outcome.files:
        sentences.append(gettext("Learners see no difference."))
    if rows.of(QuestionVersion, "new"):
        sentences.append(
            gettext("Learners who had finished a module still have its new questions to answer.")
        )
    sentences.append(gettext("Learners keep their answers and their progress."))
    return sentences


def _lessons(rows: RowChanges) -> list[str]:
    sentences = []
    if n := rows.of(Lesson, "new"):
        sentences.append(ngettext("%(n)s lesson is new.", "%(n)s lessons are new.", n) % _n(n))
    if n := rows.of(Lesson, "changed"):
        sentences.append(ngettext("%(n)s lesson changes.", "%(n)s lessons change.", n) % _n(n))
    if n := rows.of(Lesson, "retired"):
        sentences.append(
            ngettext("%(n)s lesson is removed.", "%(n)s lessons are removed.", n) % _n(n)
        )
    return sentences


def _questions(rows: RowChanges) -> list[str]:
    sentences = []
    if n := rows.of(QuestionVersion, "new"):
        sentences.append(ngettext("%(n)s question is new.", "%(n)s questions are new.", n) % _n(n))
    if n := rows.of(QuestionVersion, "reworded"):
        words = ngettext(
            "%(n)s question is reworded: it becomes a new wording with figures of its own.",
            "%(n)s questions are reworded: each becomes a new wording with figures of its own.",
            n,
        )
        sentences.append(words % _n(n))
    if n := rows.of(QuestionVersion, "changed"):
        words = ngettext(
            "%(n)s question changes only in its feedback or a typo: its figures continue.",
            "%(n)s questions change only in their feedback or a typo: their figures continue.",
            n,
        )
        sentences.append(words % _n(n))
    if n := rows.of(LessonQuestion, "retired"):
        sentences.append(
            ngettext("%(n)s question is removed.", "%(n)s questions are removed.", n) % _n(n)
        )
    return sentences


def _sentences_on_other_rows(rows: RowChanges) -> list[str]:
    sentences = []
    if n := rows.of(Module, "retired"):
        sentences.append(
            ngettext("%(n)s module is removed.", "%(n)s modules are removed.", n) % _n(n)
        )
    if n := rows.of(Module, "new"):
        sentences.append(ngettext("%(n)s module is new.", "%(n)s modules are new.", n) % _n(n))
    if rows.of(Module, "changed"):
        sentences.append(gettext("The facts about the module change."))
    if n := sum(rows.of(LearningPath, change) for change in ("new", "changed", "retired")):
        words = ngettext(
            "%(n)s learning path is new, changed or removed.",
            "%(n)s learning paths are new, changed or removed.",
            n,
        )
        sentences.append(words % _n(n))
    if n := rows.of(Card, "new") + rows.of(Card, "changed") + rows.of(Card, "retired"):
        words = ngettext(
            "%(n)s card is new, changed or removed.",
            "%(n)s cards are new, changed or removed.",
            n,
        )
        sentences.append(words % _n(n))
    if n := rows.of(LessonCapture, "new") + rows.of(LessonCapture, "changed"):
        sentences.append(
            ngettext("%(n)s capture is new or changed.", "%(n)s captures are new or changed.", n)
            % _n(n)
        )
    return sentences


def _n(n: int) -> dict[str, str]:
    return {"n": number(n)}


MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line of a text with the faults in it."""

    number: int
    text: str
    faults: tuple[ContentFault, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What is different in a file. `lines` is None where it is no text, or too long to compare."""

    path: str
    is_new: bool
    is_removed: bool
    lines: list[DiffLine] | None
    old_bytes: int
    new_bytes: int


def numbered_lines(text: str, faults: Iterable[ContentFault]) -> list[NumberedLine]:
    """Return the lines of a text, from 1."""
    by_line: dict[int, list[ContentFault]] = {}
    for fault in faults:
        by_line.setdefault(fault.line, []).append(fault)
    return [
        NumberedLine(number, line, tuple(by_line.get(number, ())))
        for number, line in enumerate(text.split("\n"), 1)
    ]


def change_view(change: FileChange) -> ChangeView:
    """Return the difference of a file, line by line."""
    before, after = diffable_text(change.before), diffable_text(change.after)
    return ChangeView(
        path=f"{change.folder}/{change.path}",
        is_new=change.before is None,
        is_removed=change.after is None,
        lines=None if before is None or after is None else diff_lines(before, after),
        old_bytes=len(change.before or b""),
        new_bytes=len(change.after or b""),
    )
