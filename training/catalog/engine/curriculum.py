"""Reads a folder of modules as a whole, and checks what modules state of each other, and the notes
on alert types beside them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from portal.attack import engine as attack
from training.catalog.engine import fields
from training.catalog.engine.content import CardContent, LessonContent, ModuleContent, PathContent
from training.catalog.engine.faults import ContentFault, Report, Source, Vocabulary
from training.catalog.engine.fields import Key, YamlField
from training.catalog.engine.labs import read_labs
from training.catalog.engine.learning_paths import PATHS_FOLDER, read_paths
from training.catalog.engine.lessons import ModuleContext, check_review, read_cards, read_lesson
from training.catalog.engine.markdown import make_parser
from training.catalog.engine.module_files import (
    HIDDEN,
    LOCK_FILE,
    check_files,
    check_lock,
    locked_files,
)
from training.catalog.engine.reviews import REVIEWS_FILE, check_reviews
from training.catalog.engine.texts import read_text_file

# Pages beside those of modules have these addresses (training/progress/web/urls.py, labs), and the
# editor has the learning paths where the files of a module would be.
RESERVED_IDS = frozenset({"beside", "captures", "due", "next", "record", PATHS_FOLDER})


def _is_module_id(field: YamlField) -> str | None:
    if isinstance(field.value, str) and field.value in RESERVED_IDS:
        return "is the address of another page: choose another word."
    return fields.is_slug(field)


MODULE_KEYS = {
    "id": Key(_is_module_id),
    "title": Key(fields.is_text_up_to(200)),
    "order": Key(fields.is_number(1, 99)),
    "minutes": Key(fields.is_number(1, 600)),
    "nice": Key(fields.is_list(fields.is_text_up_to(20))),
    "attack_version": Key(fields.is_text),
    "prerequisites": Key(fields.is_list(fields.is_slug)),
    "pass_mark": Key(fields.is_number(0, 1)),
    "review_by": Key(fields.is_date),
    "licence": Key(fields.is_text_up_to(60)),
    "summary": Key(fields.is_text_up_to(300), is_required=False),
}
_LESSON = re.compile(r"(\d\d)-[a-z0-9]+(-[a-z0-9]+)*\.md")
_FOLDER = re.compile(r"(\d\d)-[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Curriculum:
    """All modules by their order, the paths through them, and what is wrong with both."""

    modules: tuple[ModuleContent, ...]
    faults: tuple[ContentFault, ...]
    paths: tuple[PathContent, ...] = ()

    @property
    def figures(self) -> dict[str, int]:
        """How much there is of everything; `footnoted` counts the lessons with a source."""
        lessons = [lesson for module in self.modules for lesson in module.lessons]
        return {
            "modules": len(self.modules),
            "lessons": len(lessons),
            "questions": sum(len(lesson.questions) for lesson in lessons),
            "cards": sum(len(module.cards) for module in self.modules),
            "captures": sum(len(module.captures) for module in self.modules),
            "footnoted": sum(bool(lesson.sources) for lesson in lessons),
        }


def read_curriculum(path: Path, display_path: str, vocabulary: Vocabulary) -> Curriculum:
    """Return the content of `path`: a folder with `modules/` and perhaps `paths/` in it, a folder
    of modules, or one module. `display_path` is that path as faults shall name it.
    """
    report = Report()
    if (path / "module.yaml").is_file():
        single = _Reader(path, display_path, report, vocabulary).read()
        return Curriculum((single,) if single else (), tuple(sorted(report.faults)))
    paths, shown_paths = path / "paths", f"{display_path}/paths"
    has_paths = (path / "modules").is_dir() and paths.is_dir()
    if (path / REVIEWS_FILE).is_file():
        source = read_text_file(path / REVIEWS_FILE, f"{display_path}/{REVIEWS_FILE}", report)
        if source is not None:
            check_reviews(source, vocabulary)
    if (path / "modules").is_dir():
        path, display_path = path / "modules", f"{display_path}/modules"
    if not path.is_dir():
        report.add(display_path, 1, 1, "NO-MODULES", "There is no such folder.")
        return Curriculum((), tuple(report.faults))
    readers = [
        _Reader(folder, f"{display_path}/{folder.name}", report, vocabulary)
        for folder in sorted(path.iterdir())
        if folder.is_dir() and not folder.name.startswith(HIDDEN)
    ]
    if not readers:
        report.add(display_path, 1, 1, "NO-MODULES", "No module lies in this folder.")
    pairs = [(reader, module) for reader in readers if (module := reader.read())]
    _check_together(pairs)
    modules = tuple(sorted((module for _, module in pairs), key=lambda module: module.order))
    lessons = {f"{module.id}/{lesson.id}" for module in modules for lesson in module.lessons}
    learning_paths = read_paths(paths, shown_paths, report, lessons) if has_paths else ()
    return Curriculum(modules, tuple(sorted(report.faults)), learning_paths)


class _Reader:
    """Reads the folder of one module."""

    def __init__(
        self, folder: Path, display_path: str, report: Report, vocabulary: Vocabulary
    ) -> None:
        self.folder, self.shown = folder, display_path
        self.report, self._vocabulary = report, vocabulary
        self.fields: dict[str, YamlField] = {}
        self.source = Source.of(f"{display_path}/module.yaml", "", report)
        self._labs = read_labs(folder, display_path, report, vocabulary)
        self._place = ModuleContext(folder, display_path, vocabulary, make_parser(), self._labs)

    def read(self) -> ModuleContent | None:
        """Return the module; None where its module.yaml cannot be used."""
        lessons = tuple(self._read_lessons())
        self._check_labs(lessons)
        cards = self._read_cards()
        self._check_translations(lessons)
        self._check_folder()
        module = self._read_module()
        return replace(module, lessons=lessons, cards=cards) if module else None

    def _read(self, name: str) -> Source | None:
        return read_text_file(self.folder / name, f"{self.shown}/{name}", self.report)

    def _read_module(self) -> ModuleContent | None:
        source = self._read("module.yaml")
        if source is None:
            return None
        self.source = source
        members = fields.read_fields(source, source.text, 1)
        if members is None or not fields.check_fields(source, members, MODULE_KEYS, 1):
            return None
        self.fields = members
        self._check_module(source, members)
        values = {name: field.value for name, field in members.items() if name in MODULE_KEYS}
        for name in ("nice", "prerequisites"):
            values[name] = tuple(values[name])
        values |= {"order": int(values["order"]), "minutes": int(values["minutes"])}
        captures = {
            path.name: path
            for name, path in locked_files(self.folder).items()
            if name.startswith("pcap/")
        }
        return ModuleContent(**{"summary": "", **values}, folder=self.folder, captures=captures)

    def _check_module(self, source: Source, members: dict[str, YamlField]) -> None:
        version, order = members["attack_version"], members["order"]
        if version.value != attack.version():
            text = f"Lessons are checked against ATT&CK for ICS {attack.version()}."
            source.fault(version.line, version.column, "ATTACK-VERSION", text)
        match = _FOLDER.fullmatch(self.folder.name)
        if not match or int(match[1]) != order.value:
            text = f"The folder must be named NN-slug with {order.value:02} for NN."
            source.fault(order.line, order.column, "FOLDER-NAME", text)
        check_review(source, members["review_by"], self._vocabulary)

    def _read_lessons(self) -> Iterable[LessonContent]:
        paths_by_id: dict[str, str] = {}
        paths_by_number: dict[str, str] = {}
        for path in sorted(self.folder.glob("*.md")):
            if path.name == "cards.md":
                continue
            display_path = f"{self.shown}/{path.name}"
            match = _LESSON.fullmatch(path.name)
            if not match:
                text = "Name a lesson NN-slug.md, such as 03-low-alert.md."
                self.report.add(display_path, 1, 1, "LESSON-NAME", text)
                continue
            if (other := paths_by_number.setdefault(match[1], path.name)) != path.name:
                text = f"{other} has the number {match[1]} already."
                self.report.add(display_path, 1, 1, "LESSON-NAME", text)
            source = self._read(path.name)
            lesson = read_lesson(source, self._place, int(match[1])) if source else None
            if source is None or lesson is None:
                continue
            if (other := paths_by_id.setdefault(lesson.id, path.name)) != path.name:
                text = f"The lesson id `{lesson.id}` is used in {other} already."
                source.fault_at((1, len(source.lines)), lesson.id, "DUPLICATE-ID", text)
                continue
            yield lesson
        if not paths_by_number:
            text = "The module has no lesson."
            self.report.add(f"{self.shown}/module.yaml", 1, 1, "NO-LESSONS", text)

    def _check_labs(self, lessons: tuple[LessonContent, ...]) -> None:
        labs_in_questions = {question.lab for lesson in lessons for question in lesson.questions}
        for name in sorted(self._labs.keys() - labs_in_questions):
            text = "No question of the module asks this lab."
            self.report.add(f"{self.shown}/labs/{name}.yaml", 1, 1, "UNUSED-LAB", text)

    def _read_cards(self) -> tuple[CardContent, ...]:
        if not (self.folder / "cards.md").is_file():
            return ()
        source = self._read("cards.md")
        return read_cards(source, self._place) if source else ()

    def _check_translations(self, lessons: tuple[LessonContent, ...]) -> None:
        """Compare `i18n/<language>/NN-slug.md` with the lesson of this number: a translation has
        the ids of its lesson, and no others.
        """
        by_number = {lesson.number: lesson for lesson in lessons}
        for path in sorted((self.folder / "i18n").glob("*/*.md")):
            match = _LESSON.fullmatch(path.name)
            original = by_number.get(int(match[1])) if match else None
            source = self._read(path.relative_to(self.folder).as_posix())
            if source is None:
                continue
            if original is None:
                source.fault(1, 1, "TRANSLATION", "There is no lesson of this number to translate.")
                continue
            translated = read_lesson(source, self._place, original.number)
            if translated is None:
                continue
            lines = (1, len(source.lines))
            if translated.id != original.id:
                text = f"The lesson has the id `{original.id}`."
                source.fault_at(lines, translated.id, "TRANSLATION", text)
            original_ids = {question.id for question in original.questions}
            translated_ids = {question.id for question in translated.questions}
            for missing in sorted(original_ids - translated_ids):
                source.fault(1, 1, "TRANSLATION", f"The question `{missing}` is missing.")
            for stray in sorted(translated_ids - original_ids):
                text = f"The lesson has no question `{stray}`."
                source.fault_at(lines, f"#{stray}", "TRANSLATION", text)

    def _check_folder(self) -> None:
        check_files(self.folder, self.shown, self.report)
        if (self.folder / LOCK_FILE).is_file():
            if source := self._read(LOCK_FILE):
                check_lock(source, self.folder)
        elif locked_files(self.folder):
            text = "Figures and captures are not locked: run `training lock`."
            self.report.add(f"{self.shown}/{LOCK_FILE}", 1, 1, "LOCK-MISSING", text)


def _check_together(pairs: list[tuple[_Reader, ModuleContent]]) -> None:
    by_id: dict[str, ModuleContent] = {}
    by_order: dict[str, ModuleContent] = {}
    for reader, module in pairs:
        indexes = {"id": by_id, "order": by_order}
        for name, modules in indexes.items():
            value = str(getattr(module, name))
            other = modules.setdefault(value, module)
            if other is not module:
                field = reader.fields[name]
                text = f"{other.folder.name} has the {name} {value} already."
                reader.source.fault(field.line, field.column, "DUPLICATE-ID", text)
    for reader, module in pairs:
        for item in reader.fields["prerequisites"].items:
            prerequisite = by_id.get(item.value)
            if prerequisite is None:
                text = f"There is no module `{item.value}`."
                reader.source.fault(item.line, item.column, "UNKNOWN-MODULE", text)
            elif prerequisite.order >= module.order:
                text = f"`{item.value}` does not come before this module."
                reader.source.fault(item.line, item.column, "LATER-MODULE", text)
