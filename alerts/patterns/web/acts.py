"""What can be done with a pattern."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from alerts.patterns.services.daily import CannotAskForMining, ask_for_mining
from alerts.patterns.services.decide import (
    CannotDecide,
    reject_candidate,
    reopen_candidate,
    snooze_candidate,
    turn_into_rule,
)
from alerts.patterns.web.headline import headline
from alerts.patterns.web.pages import candidate_or_404, candidate_page
from portal import clock
from portal.accounts.actor import actor_of
from portal.errors import Refused
from portal.ui.forms_only import post_only
from portal.ui.htmx import wants_part
from portal.ui.toasts import leave_toast


def _page_of(candidate: UUID) -> str:
    return reverse("patterns:candidate", args=[candidate])


@post_only(otherwise=_page_of)
def turn(request: HttpRequest, candidate: UUID) -> HttpResponse:
    """Draft a rule of it and go on in its editor."""
    row = candidate_or_404(request, candidate)
    try:
        version = turn_into_rule(candidate_id=row.pk, by=actor_of(request), now=clock.now())
    except Refused as refusal:
        return candidate_page(request, candidate, problems=refusal.reasons)
    return HttpResponseRedirect(_editor(version.uuid))


@post_only(otherwise=_page_of)
def reject(request: HttpRequest, candidate: UUID) -> HttpResponse:
    """No rule shall come of it, for this reason."""
    row, said = candidate_or_404(request, candidate), request.POST.get("reason", "")
    try:
        reject_candidate(candidate_id=row.pk, by=actor_of(request), now=clock.now(), reason=said)
    except CannotDecide as refusal:
        return candidate_page(request, candidate, problems=refusal.reasons, said=said)
    text = gettext("Rejected: %(pattern)s") % {"pattern": headline(row)}
    return _back(request, text, undo=reverse("patterns:reopen", args=[candidate]))


@post_only(otherwise=_page_of)
def snooze(request: HttpRequest, candidate: UUID) -> HttpResponse:
    """Not now; again in thirty days."""
    row = candidate_or_404(request, candidate)
    try:
        snooze_candidate(candidate_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotDecide as refusal:
        return candidate_page(request, candidate, problems=refusal.reasons)
    text = gettext("Snoozed for 30 days: %(pattern)s") % {"pattern": headline(row)}
    return _back(request, text, undo=reverse("patterns:reopen", args=[candidate]))


@post_only(otherwise=_page_of)
def reopen(request: HttpRequest, candidate: UUID) -> HttpResponse:
    """Offer it again."""
    row = candidate_or_404(request, candidate)
    try:
        reopen_candidate(candidate_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotDecide as refusal:
        return candidate_page(request, candidate, problems=refusal.reasons)
    if wants_part(request):  # undone from the toast: whatever list is on the screen is old now
        return HttpResponse(headers={"HX-Redirect": reverse("patterns:list")})
    return _back(request, gettext("Open again: %(pattern)s") % {"pattern": headline(row)})


@post_only(otherwise=lambda: reverse("patterns:list"))
def mine(request: HttpRequest) -> HttpResponse:
    """Have history looked at now."""
    try:
        ask_for_mining(by=actor_of(request), unshifted=clock.unshifted(), now=clock.now())
    except CannotAskForMining as refusal:
        return _back(request, str(refusal))
    return _back(request, gettext("History is being analysed. Load the page again in a minute."))


def _back(request: HttpRequest, text: str, *, undo: str = "") -> HttpResponse:
    answer = HttpResponseRedirect(reverse("patterns:list"))
    return leave_toast(request, answer, text, undo=undo)


def _editor(version: UUID) -> str:
    try:
        return reverse("suppression:edit", args=[version])
    except NoReverseMatch:
        return reverse("suppression:rule", args=[version])
