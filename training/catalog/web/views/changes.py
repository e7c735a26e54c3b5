"""What drafts would change, line by line and in words; publish them or discard them; and a ZIP of
modules that becomes drafts.
"""

from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page
from portal.ui.words import number
from training.catalog.engine.archives import MAX_ARCHIVE
from training.catalog.models import Draft
from training.catalog.policies import reasons_against_discarding, reasons_against_publishing
from training.catalog.queries.drafts import published_files_of
from training.catalog.services.drafts import CannotSaveDraft, discard_drafts
from training.catalog.services.import_curriculum import FileChange
from training.catalog.services.publish_drafts import CannotPublish, publish_drafts, upload_modules
from training.catalog.web.differences import MAX_FAULTS, ChangeView, change_sentences, change_view


@require_safe
def draft_changes(request: HttpRequest) -> HttpResponse:
    """Show what the drafts of a module, of `?draft=…`, or all drafts would change."""
    return _page(request, request.GET)


def _page(
    request: HttpRequest, selection: QueryDict, problems: tuple[str, ...] = (), **more: Any
) -> HttpResponse:
    author, module = actor_of(request), selection.get("module", "")
    rows = Draft.objects.select_related("edited_by")
    if module:
        rows = rows.filter(module_slug=module)
    all_drafts = list(rows)
    values = selection.getlist("draft")
    ids = {int(value[:18]) for value in values if value.isascii() and value.isdecimal()}
    drafts = [draft for draft in all_drafts if not ids or draft.pk in ids]
    page: dict[str, Any] = {
        "module": module,
        "all_drafts": all_drafts,
        "chosen": {draft.pk for draft in drafts},
        "drafts": drafts,
        "changes": _change_views(drafts),
        "problems": problems,
        "reasons": reasons_against_publishing(author),
        "reasons_to_keep": reasons_against_discarding(author, drafts),
        **more,
    }
    if drafts and not problems:
        try:
            outcome = publish_drafts(
                revisions={draft.pk: draft.revision for draft in drafts},
                by=author,
                now=clock.now_of(request),
                is_dry_run=True,
            )
            page["sentences"] = change_sentences(outcome)
        except CannotPublish as refusal:
            page |= {"obstacles": refusal.reasons, "faults": refusal.faults[:MAX_FAULTS]}
    status = 422 if problems else 200
    return render_page(request, "training/catalog/changes.html", page, status=status)


def _change_views(drafts: list[Draft]) -> list[ChangeView]:
    published = published_files_of(drafts)
    return [
        change_view(FileChange(draft.module_slug, draft.path, published[draft.pk], draft.content))
        for draft in drafts
    ]


def _address() -> str:
    return reverse("authoring:changes")


def _revisions(request: HttpRequest) -> dict[int, int]:
    """Return the drafts that were on the screen: `draft` holds id:revision of each."""
    revisions = {}
    for value in request.POST.getlist("draft")[:1000]:
        pk, _, revision = value.partition(":")
        if f"{pk}{revision}".isascii() and pk.isdecimal() and revision.isdecimal():
            revisions[int(pk[:18])] = int(revision[:9])
    return revisions


@post_only(otherwise=_address)
def publish(request: HttpRequest) -> HttpResponse:
    """Publish the drafts that were on the screen, as they were."""
    try:
        outcome = publish_drafts(
            revisions=_revisions(request), by=actor_of(request), now=clock.now()
        )
    except CannotPublish as refusal:
        return _page(
            request, _selection(request), refusal.reasons, faults=refusal.faults[:MAX_FAULTS]
        )
    n = len(outcome.files)
    words = ngettext("Published: %(n)s file.", "Published: %(n)s files.", n) % {"n": number(n)}
    answer = HttpResponseRedirect(_after(request))
    return leave_toast(request, answer, words)


@post_only(otherwise=_address)
def discard_drafts_view(request: HttpRequest) -> HttpResponse:
    """Forget the drafts that were on the screen."""
    try:
        n = discard_drafts(revisions=_revisions(request), by=actor_of(request), now=clock.now())
    except CannotSaveDraft as refusal:
        return _page(request, _selection(request), refusal.reasons)
    words = ngettext("Discarded: %(n)s draft.", "Discarded: %(n)s drafts.", n) % {"n": number(n)}
    return leave_toast(request, HttpResponseRedirect(_after(request)), words)


def _selection(request: HttpRequest) -> QueryDict:
    pairs = [("module", request.POST.get("module", ""))]
    pairs += [("draft", str(pk)) for pk in _revisions(request)]
    return QueryDict(urlencode(pairs))


def _after(request: HttpRequest) -> str:
    module = request.POST.get("module", "")
    if module and module.replace("-", "").isalnum() and module.isascii():
        return reverse("authoring:module", args=[module])
    return reverse("authoring:modules")


@require_http_methods(["GET", "HEAD", "POST"])
def upload_modules_view(request: HttpRequest) -> HttpResponse:
    """Take a ZIP, and lead on to what it would change."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return _take(request)
        except CannotPublish as refusal:
            context = {"problems": refusal.reasons, "faults": refusal.faults[:MAX_FAULTS]}
    status = 422 if context else 200
    return render_page(request, "training/catalog/upload.html", context, status=status)


def _take(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    data, name = b"", ""
    if isinstance(upload, UploadedFile):
        if (upload.size or 0) > MAX_ARCHIVE:
            limit = {"n": number(MAX_ARCHIVE // 1_000_000)}
            raise CannotPublish(gettext("The ZIP is larger than %(n)s MB.") % limit)
        data, name = upload.read(), upload.name or ""
    drafts = upload_modules(data=data, name=name, by=actor_of(request), now=clock.now())
    if not drafts:
        answer = HttpResponseRedirect(reverse("authoring:modules"))
        return leave_toast(request, answer, gettext("All of it is published already."))
    query = urlencode([("draft", draft.pk) for draft in drafts])
    return HttpResponseRedirect(f"{reverse('authoring:changes')}?{query}")
