"""The inbox: what a person was told and why, read and unread."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.actor import actor_of
from portal.notifications.queries import inbox_of, unread_count
from portal.notifications.services import mark_read
from portal.ui.forms_only import post_only
from portal.ui.htmx import render_page, wants_part

PAGE = 50
MAX_ID_DIGITS = 18  # digits of an id


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What I was told, newest first."""
    return _page(request)


@post_only(otherwise=lambda: reverse("notifications:inbox"))
def read(request: HttpRequest) -> HttpResponse:
    """Mark the named lines as read, or all of them."""
    ids = [int(each) for each in request.POST.getlist("line") if _is_id(each)]
    mark_read(user=actor_of(request), now=clock.now(), ids=None if "all" in request.POST else ids)
    return _page(request) if wants_part(request) else redirect("notifications:inbox")


@require_GET
def follow(request: HttpRequest, line: int) -> HttpResponse:
    """Go where a line leads; it is read then."""
    person = actor_of(request)
    told = get_object_or_404(inbox_of(person), pk=line)
    mark_read(user=person, now=clock.now(), ids=[told.pk])
    inside = told.path.startswith("/") and not told.path.startswith(("//", "/\\"))
    return HttpResponseRedirect(told.path if inside else "/")


def _page(request: HttpRequest) -> HttpResponse:
    person, after = actor_of(request), request.GET.get("after", "")
    lines = inbox_of(person)
    mark = lines.filter(pk=int(after)).first() if _is_id(after) else None
    if mark is not None:
        lines = lines.filter(Q(made_at__lt=mark.made_at) | Q(made_at=mark.made_at, pk__lt=mark.pk))
    found = list(lines[: PAGE + 1])
    page = {
        "lines": found[:PAGE],
        "more": str(found[PAGE - 1].pk) if len(found) > PAGE else "",
        "unread": unread_count(person),
        "now": clock.now(),
    }
    return render_page(request, "portal/notifications/inbox.html", page, part="lines")


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_ID_DIGITS
