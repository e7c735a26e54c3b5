"""A ZIP of modules becomes drafts, to be looked at before anything is published."""

from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.actor import actor_of
from portal.ui.htmx import render_page
from portal.ui.toasts import leave_toast
from portal.ui.words import number
from training.catalog.engine.archives import MAX_ARCHIVE
from training.catalog.services import CannotPublish, upload_modules
from training.catalog.web.shown_texts import MAX_FAULTS


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a ZIP, and lead on to what it would change."""
    page: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return _take(request)
        except CannotPublish as refusal:
            page = {"problems": refusal.reasons, "faults": refusal.faults[:MAX_FAULTS]}
    status = 422 if page else 200
    return render_page(request, "training/catalog/upload.html", page, status=status)


def _take(request: HttpRequest) -> HttpResponse:
    given = request.FILES.get("file")
    data, name = b"", ""
    if isinstance(given, UploadedFile):
        if (given.size or 0) > MAX_ARCHIVE:
            most = {"n": number(MAX_ARCHIVE // 1_000_000)}
            raise CannotPublish(gettext("The ZIP is larger than %(n)s MB.") % most)
        data, name = given.read(), given.name or ""
    drafts = upload_modules(data=data, name=name, by=actor_of(request), now=clock.now())
    if not drafts:
        answer = HttpResponseRedirect(reverse("authoring:modules"))
        return leave_toast(request, answer, gettext("All of it is published already."))
    chosen = urlencode([("draft", draft.pk) for draft in drafts])
    return HttpResponseRedirect(f"{reverse('authoring:changes')}?{chosen}")
