"""Publish what was written: checked together with everything that is published, in one step."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from training.catalog.engine.curriculum import Curriculum
from training.catalog.engine.faults import Fault
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.module_files import ModuleFiles, sha256
from training.catalog.engine.paths import FOLDER as PATHS
from training.catalog.engine.paths import read_path_files
from training.catalog.models import CurriculumImport, Draft, Module
from training.catalog.policies import reasons_against_publishing, reasons_against_writing
from training.catalog.queries import (
    DraftModule,
    draft_modules,
    latest_publication,
    learning_paths,
    lesson_names,
    obstacles,
    published_files,
    published_files_of,
    read_together,
)
from training.catalog.services.import_curriculum import (
    ImportOutcome,
    lock_curriculum,
    store_file,
)
from training.catalog.services.store_modules import (
    FileChange,
    RowChanges,
    retire_module,
    retire_path,
    store_module,
    store_path,
)

MAX_ATTEMPTS = 3  # somebody else may publish while the texts are read


@dataclass(frozen=True, slots=True)
class _Texts:
    """The modules that are published anew, as read and as files, these by folder; and the slugs of
    those that are taken out. Learning paths are read when the lessons are stored.
    """

    curriculum: Curriculum
    modules: Mapping[str, DraftModule]
    removed: tuple[str, ...]
    paths: Mapping[str, bytes | None]  # learning paths by the name of their file


class CannotPublish(Refused):
    """Nothing was published; `faults` are what is wrong with the texts, if that is why."""

    def __init__(self, *reasons: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(*reasons)
        self.faults = faults


def publish_drafts(
    *, revisions: Mapping[int, int], by: User, now: datetime, is_dry_run: bool = False
) -> ImportOutcome:
    """Publish drafts, by their id and the revision that was on the screen. A dry run changes
    nothing and tells what would; whoever writes may ask for it.

    The texts are read before anybody has to wait; whether they are still what they were is asked
    once nobody else can publish.
    """
    against = reasons_against_writing if is_dry_run else reasons_against_publishing
    if reasons := against(by):
        raise CannotPublish(*reasons)
    for _ in range(MAX_ATTEMPTS):
        publication = latest_publication()
        drafts = list(Draft.objects.filter(pk__in=revisions).order_by("pk"))
        _refuse_changed(drafts, revisions)
        with _read(drafts, now) as texts, transaction.atomic():
            lock_curriculum()
            if latest_publication() != publication:
                continue
            _refuse_changed(Draft.objects.select_for_update().filter(pk__in=revisions), revisions)
            outcome = _publish(texts, now)
            if is_dry_run:
                transaction.set_rollback(True)
                return outcome
            Draft.objects.filter(pk__in=revisions).delete()
            row = CurriculumImport.objects.create(
                imported_at=now, by_label=str(by)[:200], changes=outcome.counts
            )
            record(
                "catalog.drafts.published",
                on=row,
                by=by,
                at=now,
                files=[str(draft) for draft in drafts],
                changes=outcome.counts,
            )
            return outcome
    raise CannotPublish(gettext("Somebody else is publishing. Try again in a minute."))


def _refuse_changed(drafts: Iterable[Draft], revisions: Mapping[int, int]) -> None:
    if {draft.pk: draft.revision for draft in drafts} != dict(revisions):
        raise CannotPublish(
            gettext("A draft has changed in the meantime. Look at the changes again.")
        )
    if not revisions:
        raise CannotPublish(gettext("There is nothing to publish."))


@contextmanager
def _read(drafts: list[Draft], now: datetime) -> Iterator[_Texts]:
    """Give the modules as they would be with the drafts, among all others. Refuses those that have
    faults or began with another text than the published one.
    """
    published = published_files_of(drafts)
    for draft in drafts:
        if sha256(published[draft.pk]) != draft.base_sha256:
            raise CannotPublish(
                gettext(
                    "%(path)s has a newer published version than this draft began with. Open "
                    "the draft, look at the difference, and save it again."
                )
                % {"path": draft.path}
            )
    paths = {draft.path: draft.content for draft in drafts if draft.module_slug == PATHS}
    own = [draft for draft in drafts if draft.module_slug != PATHS]
    if not own:
        yield _Texts(Curriculum((), ()), {}, (), paths)
        return
    modules = {module.folder: module for module in draft_modules(own)}
    removed = tuple(module.slug for module in modules.values() if not module.files.keys() - {LOCK})
    folders = {
        folder: module.files for folder, module in modules.items() if module.slug not in removed
    }
    replaced = {module.replaced for module in modules.values()}
    with read_together(folders, replaced=replaced, today=now.date()) as curriculum:
        if faults := obstacles(curriculum.faults):
            raise CannotPublish(
                gettext("The texts have faults. Fix them, then publish."), faults=tuple(faults)
            )
        for content in curriculum.modules:
            slug = modules[content.folder.name].slug
            if content.id != slug:
                raise CannotPublish(
                    gettext("The id of a module stays as it is: %(id)s.") % {"id": slug}
                )
        yield _Texts(curriculum, modules, removed, paths)


def _publish(texts: _Texts, now: datetime) -> ImportOutcome:
    rows, changes, before = RowChanges(), [], lesson_names()
    for content in texts.curriculum.modules:
        row = store_module(module=content, changes=rows)
        changes += _store_files(row, texts.modules[content.folder.name].files, now)
    for row in Module.objects.filter(slug__in=texts.removed):
        retire_module(module=row, changes=rows)
        changes += _store_files(row, {}, now)
    changes += _publish_paths(texts.paths, rows)
    removed = before - lesson_names()
    shortened = [
        path.title
        for path in (learning_paths() if removed else ())
        if removed.intersection(name for day in path.days for name in day["lessons"])
    ]
    return ImportOutcome(rows, tuple(changes), (), (), tuple(shortened))


def _publish_paths(files: Mapping[str, bytes | None], rows: RowChanges) -> list[FileChange]:
    if not files:
        return []
    changes = []
    texts = {name: data for name, data in files.items() if data is not None}
    with read_path_files(texts, lesson_names()) as (paths, faults):
        if faults:
            raise CannotPublish(
                gettext("The texts have faults. Fix them, then publish."), faults=faults
            )
        for path in paths:
            changes += store_path(path=path, changes=rows, is_imported=False)
    for name in files.keys() - texts.keys():
        changes += retire_path(slug=name.removesuffix(".yaml"), changes=rows)
    return changes


def _store_files(module: Module, files: ModuleFiles, now: datetime) -> list[FileChange]:
    before, changes = published_files(module), []
    for path in sorted(before.keys() | files.keys()):
        old = before.get(path)
        data, here = files.get(path), old.data if old else None
        if data == here:
            continue
        origin = old.imported_sha256 if old else ""
        store_file(module=module, path=path, data=data, imported_sha256=origin, now=now)
        if path != LOCK:
            changes.append(FileChange(module.folder_name, path, here, data))
    return changes
