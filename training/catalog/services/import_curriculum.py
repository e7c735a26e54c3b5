"""Publish a checked curriculum. Doing it again changes nothing, learners keep what they have
answered, and what was edited here is not written over (docs/decisions/0015-lessons-edited-here.md).
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from portal.audit.services import Actor, record
from portal.errors import Refused
from training.catalog.engine.content import LearningPath
from training.catalog.engine.curriculum import Curriculum
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.merging import MergedModule, PublishedFile, merge_module
from training.catalog.engine.module_files import ModuleFiles, read_files, sha256
from training.catalog.engine.paths import FOLDER as PATHS
from training.catalog.models import CurriculumImport, Module, SourceFile
from training.catalog.models import LearningPath as LearningPathRow
from training.catalog.queries import obstacles, published_files, read_together
from training.catalog.services.store_modules import FileChange, RowChanges, store_module, store_path

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
    kept: tuple[str, ...]
    offered: tuple[str, ...]
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
    changes nothing and tells what would.
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
                kept=outcome.kept,
                offered=outcome.offered,
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
    stored = {row.slug: row for row in Module.objects.filter(slug__in=incoming)}
    published = {slug: published_files(row) for slug, row in stored.items()}
    merged = {
        slug: MergedModule(files) if overwrite else merge_module(published.get(slug, {}), files)
        for slug, files in incoming.items()
    }
    rows, changes = RowChanges(), []
    with ExitStack() as stack:
        modules = {module.id: module for module in curriculum.modules if merged[module.id].files}
        if any(merged[slug].kept for slug in modules):
            folders = {module.folder.name: merged[slug].files for slug, module in modules.items()}
            replaced = {row.folder_name for row in stored.values()}
            together = stack.enter_context(
                read_together(folders, replaced=replaced, today=now.date())
            )
            refuse_faults(curriculum=together, where="With what was edited here, the modules have")
            modules = {module.id: module for module in together.modules}
        for slug, module in modules.items():
            row = store_module(module=module, changes=rows)
            changes += _store_files(row, published.get(slug, {}), merged[slug], incoming[slug], now)
    kept_paths = []
    for path in curriculum.paths:
        if not overwrite and _is_edited_here(path):
            kept_paths.append(f"{PATHS}/{path.file.name}")
        else:
            changes += store_path(path=path, changes=rows, is_imported=True)
    names = {module.id: module.folder.name for module in curriculum.modules}
    kept = [f"{names[slug]}/{path}" for slug in merged for path in merged[slug].kept] + kept_paths
    offered = [f"{names[slug]}/{path}" for slug in merged for path in merged[slug].offered]
    return ImportOutcome(rows, tuple(changes), tuple(kept), tuple(offered))


def _is_edited_here(path: LearningPath) -> bool:
    """Whether the file of a path was edited or taken out here, and differs from the import's."""
    row = LearningPathRow.objects.filter(slug=path.id).first()
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
        if here is not None and path in merged.kept:
            came_from = here.imported_sha256
        offered = merged.offered.get(path)
        store_file(
            module=module,
            path=path,
            data=data,
            imported_sha256=came_from,
            now=now,
            has_offer=path in merged.offered,
            offered=offered,
        )
        before = here.data if here is not None else None
        if before != data and path != LOCK:
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
