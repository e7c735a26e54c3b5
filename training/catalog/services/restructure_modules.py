"""Give a file another name, or take a whole module out: as drafts, like everything written here."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext

from portal.accounts.models import User
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.module_files import sha256
from training.catalog.models import Draft, Module, SourceFile
from training.catalog.policies import reasons_against_discarding, reasons_against_writing
from training.catalog.queries import draft_at, drafts_of, published_file
from training.catalog.services.drafts import CannotSaveDraft, save_draft

FIXED_NAMES = frozenset({"module.yaml", "cards.md", LOCK})


@transaction.atomic
def rename_file(
    *,
    module_slug: str,
    path: str,
    new_path: str,
    data: bytes,
    revision: int,
    base: str,
    by: User,
    now: datetime,
) -> Draft | None:
    """Save a text under another name and draft the removal of the old one; translations of a lesson
    follow it. `revision` and `base` are what the writer had opened, as for `save_draft`.
    """
    if path in FIXED_NAMES or path.rpartition("/")[0] != new_path.rpartition("/")[0]:
        raise CannotSaveDraft(
            gettext("This is not a name that this file can have. It stays in its folder.")
        )
    if published_file(module_slug, new_path) is not None or draft_at(module_slug, new_path):
        raise CannotSaveDraft(gettext("There is a file of this name already."))
    save = partial(save_draft, module_slug=module_slug, by=by, now=now)
    draft = save(path=new_path, data=data, revision=0, base="")
    save(path=path, data=None, revision=revision, base=base)
    for translation in _translations_of(module_slug, path):
        current, published = _opened(module_slug, translation)
        text = current.content if current else published
        if text is not None:
            rename_file(
                module_slug=module_slug,
                path=translation,
                new_path=f"{translation.rpartition('/')[0]}/{new_path}",
                data=text,
                revision=current.revision if current else 0,
                base=sha256(published),
                by=by,
                now=now,
            )
    return draft


def _translations_of(module_slug: str, lesson: str) -> list[str]:
    if "/" in lesson:
        return []
    mine = {"path__startswith": "i18n/", "path__endswith": f"/{lesson}"}
    published = SourceFile.objects.filter(module__slug=module_slug, **mine)
    drafts = drafts_of(module_slug).filter(**mine)
    return sorted(
        {*published.values_list("path", flat=True), *drafts.values_list("path", flat=True)}
    )


def _opened(module_slug: str, path: str) -> tuple[Draft | None, bytes | None]:
    return draft_at(module_slug, path), published_file(module_slug, path)


@transaction.atomic
def remove_module(*, module_slug: str, by: User, now: datetime) -> int:
    """Draft the removal of every file of a module, in place of what is being written there; return
    how many files that are.
    """
    if reasons := reasons_against_writing(by):
        raise CannotSaveDraft(*reasons)
    drafts = {draft.path: draft for draft in drafts_of(module_slug)}
    texts = [draft for draft in drafts.values() if draft.content is not None]
    if reasons := reasons_against_discarding(by, texts):
        raise CannotSaveDraft(*reasons)
    module = Module.objects.filter(slug=module_slug).first()
    rows = module.files.exclude(data=None).exclude(path=LOCK) if module else []
    published = {row.path: row.published.data for row in rows}
    if not published and not drafts:
        raise CannotSaveDraft(gettext("There is no such module."))
    for path in published.keys() | drafts.keys():
        draft = drafts.get(path)
        save_draft(
            module_slug=module_slug,
            path=path,
            data=None,
            revision=draft.revision if draft else 0,
            base=sha256(published.get(path)),
            by=by,
            now=now,
        )
    return len(published)
