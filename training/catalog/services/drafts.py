"""Save what people write until it is published, and warn the second of two writers; rename a file
or remove a module, as drafts; decide what becomes of a text that an import brought.
"""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number
from training.catalog.engine.learning_paths import PATHS_FOLDER, is_path_file
from training.catalog.engine.module_files import LOCK_FILE, belongs_in_module, limit_of, sha256
from training.catalog.models import Draft, Module, SourceFile
from training.catalog.policies import reasons_against_discarding, reasons_against_writing
from training.catalog.queries.drafts import draft_at, drafts_of, published_file


class CannotSaveDraft(Refused):
    """The draft was not saved."""


class DraftIsNewer(CannotSaveDraft):
    """Somebody else saved or published this file after the writer opened it. `theirs` is what is
    there now (None: no file), `revision` and `base` what a form must name to write over it.
    """

    def __init__(self, sentence: str, *, theirs: bytes | None, revision: int, base: str) -> None:
        super().__init__(sentence)
        self.theirs, self.revision, self.base = theirs, revision, base


@transaction.atomic
def save_file_draft(
    *,
    module_slug: str,
    path: str,
    data: bytes | None,
    revision: int,
    base: str,
    by: User,
    now: datetime,
) -> Draft | None:
    """Save a file as it is being written (None: to be taken out). `revision` is that of the draft
    which the writer had opened (0: none), `base` the SHA-256 of the published file they saw. A
    draft that equals what is published is no draft: then nothing is saved, and None returned.
    """
    reasons = reasons_against_writing(by)
    module = Module.objects.filter(slug=module_slug).first()
    any_draft = drafts_of(module_slug).first()
    is_path = module_slug == PATHS_FOLDER
    if module is None and any_draft is None and not is_path:
        reasons.append(gettext("There is no such module."))
    belongs = is_path_file(path) if is_path else belongs_in_module(path)
    if not belongs or path == LOCK_FILE or (path.startswith("pcap/") and data is not None):
        reasons.append(gettext("This is not a name for a file that can be written here."))
    if data is not None and len(data) > limit_of(path):
        too_large = gettext("The text is larger than %(n)s KB: split it.")
        reasons.append(too_large % {"n": number(limit_of(path) // 1000)})
    if reasons:
        raise CannotSaveDraft(*reasons)
    published = published_file(module_slug, path)
    current = drafts_of(module_slug).select_for_update(of=("self",)).filter(path=path).first()
    _refuse_older(current, published, revision=revision, base=base)
    if data == published:
        if current is not None:
            if reasons := reasons_against_discarding(by, [current]):
                raise CannotSaveDraft(*reasons)
            record("catalog.draft.discarded", on=current, by=by, at=now)
            current.delete()
        return None
    if module is not None:
        folder = module.folder or module.slug
    else:
        folder = any_draft.folder if any_draft else module_slug
    values = {"data": data, "base_sha256": base, "edited_by": by, "edited_at": now}
    if current is None:
        draft = Draft.objects.create(module_slug=module_slug, path=path, folder=folder, **values)
    else:
        Draft.objects.filter(pk=current.pk).update(revision=F("revision") + 1, **values)
        draft = Draft.objects.get(pk=current.pk)
    record("catalog.draft.saved", on=draft, by=by, at=now, revision=draft.revision)
    return draft


def _refuse_older(
    current: Draft | None, published: bytes | None, *, revision: int, base: str
) -> None:
    here = current.revision if current else 0
    if here != revision:
        if current is None:
            words = gettext("The draft that you opened was published or discarded in the meantime.")
        else:
            words = gettext("%(name)s saved another draft of this file after you opened it.") % {
                "name": current.edited_by.name
            }
    elif sha256(published) != base:
        words = gettext("A newer version of this file was published after you opened it.")
    else:
        return
    theirs = current.content if current else published
    raise DraftIsNewer(words, theirs=theirs, revision=here, base=sha256(published))


@transaction.atomic
def discard_drafts(*, revisions: dict[int, int], by: User, now: datetime) -> int:
    """Forget drafts, by their id and the revision that was on the screen; return how many."""
    rows = Draft.objects.select_for_update(of=("self",)).select_related("edited_by")
    drafts = list(rows.filter(pk__in=revisions).order_by("pk"))
    if reasons := reasons_against_discarding(by, drafts):
        raise CannotSaveDraft(*reasons)
    if any(draft.revision != revisions[draft.pk] for draft in drafts):
        raise CannotSaveDraft(
            gettext("A draft has changed in the meantime. Look at the changes again.")
        )
    for draft in drafts:
        Draft.objects.filter(pk=draft.pk).delete()
    for draft in drafts:
        record("catalog.draft.discarded", on=draft, by=by, at=now)
    return len(drafts)


@transaction.atomic
def answer_offer(
    *, module_slug: str, path: str, take: bool, by: User, now: datetime
) -> Draft | None:
    """Make the text that an import brought a draft, or note that ours stays until the next one."""
    if reasons := reasons_against_writing(by):
        raise CannotSaveDraft(*reasons)
    offers = SourceFile.objects.select_for_update(of=("self",)).select_related("module")
    row = offers.filter(module__slug=module_slug, path=path, has_offer=True).first()
    if row is None:
        raise CannotSaveDraft(gettext("There is nothing left to decide about this file."))
    offered = bytes(row.offered) if row.offered is not None else None
    draft = None
    if take:
        if current := draft_at(module_slug, path):
            raise CannotSaveDraft(
                gettext("%(name)s has a draft of this file: publish or discard it first.")
                % {"name": current.edited_by.name}
            )
        draft = Draft.objects.create(
            module_slug=module_slug,
            path=path,
            folder=row.module.folder or module_slug,
            data=offered,
            base_sha256=sha256(row.published.data),
            edited_by=by,
            edited_at=now,
        )
    row.imported_sha256 = sha256(offered)
    row.has_offer, row.offered = False, None
    row.save(update_fields=["imported_sha256", "has_offer", "offered"])
    if row.data is None and not row.imported_sha256:
        SourceFile.objects.filter(pk=row.pk).delete()
    record("catalog.offer.taken" if take else "catalog.offer.declined", on=row, by=by, at=now)
    return draft


FIXED_NAMES = frozenset({"module.yaml", "cards.md", LOCK_FILE})


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
    follow it. `revision` and `base` are what the writer had opened, as for `save_file_draft`.
    """
    if path in FIXED_NAMES or path.rpartition("/")[0] != new_path.rpartition("/")[0]:
        raise CannotSaveDraft(
            gettext("This is not a name that this file can have. It stays in its folder.")
        )
    if published_file(module_slug, new_path) is not None or draft_at(module_slug, new_path):
        raise CannotSaveDraft(gettext("There is a file of this name already."))
    save = partial(save_file_draft, module_slug=module_slug, by=by, now=now)
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
    paths = {"path__startswith": "i18n/", "path__endswith": f"/{lesson}"}
    published = SourceFile.objects.filter(module__slug=module_slug, **paths)
    drafts = drafts_of(module_slug).filter(**paths)
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
    rows = module.files.exclude(data=None).exclude(path=LOCK_FILE) if module else []
    published = {row.path: row.published.data for row in rows}
    if not published and not drafts:
        raise CannotSaveDraft(gettext("There is no such module."))
    for path in published.keys() | drafts.keys():
        draft = drafts.get(path)
        save_file_draft(
            module_slug=module_slug,
            path=path,
            data=None,
            revision=draft.revision if draft else 0,
            base=sha256(published.get(path)),
            by=by,
            now=now,
        )
    return len(published)
