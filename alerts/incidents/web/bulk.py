"""Acts on many incidents: how one goes, what came of it, and how to undo it."""

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from alerts.incidents.acts.bulk import resume_bulk_act, stop_bulk_act, undo_bulk_act
from alerts.incidents.acts.bulk_preview import standing_of, state_of
from alerts.incidents.models import BulkAct
from alerts.incidents.queries import bulk_acts_of, listed_bulk_acts
from alerts.incidents.web.links import goal_of
from portal import clock
from portal.accounts.actor import actor_of
from portal.errors import Refused
from portal.ui.forms_only import post_only
from portal.ui.htmx import render_page

TEMPLATE = "alerts/incidents/bulk.html"
DEEDS: dict[str, Callable[..., BulkAct]] = {
    "stop": stop_bulk_act,
    "undo": undo_bulk_act,
    "resume": lambda **given: resume_bulk_act(unshifted=clock.unshifted(), **given),
}


PAGE = 50


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What the person asked to be done to many, newest first; live while one is under way."""
    acts, mark = listed_bulk_acts(bulk_acts_of(actor_of(request))), _mark(request)
    found = list((acts.filter(pk__lt=mark) if mark else acts).order_by("-pk")[: PAGE + 1])
    context = {
        "acts": [(row, state_of(row)) for row in found[:PAGE]],
        "is_live": any(row.is_open for row in found),
        "after": str(found[PAGE - 1].pk) if len(found) > PAGE else "",
        "first": not mark,
        "here": request.get_full_path(),
    }
    return render_page(request, "alerts/incidents/bulk_list.html", context, part="list")


@require_GET
def bulk(request: HttpRequest, act: UUID) -> HttpResponse:
    """How it goes; live until it has ended."""
    return render_page(request, TEMPLATE, _context(request, act), part="progress")


@post_only(otherwise=lambda act, deed: reverse("incidents:bulk", args=[act]))
def steer(request: HttpRequest, act: UUID, deed: str) -> HttpResponse:
    """Stop it, take it back, or let it go on."""
    if deed not in DEEDS:
        raise Http404
    get_object_or_404(bulk_acts_of(actor_of(request)), act=act)
    try:
        DEEDS[deed](act=act, by=actor_of(request), now=clock.now())
    except Refused as refusal:
        context = _context(request, act) | {"problems": refusal.reasons}
        return render(request, TEMPLATE, context, status=422)
    return redirect(bulk_address(act, back_to=goal_of(request)))


def bulk_address(act: UUID, *, back_to: str) -> str:
    """The page of an act, which leads back to where the person came from."""
    return f"{reverse('incidents:bulk', args=[act])}?{urlencode({'next': back_to})}"


def _context(request: HttpRequest, act: UUID) -> dict[str, object]:
    user = actor_of(request)
    row = get_object_or_404(bulk_acts_of(user), act=act)
    mark = _mark(request)
    goal = goal_of(request)
    return {
        "it": standing_of(row, by=user, after=mark, now=clock.now_of(request)),
        "row": row,
        "goal": goal,
        "here": bulk_address(act, back_to=goal),
        "first": not mark,
    }


def _mark(request: HttpRequest) -> int:
    """Where the page before this one ended; 0 for the first page."""
    after = request.GET.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
