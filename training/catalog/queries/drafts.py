"""Reads of what is being written: drafts, and modules as they would be with them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from training.catalog.engine.content import Lesson, Module
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Fault
from training.catalog.engine.module_files import ModuleFiles, unpacked, with_lock
from training.catalog.engine.paths import FOLDER as PATHS
from training.catalog.models import Draft, SourceFile
from training.catalog.models import Module as ModuleRow
from training.catalog.queries.sources import path_files, published_modules
from training.catalog.vocabulary import current_vocabulary

_ORDER = re.compile(rb"^order:\s*(\d{1,2})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DraftModule:
    """A module as it would be with drafts in it: its folder, its files, and the folder of the
    published module that it stands for (empty: a new one).
    """

    slug: str
    folder: str
    files: dict[str, bytes]
    replaced: str


@dataclass(frozen=True, slots=True)
class CheckedModule:
    """What was read of a module. `content` is None where its module.yaml cannot be used."""

    content: Module | None
    folder: str
    files: Mapping[str, bytes]
    faults: tuple[Fault, ...]

    def faults_in(self, path: str) -> list[Fault]:
        """Return the faults of one of its files."""
        return [fault for fault in self.faults if fault.path == f"modules/{self.folder}/{path}"]

    def lesson_of(self, path: str) -> Lesson | None:
        """Return the lesson of a file, by the number that its name begins with."""
        for lesson in self.content.lessons if self.content else ():
            if "/" not in path and path.startswith(f"{lesson.number:02}-"):
                return lesson
        return None


def drafts_of(module_slug: str) -> QuerySet[Draft]:
    """Return what is being written in a module."""
    return Draft.objects.filter(module_slug=module_slug).select_related("edited_by")


def draft_at(module_slug: str, path: str) -> Draft | None:
    """Return what is being written of a file."""
    return drafts_of(module_slug).filter(path=path).first()


def published_file(module_slug: str, path: str) -> bytes | None:
    """Return a file as it is published; None where it is not."""
    if module_slug == PATHS:
        return path_files().get(path)
    row = SourceFile.objects.filter(module__slug=module_slug, path=path).first()
    return row.published.data if row else None


def published_files_of(drafts: Collection[Draft]) -> dict[int, bytes | None]:
    """Return what is published of the file of each draft, by the id of the draft."""
    slugs, paths = {each.module_slug for each in drafts}, {each.path for each in drafts}
    rows = SourceFile.objects.filter(module__slug__in=slugs, path__in=paths)
    files = {
        (row.module.slug, row.path): row.published.data for row in rows.select_related("module")
    }
    if PATHS in slugs:
        files |= {(PATHS, name): data for name, data in path_files().items()}
    return {draft.pk: files.get((draft.module_slug, draft.path)) for draft in drafts}


def draft_modules(drafts: Iterable[Draft]) -> list[DraftModule]:
    """Return the modules that these drafts change, as they would be with these alone."""
    by_slug: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_slug.setdefault(draft.module_slug, []).append(draft)
    rows = {row.slug: row for row in ModuleRow.objects.filter(slug__in=by_slug)}
    published = published_modules()
    return [_draft_module(slug, own, rows.get(slug), published) for slug, own in by_slug.items()]


def _draft_module(
    slug: str, drafts: list[Draft], row: ModuleRow | None, published: Mapping[str, ModuleFiles]
) -> DraftModule:
    files = dict(published.get(row.folder_name, {})) if row else {}
    name = (row.folder or row.slug) if row else drafts[0].folder
    for draft in drafts:
        data = draft.content
        if data is None:
            files.pop(draft.path, None)
        else:
            files[draft.path] = data
    # The order stands in module.yaml: the number of the folder follows it.
    found = _ORDER.search(files.get("module.yaml", b""))
    order = int(found[1]) if found else (row.order if row else 99)
    return DraftModule(slug, f"{order:02}-{name}", with_lock(files), row.folder_name if row else "")


@contextmanager
def check_module(module_slug: str, *, today: date) -> Iterator[CheckedModule | None]:
    """Give a module with all its drafts, checked by itself; None where there is none. Its files lie
    in a folder until the block ends.
    """
    drafts = list(drafts_of(module_slug))
    row = ModuleRow.objects.filter(slug=module_slug).first()
    if row is None and not drafts:
        yield None
        return
    published = published_modules()
    module = _draft_module(module_slug, drafts, row, published)
    others = {folder: files for folder, files in published.items() if folder != module.replaced}
    with unpacked({**others, module.folder: module.files}) as top:
        curriculum = read_curriculum(
            top / "modules" / module.folder, f"modules/{module.folder}", current_vocabulary(today)
        )
        found = curriculum.modules[0] if curriculum.modules else None
        yield CheckedModule(found, module.folder, module.files, curriculum.faults)
