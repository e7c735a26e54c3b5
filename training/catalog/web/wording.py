"""In words: what publishing would change, and what becomes of statistics and progress."""

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from portal.ui.words import number
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.models import (
    Capture,
    Card,
    LearningPath,
    Lesson,
    Module,
    Question,
    QuestionVersion,
)
from training.catalog.services import ImportOutcome, RowChanges

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
    files = {"module.yaml": "module", "cards.md": "cards", LOCK: "lock"}
    return folders.get(top) or files.get(path) or "lesson"


def change_sentences(outcome: ImportOutcome) -> list[str]:
    """Return what publishing does to lessons, questions, their figures, and learners."""
    rows = outcome.rows
    sentences = [*_lessons(rows), *_questions(rows), *_others(rows)]
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
    found = []
    if n := rows.of(Lesson, "new"):
        found.append(ngettext("%(n)s lesson is new.", "%(n)s lessons are new.", n) % _n(n))
    if n := rows.of(Lesson, "changed"):
        found.append(ngettext("%(n)s lesson changes.", "%(n)s lessons change.", n) % _n(n))
    if n := rows.of(Lesson, "retired"):
        found.append(ngettext("%(n)s lesson is removed.", "%(n)s lessons are removed.", n) % _n(n))
    return found


def _questions(rows: RowChanges) -> list[str]:
    found = []
    if n := rows.of(QuestionVersion, "new"):
        found.append(ngettext("%(n)s question is new.", "%(n)s questions are new.", n) % _n(n))
    if n := rows.of(QuestionVersion, "reworded"):
        words = ngettext(
            "%(n)s question is reworded: it becomes a new wording with figures of its own.",
            "%(n)s questions are reworded: each becomes a new wording with figures of its own.",
            n,
        )
        found.append(words % _n(n))
    if n := rows.of(QuestionVersion, "changed"):
        words = ngettext(
            "%(n)s question changes only in its feedback or a typo: its figures continue.",
            "%(n)s questions change only in their feedback or a typo: their figures continue.",
            n,
        )
        found.append(words % _n(n))
    if n := rows.of(Question, "retired"):
        found.append(
            ngettext("%(n)s question is removed.", "%(n)s questions are removed.", n) % _n(n)
        )
    return found


def _others(rows: RowChanges) -> list[str]:
    found = []
    if n := rows.of(Module, "retired"):
        found.append(ngettext("%(n)s module is removed.", "%(n)s modules are removed.", n) % _n(n))
    if n := rows.of(Module, "new"):
        found.append(ngettext("%(n)s module is new.", "%(n)s modules are new.", n) % _n(n))
    if rows.of(Module, "changed"):
        found.append(gettext("The facts about the module change."))
    if n := sum(rows.of(LearningPath, change) for change in ("new", "changed", "retired")):
        words = ngettext(
            "%(n)s learning path is new, changed or removed.",
            "%(n)s learning paths are new, changed or removed.",
            n,
        )
        found.append(words % _n(n))
    if n := rows.of(Card, "new") + rows.of(Card, "changed") + rows.of(Card, "retired"):
        words = ngettext(
            "%(n)s card is new, changed or removed.",
            "%(n)s cards are new, changed or removed.",
            n,
        )
        found.append(words % _n(n))
    if n := rows.of(Capture, "new") + rows.of(Capture, "changed"):
        found.append(
            ngettext("%(n)s capture is new or changed.", "%(n)s captures are new or changed.", n)
            % _n(n)
        )
    return found


def _n(n: int) -> dict[str, str]:
    return {"n": number(n)}
