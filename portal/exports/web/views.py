"""The page of one's own exports."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of
from portal.api.problems import BadInput
from portal.exports.files import file_answer
from portal.exports.lists import titles_of_lists
from portal.exports.models import Export, Format
from portal.exports.policies import EXPORTING
from portal.exports.queries import exports_of, exports_visible_to, has_file
from portal.exports.services import ERRORS, MAX_ROWS, CannotExport, request_export
from portal.formats.stored_sentences import in_readers_language
from portal.jobs.models import JobState
from portal.ui.responses import render_page
from portal.ui.words import number


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """One's own exports; posting asks for another."""
    person, titles = _reader(request), titles_of_lists()
    reasons: Sequence[str] = ()
    if request.method == "POST":
        name, file_format = request.POST.get("list", ""), request.POST.get("format", "")
        if name in titles and file_format in Format.values:
            try:
                request_export(
                    list_name=name,
                    file_format=file_format,
                    filters=_filters(request.POST),
                    columns=request.POST.getlist("column"),
                    by=person,
                    now=clock.now(),
                    unshifted=clock.unshifted(),
                )
            except CannotExport as refusal:
                reasons = refusal.reasons
            except BadInput as refusal:
                reasons = [str(refusal.detail)]
            else:
                return redirect("exports:list")
        else:
            reasons = [gettext("Choose a list and a format.")]
    rows, are_others_hidden = exports_of(person)
    page = {
        "exports": [
            (
                row,
                titles.get(row.list_name, row.list_name),
                ", ".join(f"{name}: {unquote_plus(text)}" for name, text in row.filters.items()),
                _size(row),
                in_readers_language(row.latest_error, ERRORS),
            )
            for row in rows
        ],
        "are_others_hidden": are_others_hidden,
        "titles": titles,
        "formats": Format.choices,
        "reasons": reasons,
        "is_changing": any(row.state in (JobState.WAITING, JobState.RUNNING) for row in rows),
        "most": MAX_ROWS,
        "chosen": request.POST.get("list", "incidents"),
    }
    status = 422 if reasons else 200
    return render_page(request, "portal/exports/list.html", page, part="exports", status=status)


@require_GET
def file(request: HttpRequest, export: Any) -> HttpResponseBase:
    """The file of one, once it is made."""
    person = _reader(request)
    row = get_object_or_404(exports_visible_to(person), uuid=export)
    if not has_file(row):
        raise Http404
    return file_answer(row, by=person, now=clock.now())


FILTER = "filter."  # before the name of a filter that a form of another page sets


def _filters(form: QueryDict) -> dict[str, str]:
    names = [name for name in form if name.startswith(FILTER)]
    return {name.removeprefix(FILTER): form.get(name, "") for name in names}


def _size(row: Export) -> str:
    """How large a file is, in kilobytes or megabytes."""
    if row.size is None:
        return ""
    if row.size < 1_000_000:
        return gettext("%(n)s kB") % {"n": number(max(1, round(row.size / 1_000)))}
    return gettext("%(n)s MB") % {"n": number(row.size / 1_000_000, 1)}


def _reader(request: HttpRequest) -> User:
    person = actor_of(request)
    if roles_of(person).isdisjoint(EXPORTING):
        raise PermissionDenied
    return person
