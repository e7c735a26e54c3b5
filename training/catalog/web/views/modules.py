"""The modules and learning paths with what is being written in them, the files of one module, and
exports of what is published.
"""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page
from training.catalog.engine.archives import write_module_archive
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.exports import export_modules
from training.catalog.engine.learning_paths import PATHS_FOLDER
from training.catalog.engine.module_files import LOCK_FILE, sha256, unpacked
from training.catalog.models import Draft
from training.catalog.queries.drafts import (
    CheckedModule,
    check_module,
    draft_at,
    drafts_of,
    module_summaries,
    offers_of,
    path_files,
    path_titles,
    published_file,
    published_files,
    published_modules,
    source_files,
)
from training.catalog.queries.lessons import module_at
from training.catalog.services.drafts import (
    CannotSaveDraft,
    answer_offer,
    remove_module,
    save_file_draft,
)
from training.catalog.services.import_curriculum import FileChange
from training.catalog.vocabulary import colour_styles, current_vocabulary
from training.catalog.web.differences import FILE_KINDS, ChangeView, change_view, kind_of
from training.catalog.web.starters import path_starter, starter


@require_safe
def paths(request: HttpRequest) -> HttpResponse:
    """Show the files of the learning paths."""
    return paths_page(request)


def paths_page(
    request: HttpRequest, *, problems: tuple[str, ...] = (), name: str = ""
) -> HttpResponse:
    """Show the files, what is being written in them, and why a new one was refused."""
    drafts = {draft.path: draft for draft in drafts_of(PATHS_FOLDER)}
    published, titles = path_files(), path_titles()
    page = {
        "slug": PATHS_FOLDER,
        "files": [
            {
                "path": path,
                "title": titles.get(path, ""),
                "draft": drafts.get(path),
                "is_new": path not in published,
                "is_removed": path in drafts and drafts[path].content is None,
            }
            for path in sorted(published.keys() | drafts.keys())
        ],
        "has_drafts": bool(drafts),
        "problems": problems,
        "name": name,
    }
    status = 422 if problems else 200
    return render_page(request, "training/catalog/paths.html", page, status=status)


_NAMES = {
    "source": ("modules.zip", "application/zip"),
    "html": ("lessons.zip", "application/zip"),
    "moodle": ("questions.xml", "application/xml"),
}


@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """Hand out all that is published in one format."""
    modules = published_modules()
    if kind not in _NAMES or not modules:
        raise Http404(gettext("There is nothing to export."))
    name, content_type = _NAMES[kind]
    if kind == "source":
        data = write_module_archive(source_files())
    else:
        vocabulary = current_vocabulary(clock.now_of(request).date())
        with unpacked(modules) as folder:
            contents = read_curriculum(folder / "modules", "modules", vocabulary).modules
            data, _ = export_modules(kind, contents, colours=colour_styles())
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type=content_type, headers=headers)


_ORDER = ("module", "lesson", "cards", "figure", "translation", "lab", "capture")


@dataclass(frozen=True, slots=True)
class FileView:
    """A file in the list of its module."""

    path: str
    kind: str | Promise
    title: str
    draft: Draft | None
    is_removed: bool
    is_new: bool
    is_edited: bool
    faults: int
    address: str  # where it is edited; empty where it is not


@dataclass(frozen=True, slots=True)
class OfferView:
    """A file for which an import brought another text."""

    path: str
    change: ChangeView


@require_safe
def modules(request: HttpRequest) -> HttpResponse:
    """Show all modules, and where something is being written or to be decided."""
    summaries = module_summaries()
    page = {
        "modules": summaries,
        "drafts": sum(summary.drafts for summary in summaries),
        "export_kinds": export_kinds(),
    }
    return render_page(request, "training/catalog/modules.html", page)


def export_kinds() -> list[tuple[str, str]]:
    """Return what can be downloaded, and its name."""
    return [
        ("source", gettext("The modules as they were written (ZIP)")),
        ("html", gettext("Pages that open without a server (ZIP)")),
        ("moodle", gettext("Questions as Moodle XML")),
    ]


@require_safe
def module_files(request: HttpRequest, module: str) -> HttpResponse:
    """Show the files of a module."""
    if module == PATHS_FOLDER:
        return HttpResponseRedirect(reverse("authoring:paths"))
    return _module_page(request, module)


