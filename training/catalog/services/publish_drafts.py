"""Publish what was written: checked together with everything that is published, in one step."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from training.catalog.engine.faults import Fault
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.module_files import sha256
from training.catalog.models import CurriculumImport, Draft
from training.catalog.policies import reasons_against_publishing, reasons_against_writing
from training.catalog.queries import (
    draft_modules,
    obstacles,
    published_file,
    published_files,
    read_together,
)
from training.catalog.services.import_curriculum import (
    ImportOutcome,
    lock_curriculum,
    store_file,
)
from training.catalog.services.store_modules import FileChange, RowChanges, store_module


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
    """
    against = reasons_against_writing if is_dry_run else reasons_against_publishing
    if reasons := against(by):
        raise CannotPublish(*reasons)
    with transaction.atomic():
        lock_curriculum()
        drafts = list(Draft.objects.select_for_update().filter(pk__in=revisions).order_by("pk"))
        if len(drafts) < len(revisions) or any(
            draft.revision != revisions[draft.pk] for draft in drafts
        ):
            raise CannotPublish(
                gettext("A draft has changed in the meantime. Look at the changes again.")
            )
        if not drafts:
            raise CannotPublish(gettext("There is nothing to publish."))
        for draft in drafts:
            if sha256(published_file(draft.module_slug, draft.path)) != draft.base_sha256:
                raise CannotPublish(
                    gettext(
                        "%(path)s has a newer published version than this draft began with. Open "
                        "the draft, look at the difference, and save it again."
                    )
                    % {"path": draft.path}
                )
        outcome = _publish(drafts, now)
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


def _publish(drafts: list[Draft], now: datetime) -> ImportOutcome:
    modules = {module.slug: module for module in draft_modules(drafts)}
    folders = {module.folder: module.files for module in modules.values()}
    replaced = {module.replaced for module in modules.values()}
    rows, changes = RowChanges(), []
    with read_together(folders, replaced=replaced, today=now.date()) as curriculum:
        if faults := obstacles(curriculum.faults):
            raise CannotPublish(
                gettext("The texts have faults. Fix them, then publish."), faults=tuple(faults)
            )
        for content in curriculum.modules:
            slug = next(
                each.slug for each in modules.values() if each.folder == content.folder.name
            )
            if content.id != slug:
                raise CannotPublish(
                    gettext("The id of a module stays as it is: %(id)s.") % {"id": slug}
                )
            row = store_module(module=content, changes=rows)
            before = published_files(row)
            after = modules[slug].files
            for path in sorted(before.keys() | after.keys()):
                old = before.get(path)
                data, here = after.get(path), old.data if old else None
                if data == here:
                    continue
                origin = old.imported_sha256 if old else ""
                store_file(module=row, path=path, data=data, imported_sha256=origin, now=now)
                if path != LOCK:
                    changes.append(FileChange(row.folder_name, path, here, data))
    return ImportOutcome(rows, tuple(changes), (), ())
