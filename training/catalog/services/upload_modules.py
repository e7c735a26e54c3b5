"""Make drafts of the modules in a ZIP, to be looked at and published like those written here."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from training.catalog.engine.archives import ArchiveError, read_archive
from training.catalog.engine.content import Module as Content
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.module_files import ModuleFiles, sha256, with_lock
from training.catalog.models import Draft, Module
from training.catalog.policies import reasons_against_writing
from training.catalog.queries import drafts_of, obstacles, published_files, read_together
from training.catalog.services.import_curriculum import lock_curriculum
from training.catalog.services.publish_drafts import CannotPublish


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
    found = {draft.path: draft for draft in drafts_of(content.id)}
    drafts = []
    for path in sorted((published.keys() | files.keys()) - {LOCK}):
        data = files.get(path)
        old = published[path].data if path in published else None
        other = found.get(path)
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
