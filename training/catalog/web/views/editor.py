"""The editor of one file: its text, what is wrong with it and where, and a draft of it."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, render_page
from training.catalog.engine.diffs import diffable_text
from training.catalog.engine.faults import ContentFault, Report, Source
from training.catalog.engine.figures import SvgFigure
from training.catalog.engine.learning_paths import PATHS_FOLDER, read_path_files
from training.catalog.engine.module_files import LOCK_FILE, sha256
from training.catalog.models import Draft
from training.catalog.policies import reasons_against_discarding
from training.catalog.queries.drafts import check_module, draft_at, published_file
from training.catalog.queries.lessons import lesson_names, module_at
from training.catalog.services.drafts import (
    FIXED_NAMES,
    CannotSaveDraft,
    DraftIsNewer,
    discard_drafts,
    rename_file,
    save_file_draft,
)
from training.catalog.services.import_curriculum import FileChange
from training.catalog.vocabulary import current_vocabulary
from training.catalog.web.differences import (
    FILE_KINDS,
    MAX_FAULTS,
    change_view,
    kind_of,
    numbered_lines,
)


@dataclass(frozen=True, slots=True)
class _Form:
    """What is in the form: the text, and what the writer had opened."""

    text: str
    revision: int
    base: str
    problems: tuple[str, ...] = ()
    theirs: bytes | None = None  # what another writer saved meanwhile
    is_late: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
def edit_file(request: HttpRequest, module: str, path: str) -> HttpResponse:
    """Show a file to edit; POST saves what was typed as a draft, discards it, or takes the file
    out.
    """
    published, draft = published_file(module, path), draft_at(module, path)
    if (published is None and draft is None) or path == LOCK_FILE or kind_of(path) == "capture":
        raise Http404(gettext("There is no such file."))
    if request.method == "POST":
        return _save(request, module, path, draft)
    data = draft.content if draft and draft.content is not None else published
    text = diffable_text(data)
    if text is None:
        raise Http404(gettext("This file is not text."))
    form = _Form(text, draft.revision if draft else 0, sha256(published))
    return _page(request, module, path, form)


def _save(request: HttpRequest, module: str, path: str, draft: Draft | None) -> HttpResponse:
    act, author, now = request.POST.get("do", "save"), actor_of(request), clock.now()
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    revision, base = _number(request.POST.get("revision", "")), request.POST.get("base", "")
    here = HttpResponseRedirect(reverse("authoring:edit", args=[module, path]))
    try:
        if act == "discard" and draft is not None:
            discard_drafts(revisions={draft.pk: revision}, by=author, now=now)
            there = HttpResponseRedirect(reverse("authoring:module", args=[module]))
            return leave_toast(request, there, gettext("Draft discarded."))
        if act == "rename":
            new_path = request.POST.get("name", "").strip()
            rename_file(
                module_slug=module,
                path=path,
                new_path=new_path,
                data=text.encode(),
                revision=revision,
                base=base,
                by=author,
                now=now,
            )
            there = HttpResponseRedirect(reverse("authoring:edit", args=[module, new_path]))
            return leave_toast(request, there, gettext("Renamed when you publish."))
        new_draft = save_file_draft(
            module_slug=module,
            path=path,
            data=None if act == "remove" else text.encode(),
            revision=revision,
            base=base,
            by=author,
            now=now,
        )
    except DraftIsNewer as newer:
        form = _Form(text, newer.revision, newer.base, newer.reasons, newer.theirs, is_late=True)
        return _page(request, module, path, form)
    except CannotSaveDraft as refusal:
        return _page(request, module, path, _Form(text, revision, base, refusal.reasons))
    if act == "changes" and new_draft is not None:
        address = f"{reverse('authoring:changes')}?module={module}"
        return HttpResponseRedirect(address)
    if act == "preview" and (preview := _preview_address(request, module, path)):
        return HttpResponseRedirect(preview)
    if new_draft is None:
        there = HttpResponseRedirect(reverse("authoring:module", args=[module]))
        return leave_toast(request, there, gettext("The text is the same as the published one."))
    if act == "remove":
        there = HttpResponseRedirect(reverse("authoring:module", args=[module]))
        return leave_toast(request, there, gettext("The file is removed when you publish."))
    return leave_toast(request, here, gettext("Draft saved."))


def _preview_address(request: HttpRequest, module: str, path: str) -> str:
    with check_module(module, today=clock.now_of(request).date()) as checked:
        lesson = checked.lesson_of(path) if checked else None
    return reverse("training:preview", args=[module, lesson.id]) if lesson else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _page(request: HttpRequest, module: str, path: str, form: _Form) -> HttpResponse:
    draft, published = draft_at(module, path), published_file(module, path)
    kind = "path" if module == PATHS_FOLDER else kind_of(path)
    row = module_at(module)
    page: dict[str, Any] = {
        "slug": module,
        "title": gettext("Learning paths") if kind == "path" else row.title if row else module,
        "path": path,
        "kind": FILE_KINDS[kind],
        "form": form,
        "draft": draft,
        "may_discard": draft is not None
        and not reasons_against_discarding(actor_of(request), [draft]),
        "is_removed": draft is not None and draft.content is None,
        "is_published": published is not None,
        "has_own_name": path not in FIXED_NAMES,
        "is_stale": draft is not None and draft.base_sha256 != sha256(published),
        "theirs": _comparison(path, form.theirs, form.text) if form.is_late else None,
    }
    if not form.problems:
        page |= _findings(request, module, path, form.text)
    status = 422 if form.problems else 200
    return render_page(request, "training/catalog/editor.html", page, status=status)


def _findings(request: HttpRequest, module: str, path: str, text: str) -> dict[str, Any]:
    """Return what is wrong with a text, and how what is made of it looks."""
    if module == PATHS_FOLDER:
        with read_path_files({path: text.encode()}, lesson_names()) as (_, path_faults):
            return _check_result(text, list(path_faults))
    kind = kind_of(path)
    page: dict[str, Any] = {}
    with check_module(module, today=clock.now_of(request).date()) as checked:
        if checked is None:
            return page
        faults = checked.faults_in(path)
        if kind == "figure":
            page["figure"], faults = _figure(request, path, text)
        if kind == "cards" and checked.module:
            page["cards"] = [
                (mark_safe(card.front_html), mark_safe(card.back_html))
                for card in checked.module.cards
            ]
        page |= _check_result(text, faults) | {
            "elsewhere": len(checked.faults) - len(checked.faults_in(path)),
            "can_preview": kind == "lesson",
        }
    return page


def _check_result(text: str, faults: list[ContentFault]) -> dict[str, Any]:
    return {
        "faults": faults[:MAX_FAULTS],
        "n_faults": len(faults),
        "lines": numbered_lines(text, faults),
        "is_checked": True,
    }


def _comparison(path: str, theirs: bytes | None, ours: str) -> Any:
    return change_view(FileChange("", path, theirs, ours.encode()))


def _figure(request: HttpRequest, path: str, text: str) -> tuple[SafeString, list[ContentFault]]:
    """Return a figure as it is in a lesson, empty where it has faults; and these."""
    report = Report()
    source = Source.of(path, text, report)
    figure = SvgFigure(source, current_vocabulary(clock.now_of(request).date()))
    faults = sorted(report.faults)
    return mark_safe("" if faults else figure.svg), faults
