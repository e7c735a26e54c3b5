"""Publish a checked curriculum: write it into rows, and return which of them changed. Doing it
again changes nothing, learners keep what they have answered, and what was edited here is not
written over (docs/decisions/0015-lessons-edited-here.md).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from portal.audit.services import Actor, record
from portal.errors import Refused
from training.catalog.engine import content
from training.catalog.engine.curriculum import Curriculum
from training.catalog.engine.learning_paths import PATHS_FOLDER
from training.catalog.engine.module_files import (
    LOCK_FILE,
    MergedModule,
    ModuleFiles,
    PublishedFile,
    merge_module,
    read_files,
    sha256,
)
from training.catalog.models import (
    Card,
    CurriculumImport,
    LearningPath,
    Lesson,
    LessonCapture,
    LessonQuestion,
    Module,
    QuestionVersion,
    SourceFile,
)
from training.catalog.queries.drafts import obstacles, published_files, read_together

NEW, CHANGED, RETIRED = "new", "changed", "retired"
REWORDED = "reworded"  # a question that is another version now


@dataclass(slots=True)
class RowChanges:
    """Counts of rows by what they are (Lesson, LessonQuestion …) and what became of them."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, model: type[models.Model], change: str, n: int = 1) -> None:
        """Count a row."""
        if n:
            self.counts[model.__name__, change] += n

    def of(self, model: type[models.Model], change: str) -> int:
        """Return how many rows of a model were changed so."""
        return self.counts[model.__name__, change]

    @property
    def totals(self) -> dict[str, int]:
        """How many rows are new, changed (reworded among them), retired."""
        totals = {NEW: 0, CHANGED: 0, RETIRED: 0}
        for (_, change), n in self.counts.items():
            totals[CHANGED if change == REWORDED else change] += n
        return totals


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is published anew: its folder, its path there, what it was and is; None where
    there was none or will be none.
    """

    folder: str
    path: str
    before: bytes | None
    after: bytes | None


def store_module(*, module: content.ModuleContent, changes: RowChanges) -> Module:
    """Store a module with its lessons, questions, cards and captures."""
    names = (
        "title summary order minutes nice attack_version prerequisites pass_mark review_by licence"
    )
    values = {name: _plain(getattr(module, name)) for name in names.split()}
    values["folder"] = module.folder.name.partition("-")[2]
    row = _store(Module, {"slug": module.id}, values, changes)
    lessons = [_store_lesson(row, lesson, changes) for lesson in module.lessons]
    _retire(Lesson, row.lessons.all(), lessons, changes)
    cards = [
        _store(Card, {"module": row, "slug": card.id}, _values_of_card(card, position), changes)
        for position, card in enumerate(module.cards, 1)
    ]
    _retire(Card, row.cards.all(), cards, changes)
    for name, path in module.captures.items():
        data = path.read_bytes()
        values = {"sha256": hashlib.sha256(data).hexdigest(), "data": data}
        _store(LessonCapture, {"module": row, "name": name}, values, changes)
    return row


def retire_module(*, module: Module, changes: RowChanges) -> None:
    """Take a module out of the teaching. Its rows stay, because attempts point to them."""
    changes.add(Module, RETIRED)
    _retire(Lesson, module.lessons.all(), [], changes)
    _retire(Card, module.cards.all(), [], changes)


def retire_path(*, slug: str, changes: RowChanges) -> list[FileChange]:
    """Take a learning path out; return the change of its file."""
    row = LearningPath.objects.filter(slug=slug, is_retired=False).first()
    if row is None:
        return []
    here = row.published.data
    LearningPath.objects.filter(pk=row.pk).update(is_retired=True)
    changes.add(LearningPath, RETIRED)
    return [FileChange(PATHS_FOLDER, f"{slug}.yaml", here, None)]


def store_path(
    *, path: content.PathContent, changes: RowChanges, is_imported: bool
) -> list[FileChange]:
    """Store a learning path; return the change of its file, if it changed."""
    before = LearningPath.objects.filter(slug=path.id).first()
    source = path.file.read_bytes()
    values = {
        "title": path.title,
        "summary": path.summary,
        "nice": list(path.nice),
        "days": [{"title": day.title, "lessons": list(day.lessons)} for day in path.days],
        "source": source,
        "is_retired": False,
    }
    if is_imported:
        values["imported_sha256"] = sha256(source)
    _store(LearningPath, {"slug": path.id}, values, changes)
    here = before.published.data if before else None
    return [] if here == source else [FileChange("paths", path.file.name, here, source)]


def _store_lesson(module: Module, lesson: content.LessonContent, changes: RowChanges) -> Lesson:
    names = "title summary number minutes techniques alert_types review_by"
    values = {name: _plain(getattr(lesson, name)) for name in names.split()}
    values |= {
        "body": [
            {"question": block.question} if block.question else {"html": block.html}
            for block in lesson.blocks
        ],
        "outline": [asdict(heading) for heading in lesson.outline],
        "sources": list(lesson.sources),
        "is_retired": False,
    }
    row = _store(Lesson, {"module": module, "slug": lesson.id}, values, changes)
    questions = [
        _store_question(row, question, position, changes)
        for position, question in enumerate(lesson.questions, 1)
    ]
    _retire(LessonQuestion, row.questions.all(), questions, changes)
    return row


def _store_question(
    lesson: Lesson, question: content.QuestionContent, position: int, changes: RowChanges
) -> LessonQuestion:
    values = {"position": position, "is_retired": False}
    row = _store(LessonQuestion, {"lesson": lesson, "slug": question.id}, values, changes)
    versions = {version.content_hash: version for version in row.versions.order_by("number")}
    current = next((version for version in versions.values() if version.is_current), None)
    words = {
        "content_hash": question.content_hash,
        "type": question.type.value,
        "techniques": list(question.techniques),
        "stored": question.as_json(),
    }
    target = versions.get(question.content_hash)
    if target is None and current is not None and question.is_minor_edit:
        target = current
    if target is not None and target == current:
        _update(target, words, changes)
        return row
    if current is not None:
        QuestionVersion.objects.filter(pk=current.pk).update(is_current=False)
    if target is not None:  # the author went back to an earlier wording
        _update(target, words | {"is_current": True}, changes, change=REWORDED)
    else:
        QuestionVersion.objects.create(question=row, number=len(versions) + 1, **words)
        changes.add(QuestionVersion, REWORDED if versions else NEW)
    return row


def _values_of_card(card: content.CardContent, position: int) -> dict[str, Any]:
    values = {name: value for name, value in asdict(card).items() if name != "id"}
    return values | {"sources": list(card.sources), "position": position, "is_retired": False}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _store[Row: models.Model](
    model: type[Row], key: Mapping[str, Any], values: Mapping[str, Any], changes: RowChanges
) -> Row:
    """Return the row of this key with these values, and count it where it had to be written."""
    row, is_new = model._default_manager.get_or_create(**key, defaults=dict(values))
    if is_new:
        changes.add(model, NEW)
    else:
        _update(row, values, changes)
    return row


def _update(
    row: models.Model, values: Mapping[str, Any], changes: RowChanges, *, change: str = CHANGED
) -> None:
    changed = [name for name, value in values.items() if _stored(row, name) != value]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.save(update_fields=changed)
        changes.add(type(row), change)


def _stored(row: models.Model, name: str) -> Any:
    value = getattr(row, name)
    return bytes(value) if isinstance(value, memoryview) else value


def _retire[Row: models.Model](
    model: type[Row], rows: models.QuerySet[Row], current: Iterable[Row], changes: RowChanges
) -> None:
    gone = rows.filter(is_retired=False).exclude(pk__in=[row.pk for row in current])
    changes.add(model, RETIRED, gone.update(is_retired=True))


_LOCK = 0x7EAC  # the advisory lock under which one import runs at a time


class CannotImportCurriculum(Refused):
    """The texts have faults; nothing was imported."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import changes. `kept` are files that stay as they were edited here, `offered` those
    of them that the import has in another version; both as folder/path. `shortened_paths` are the
    titles of learning paths that lose a lesson.
    """

    rows: RowChanges
    files: tuple[FileChange, ...]
    local_edits: tuple[str, ...]
    offers: tuple[str, ...]
    shortened_paths: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are new, changed, retired."""
        return self.rows.totals


