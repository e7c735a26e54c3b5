"""Views of the queue that people save: a form that is a page of its own, and a dialog where htmx
asks; and the list of all that a person may use.
"""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from alerts.incidents.acts.saved_views import (
    ViewValues,
    delete_view,
    open_with,
    revise_view,
    save_list,
)
from alerts.incidents.models import SavedView
from alerts.incidents.models.saved_view import MAX_NAME
from alerts.incidents.queue.queries import QueueParams, queue_params
from alerts.incidents.queue.saved_views import ReadersViews, ViewOfReader, views_for
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.responses import is_part_request, leave_toast, post_only, render_page, vary

TEMPLATE = "alerts/incidents/saved_view.html"


def _to_views(**_parts: object) -> str:
    return reverse("incidents:views")


class SavedViewForm(forms.Form):
    """A name, whom the view is for, and whether the queue opens with it."""

    name = forms.CharField(max_length=MAX_NAME, label=_("Name"))
    is_shared = forms.BooleanField(required=False)
    is_first = forms.BooleanField(required=False)


@require_GET
def view_list(request: HttpRequest) -> HttpResponse:
    """All views that the person may use."""
    context = {"views": ReadersViews(actor_of(request)).all, "base": reverse("incidents:queue")}
    return render_page(request, "alerts/incidents/saved_views.html", context, part="list")


@require_http_methods(["GET", "POST"])
def save_as(request: HttpRequest) -> HttpResponse:
    """Ask for a name, then keep the list that the address asks for."""
    user, query = actor_of(request), request.POST if request.method == "POST" else request.GET
    params = _list_of(query)
    form = SavedViewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            saved = save_list(values=_values_of(form, params), by=user, now=clock.now())
        except Refused as refusal:
            form.add_error("name", list(refusal.reasons))
        else:
            if form.cleaned_data["is_first"]:
                open_with(view=saved, by=user)
            return _open(request, saved, user, gettext("Saved: %(name)s"))
    return _ask(request, form, {"params": params})


@require_http_methods(["GET", "POST"])
def edit_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for another name or other readers; the list stays as it is."""
    user = actor_of(request)
    row = _row(user, pk)
    if not row.may_change:
        raise Http404
    now = {"name": row.name, "is_shared": row.is_shared, "is_first": row.is_first}
    form = SavedViewForm(request.POST if request.method == "POST" else None, initial=now)
    params = queue_params(row.view, row.query, columns=row.columns)
    if form.is_bound and form.is_valid():
        try:
            saved = revise_view(
                pk=row.pk, values=_values_of(form, params), by=user, now=clock.now()
            )
        except Refused as refusal:
            form.add_error("name", list(refusal.reasons))
        else:
            if form.cleaned_data["is_first"] != row.is_first:
                open_with(view=saved if form.cleaned_data["is_first"] else None, by=user)
            return _go(request, _to_views(), gettext("Saved: %(name)s") % {"name": saved.name})
    return _ask(request, form, {"row": row, "params": params})


@post_only(otherwise=_to_views)
def take_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a view the list that its person has before them."""
    user = actor_of(request)
    row = _row(user, pk)
    params = _list_of(request.POST)
    try:
        values = ViewValues(row.name, row.is_shared, params)
        saved = revise_view(pk=row.pk, values=values, by=user, now=clock.now())
    except Refused as refusal:
        return _go(request, reverse("incidents:queue") + row.href, " ".join(refusal.reasons))
    return _open(request, saved, user, gettext("Saved: %(name)s"))


@post_only(otherwise=_to_views)
def make_first(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the queue with this view from now on; once more: as it comes."""
    user = actor_of(request)
    row = _row(user, pk)
    if row.is_first:
        open_with(view=None, by=user)
        words = gettext("The queue opens with “Needs triage”.")
    else:
        open_with(view=views_for(user).get(pk=row.pk), by=user)
        words = gettext("The queue opens with “%(name)s”.") % {"name": row.name}
    return _go(request, _to_views(), words)


@post_only(otherwise=_to_views)
def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view."""
    user = actor_of(request)
    row = _row(user, pk)
    try:
        name = delete_view(pk=row.pk, by=user, now=clock.now())
    except Refused as refusal:
        return _go(request, _to_views(), " ".join(refusal.reasons))
    return _go(request, _to_views(), gettext("Deleted: %(name)s") % {"name": name})


def _list_of(query: QueryDict) -> QueueParams:
    """The list that a form asks to keep."""
    columns = query.get("cols", "")
    return queue_params(query.get("view", ""), query.get("q", ""), columns=columns)


def _row(user: User, pk: int) -> ViewOfReader:
    row = ReadersViews(user).find(pk)
    if row is None:
        raise Http404
    return row


def _values_of(form: SavedViewForm, params: QueueParams) -> ViewValues:
    return ViewValues(form.cleaned_data["name"], form.cleaned_data["is_shared"], params)


def _ask(request: HttpRequest, form: SavedViewForm, context: dict[str, Any]) -> HttpResponse:
    context |= {"form": form, "in_dialog": is_part_request(request), "max_name": MAX_NAME}
    part = "form" if form.is_bound else "dialog"
    name = f"{TEMPLATE}#{part}" if is_part_request(request) else TEMPLATE
    return vary(render(request, name, context, status=422 if form.errors else 200))


def _open(request: HttpRequest, saved: SavedView, user: User, words: str) -> HttpResponse:
    address = reverse("incidents:queue") + _row(user, saved.pk).href
    return _go(request, address, words % {"name": saved.name})


def _go(request: HttpRequest, address: str, words: str) -> HttpResponse:
    if is_part_request(request):
        answer = HttpResponse(status=204, headers={"HX-Redirect": address})
        return vary(leave_toast(request, answer, words))
    return leave_toast(request, HttpResponseRedirect(address), words)
