"""Publish drafts, checked together with everything that is published, in one step; and make drafts
of the modules in a ZIP.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from training.catalog.engine.archives import ArchiveError, read_archive
from training.catalog.engine.content import ModuleContent as Content
from training.catalog.engine.curriculum import Curriculum
from training.catalog.engine.faults import ContentFault
from training.catalog.engine.learning_paths import PATHS_FOLDER, read_path_files
from training.catalog.engine.module_files import LOCK_FILE, ModuleFiles, sha256, with_lock
from training.catalog.models import CurriculumImport, Draft, Module
from training.catalog.policies import reasons_against_publishing, reasons_against_writing
from training.catalog.queries.drafts import (
    DraftModule,
    draft_modules,
    drafts_of,
    latest_publication,
    obstacles,
    published_files,
    published_files_of,
    read_together,
)
from training.catalog.queries.lessons import learning_paths, lesson_names
from training.catalog.services.import_curriculum import (
    FileChange,
    ImportOutcome,
    RowChanges,
    lock_curriculum,
    retire_module,
    retire_path,
    store_file,
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
    removed_slugs: tuple[str, ...]
    paths: Mapping[str, bytes | None]  # learning paths by the name of their file


class CannotPublish(Refused):
    """Nothing was published; `faults` are what is wrong with the texts, if that is why."""

    def __init__(self, *reasons: str, faults: tuple[ContentFault, ...] = ()) -> None:
        super().__init__(*reasons)
        self.faults = faults


def publish_drafts(
    *, revisions: Mapping[int, int], by: User, now: datetime, is_dry_run: bool = False
) -> ImportOutcome:
    """Publish drafts, by their id and the revision that was on the screen. A dry run changes
    nothing and returns what would; whoever writes may ask for it.

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
    paths = {draft.path: draft.content for draft in drafts if draft.module_slug == PATHS_FOLDER}
    own = [draft for draft in drafts if draft.module_slug != PATHS_FOLDER]
    if not own:
        yield _Texts(Curriculum((), ()), {}, (), paths)
        return
    modules = {module.folder: module for module in draft_modules(own)}
    removed = tuple(
        module.slug for module in modules.values() if not module.files.keys() - {LOCK_FILE}
    )
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
    for row in Module.objects.filter(slug__in=texts.removed_slugs):
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
        if path != LOCK_FILE:
            changes.append(FileChange(module.folder_name, path, here, data))
    return changes


@transaction.atomic
def upload_modules(*, data: bytes, name: str, by: User, now: datetime) -> list[Draft]:
    """Return a draft for each file of a ZIP that differs from what is published. Refuses a ZIP that
    cannot be read, whose texts have faults, or whose files somebody else is writing at.
    """
    if reasons := reasons_against_writing(by):
        raise CannotPublish(*reasons)
    if not data:
        raise CannotPublish(gettext("Choose a ZIP file. This one is empty."))
    try:
        folders = {folder: with_lock(files) for folder, files in read_archive(data).modules.items()}
    except ArchiveError as error:
        raise CannotPublish(f"{name}: {error}") from None
    lock_curriculum()
    with read_together(folders, replaced=_replaced(folders), today=now.date()) as curriculum:
        if faults := obstacles(curriculum.faults):
            raise CannotPublish(
                gettext("The texts in the ZIP have faults. Nothing was imported."),
                faults=tuple(faults),
            )
        drafts = [
            draft
            for content in curriculum.modules
            for draft in _drafts(content, folders[content.folder.name], by, now)
        ]
    for draft in drafts:
        record("catalog.draft.saved", on=draft, by=by, at=now, upload=name[:200])
    return drafts


def _replaced(folders: Mapping[str, ModuleFiles]) -> set[str]:
    """Return the folders of published modules that have the same name behind the order."""
    names = {folder.partition("-")[2] for folder in folders}
    return {row.folder_name for row in Module.objects.all() if row.folder in names}


def _drafts(content: Content, files: ModuleFiles, by: User, now: datetime) -> list[Draft]:
    row = Module.objects.filter(slug=content.id).first()
    folder = content.folder.name.partition("-")[2]
    if row is not None and folder != row.folder:
        raise CannotPublish(
            gettext("The module %(id)s lies in the folder %(folder)s here: name it so in the ZIP.")
            % {"id": content.id, "folder": row.folder_name}
        )
    published = published_files(row) if row else {}
    drafts_by_path = {draft.path: draft for draft in drafts_of(content.id)}
    drafts = []
    for path in sorted((published.keys() | files.keys()) - {LOCK_FILE}):
        data = files.get(path)
        old = published[path].data if path in published else None
        other = drafts_by_path.get(path)
        if other is not None and other.content != data:
            raise CannotPublish(
                gettext("%(name)s has a draft of %(file)s: publish or discard it first.")
                % {"name": other.edited_by.name, "file": f"{content.id}/{path}"}
            )
        if other is not None:
            drafts.append(other)
        elif data != old:
            drafts.append(
                Draft.objects.create(
                    module_slug=content.id,
                    folder=folder,
                    path=path,
                    data=data,
                    base_sha256=sha256(old),
                    edited_by=by,
                    edited_at=now,
                )
            )
    return drafts