def _module_page(
    request: HttpRequest, slug: str, *, problems: tuple[str, ...] = (), name: str = ""
) -> HttpResponse:
    with check_module(slug, today=clock.now_of(request).date()) as checked:
        if checked is None:
            raise Http404(gettext("There is no such module."))
        row = module_at(slug)
        offers = [
            OfferView(
                offer.path,
                change_view(
                    FileChange(
                        checked.folder,
                        offer.path,
                        offer.published.data,
                        bytes(offer.offered) if offer.offered is not None else None,
                    )
                ),
            )
            for offer in offers_of(slug)
        ]
        page = {
            "slug": slug,
            "title": row.title if row else slug,
            "module": row,
            "files": _file_views(slug, checked),
            "has_drafts": drafts_of(slug).exists(),
            "offers": offers,
            "problems": problems,
            "name": name,
        }
    status = 422 if problems else 200
    return render_page(request, "training/catalog/module.html", page, status=status)


def _file_views(slug: str, checked: CheckedModule) -> list[FileView]:
    row = module_at(slug)
    published = published_files(row) if row else {}
    drafts = {draft.path: draft for draft in drafts_of(slug)}
    files = []
    for path in sorted((checked.files.keys() | drafts.keys()) - {LOCK_FILE}):
        here, draft, kind = published.get(path), drafts.get(path), kind_of(path)
        lesson = checked.lesson_of(path) if kind == "lesson" else None
        files.append(
            FileView(
                path=path,
                kind=FILE_KINDS[kind],
                title=lesson.title if lesson else "",
                draft=draft,
                is_removed=draft is not None and draft.content is None,
                is_new=here is None or here.data is None,
                is_edited=here is not None and here.is_edited,
                faults=len(checked.faults_in(path)),
                address="" if kind == "capture" else _address(slug, path),
            )
        )
    return sorted(files, key=lambda file: (_ORDER.index(kind_of(file.path)), file.path))


def _address(slug: str, path: str) -> str:
    return reverse("authoring:edit", args=[slug, path])


def _module_address(module: str) -> str:
    return reverse("authoring:module", args=[module])


@post_only(otherwise=_module_address)
def add_file(request: HttpRequest, module: str) -> HttpResponse:
    """Begin a new file in a module, and open it."""
    name, now = request.POST.get("name", "").strip(), clock.now()
    existing = published_file(module, name)
    if name != LOCK_FILE and (existing is not None or draft_at(module, name) is not None):
        return HttpResponseRedirect(_address(module, name))
    original = published_file(module, name.rpartition("/")[2])
    text = starter(name, today=now.date(), original=original)
    try:
        save_file_draft(
            module_slug=module,
            path=name,
            revision=0,
            base=sha256(existing),
            data=path_starter(name) if module == PATHS_FOLDER else text,
            by=actor_of(request),
            now=now,
        )
    except CannotSaveDraft as refusal:
        if module == PATHS_FOLDER:
            return paths_page(request, problems=refusal.reasons, name=name)
        return _module_page(request, module, problems=refusal.reasons, name=name)
    return HttpResponseRedirect(_address(module, name))


@post_only(otherwise=_module_address)
def draft_removal(request: HttpRequest, module: str) -> HttpResponse:
    """Draft the removal of the whole module, and show what that would change."""
    if module == PATHS_FOLDER:
        raise Http404(gettext("There is no such module."))
    try:
        remove_module(module_slug=module, by=actor_of(request), now=clock.now())
    except CannotSaveDraft as refusal:
        return _module_page(request, module, problems=refusal.reasons)
    if not drafts_of(module).exists():  # nothing of it was published
        return HttpResponseRedirect(reverse("authoring:modules"))
    return HttpResponseRedirect(f"{reverse('authoring:changes')}?module={module}")


@post_only(otherwise=_module_address)
def offer(request: HttpRequest, module: str) -> HttpResponse:
    """Take the text that an import brought as a draft, or keep ours."""
    path, take = request.POST.get("path", ""), request.POST.get("take") == "yes"
    try:
        answer_offer(
            module_slug=module, path=path, take=take, by=actor_of(request), now=clock.now()
        )
    except CannotSaveDraft as refusal:
        return _module_page(request, module, problems=refusal.reasons)
    words = gettext("Taken as a draft.") if take else gettext("Ours is kept.")
    return leave_toast(request, HttpResponseRedirect(_module_address(module)), words)