def import_curriculum(
    *,
    curriculum: Curriculum,
    by: Actor,
    now: datetime,
    overwrite: bool = False,
    is_dry_run: bool = False,
) -> ImportOutcome:
    """Publish the modules and paths of a curriculum; those that it does not hold stay as they are.
    Refuses texts with faults. With `overwrite` it also replaces what was edited here; a dry run
    changes nothing and returns what would.
    """
    refuse_faults(curriculum=curriculum)
    with transaction.atomic():
        lock_curriculum()
        outcome = _import_modules(curriculum, now, overwrite=overwrite)
        if is_dry_run:
            transaction.set_rollback(True)
        elif outcome.files or outcome.rows.counts:
            row = CurriculumImport.objects.create(
                imported_at=now, by_label=str(by)[:200], changes=outcome.counts
            )
            record(
                "catalog.curriculum.imported",
                on=row,
                by=by,
                at=now,
                modules=[module.id for module in curriculum.modules],
                changes=outcome.counts,
                kept=outcome.local_edits,
                offered=outcome.offers,
            )
    return outcome


def refuse_faults(*, curriculum: Curriculum, where: str = "The modules have") -> None:
    """Refuse a curriculum that has faults which keep people from learning."""
    if faults := obstacles(curriculum.faults):
        count = f"{len(faults)} fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise CannotImportCurriculum(
            f"{where} {count}; nothing was imported. The first: {faults[0]}"
        )


def lock_curriculum() -> None:
    """Wait until no other transaction publishes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _import_modules(curriculum: Curriculum, now: datetime, *, overwrite: bool) -> ImportOutcome:
    incoming = {module.id: read_files(module.folder) for module in curriculum.modules}
    rows_by_slug = {row.slug: row for row in Module.objects.filter(slug__in=incoming)}
    published = {slug: published_files(row) for slug, row in rows_by_slug.items()}
    merged = {
        slug: MergedModule(files) if overwrite else merge_module(published.get(slug, {}), files)
        for slug, files in incoming.items()
    }
    rows, changes = RowChanges(), []
    with ExitStack() as stack:
        modules = {module.id: module for module in curriculum.modules if merged[module.id].files}
        if any(merged[slug].local_edits for slug in modules):
            folders = {module.folder.name: merged[slug].files for slug, module in modules.items()}
            replaced = {row.folder_name for row in rows_by_slug.values()}
            together = stack.enter_context(
                read_together(folders, replaced=replaced, today=now.date())
            )
            refuse_faults(curriculum=together, where="With what was edited here, the modules have")
            modules = {module.id: module for module in together.modules}
        for slug, module in modules.items():
            row = store_module(module=module, changes=rows)
            changes += _store_files(row, published.get(slug, {}), merged[slug], incoming[slug], now)
    edited_paths = []
    for path in curriculum.paths:
        if not overwrite and _is_edited_here(path):
            edited_paths.append(f"{PATHS_FOLDER}/{path.file.name}")
        else:
            changes += store_path(path=path, changes=rows, is_imported=True)
    names = {module.id: module.folder.name for module in curriculum.modules}
    local_edits = [
        f"{names[slug]}/{path}" for slug in merged for path in merged[slug].local_edits
    ] + edited_paths
    offers = [f"{names[slug]}/{path}" for slug in merged for path in merged[slug].offers]
    return ImportOutcome(rows, tuple(changes), tuple(local_edits), tuple(offers))


def _is_edited_here(path: content.PathContent) -> bool:
    """Whether the file of a path was edited or taken out here, and differs from the import's."""
    row = LearningPath.objects.filter(slug=path.id).first()
    if row is None or row.source is None:
        return False
    return row.published.is_edited and row.published.data != path.file.read_bytes()


def _store_files(
    module: Module,
    published: Mapping[str, PublishedFile],
    merged: MergedModule,
    incoming: ModuleFiles,
    now: datetime,
) -> list[FileChange]:
    changes = []
    for path in sorted(published.keys() | merged.files.keys() | incoming.keys()):
        here, data = published.get(path), merged.files.get(path)
        came_from = sha256(incoming.get(path))
        if here is not None and path in merged.local_edits:
            came_from = here.imported_sha256
        offered = merged.offers.get(path)
        store_file(
            module=module,
            path=path,
            data=data,
            imported_sha256=came_from,
            now=now,
            has_offer=path in merged.offers,
            offered=offered,
        )
        before = here.data if here is not None else None
        if before != data and path != LOCK_FILE:
            changes.append(FileChange(module.folder_name, path, before, data))
    return changes


def store_file(
    *,
    module: Module,
    path: str,
    data: bytes | None,
    imported_sha256: str,
    now: datetime,
    has_offer: bool = False,
    offered: bytes | None = None,
) -> None:
    """Keep what a file of a module is now; forget one that neither side has any more."""
    row = SourceFile.objects.filter(module=module, path=path).first()
    if data is None and not imported_sha256 and not has_offer:
        if row is not None:
            row.delete()
        return
    values = {"imported_sha256": imported_sha256, "has_offer": has_offer, "offered": offered}
    if row is None or row.published.data != data:
        values |= {"data": data, "published_at": now}
    SourceFile.objects.update_or_create(module=module, path=path, defaults=values)
