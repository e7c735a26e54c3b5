"""Answer for OT: the phone page, the incident's verdict, and undo."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Annotation, Review
from alerts.reviews.policies import speaks_at, works_in
from alerts.reviews.queries import (
    answer_to,
    ends_of,
    facts_of,
    next_waiting,
    open_review_on,
    place_in_line,
)
from alerts.reviews.services import (
    CannotGiveVerdict,
    CannotUndoVerdict,
    give_verdict,
    open_review,
    undo_verdict,
)
from alerts.reviews.web.forms import VerdictForm
from alerts.reviews.web.panel import render_panel
from alerts.reviews.web.shared import (
    colleagues,
    given_context,
    nodes,
    review_or_404,
    verdict_context,
)
from alerts.reviews.web.words import checks_of, headline, sentence, verdict_word
from portal import clock
from portal.accounts.actor import actor_of
from portal.ui.forms_only import post_only
from portal.ui.htmx import vary, wants_part
from portal.ui.toasts import leave_toast, trigger


@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, review: UUID) -> HttpResponse:
    """The question as one screen of a phone; posting answers it and shows the next."""
    asked, now = review_or_404(request, review), clock.now()
    if request.method == "GET":
        if open_review(review_id=asked.pk, by=actor_of(request), now=now):
            asked = review_or_404(request, review)
        return _page(request, asked, now=now)
    form = VerdictForm(request.POST)
    given = _give(request, form, now=now, review_id=asked.pk)
    if given is None:
        return _page(request, asked, now=now, form=form)
    following = next_waiting(actor_of(request), after=asked)
    goal = reverse("reviews:answer", args=[following.uuid]) if following else _list()
    response: HttpResponse = HttpResponseRedirect(goal)
    if "application/json" in request.headers.get("Accept", ""):
        response = JsonResponse({"saved": str(given.uuid), "next": goal})
    return _tell(request, response, given)


@post_only(otherwise=lambda incident_id: f"/incidents/{incident_id}/")
def judge(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Judge an incident from its page, and with it all that a waiting question is about; answers
    with the panel.
    """
    incident = get_object_or_404(incidents_visible_to(actor_of(request)), pk=incident_id)
    form, now = VerdictForm(request.POST), clock.now()
    asked = open_review_on(incident.pk)
    if asked and speaks_at(actor_of(request), asked.site, asked.lead.workspace):
        given = _give(request, form, now=now, review_id=asked.pk)
    else:
        given = _give(request, form, now=now, incident_ids=[incident.pk])
    if given is None:
        return render_panel(request, incident, now=now, form=form)
    response = render_panel(request, incident, now=now)
    return trigger(_tell(request, response, given), "ot-changed", {"incident": incident.pk})


@post_only(otherwise=lambda act: f"{_list()}?tab=mine")
def undo(request: HttpRequest, act: UUID) -> HttpResponse:
    """Take one's verdict back; the question waits again."""
    person, now = actor_of(request), clock.now()
    given = get_object_or_404(Annotation.objects.select_related("review"), act=act, by=person)
    try:
        undo_verdict(act=act, by=person, now=now)
    except CannotUndoVerdict as refusal:
        return _undone(request, given, " ".join(refusal.reasons), status=409)
    return _undone(request, given, gettext("Your answer was taken back."))


def _undone(
    request: HttpRequest, given: Annotation, text: str, *, status: int = 200
) -> HttpResponse:
    """Back to the question; a page of another room stays and hears of it."""
    goal = reverse("reviews:answer", args=[given.review.uuid]) if given.review else _list()
    if not wants_part(request):
        return leave_toast(request, HttpResponseRedirect(goal), text)
    if status == 200 and "/reviews/" in request.headers.get("HX-Current-URL", ""):
        response = HttpResponse(headers={"HX-Redirect": goal})
        return leave_toast(request, response, text)
    response = HttpResponse(status=status)
    for event in ("ot-changed", "ot-undone"):
        trigger(response, event, {})
    return leave_toast(request, response, text)


def _give(
    request: HttpRequest, form: VerdictForm, *, now: datetime, **what: Any
) -> Annotation | None:
    """Give the verdict of a form; None when it was refused, the form then says why."""
    if not form.is_valid():
        return None
    try:
        return give_verdict(by=actor_of(request), now=now, **what, **form.cleaned_data)
    except CannotGiveVerdict as refusal:
        form.add_error(None, list(refusal.reasons))
    return None


def _tell(request: HttpRequest, response: HttpResponse, given: Annotation) -> HttpResponse:
    incident = given.incidents.order_by("-severity", "-created_at", "-pk").first()
    words = {
        "verdict": verdict_word(given.verdict),
        "title": headline(incident) if incident else "",
    }
    text = gettext("Saved: %(verdict)s. %(title)s") % words
    return leave_toast(request, response, text, undo=reverse("reviews:undo", args=[given.act]))


def _page(
    request: HttpRequest, asked: Review, *, now: datetime, form: VerdictForm | None = None
) -> HttpResponse:
    person, lead = actor_of(request), asked.lead
    may_answer = speaks_at(person, asked.site, lead.workspace)
    waits, over = asked.state == Review.State.WAITING, asked.state == Review.State.WITHDRAWN
    given = answer_to(asked)
    page = {
        "review": asked,
        "incident": lead,
        "n": asked.incidents.count(),
        "headline": headline(lead),
        "sentence": sentence(lead),
        "place": place_in_line(asked, person),
        "nodes": nodes(lead, ends_of(lead)),
        "checks": checks_of(facts_of(lead, besides=None if waits else given), asked.site.time_zone),
        "seen": given.uuid if given else "",
        **given_context(None if waits else given),
        "may_answer": may_answer and not over,
        "may_withdraw": waits and works_in(person, lead.workspace),
        "hand_over": colleagues(asked, request) if may_answer and waits else None,
        "now": now,
        **verdict_context(lead, form),
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/answer.html", page, status=status))


def _list() -> str:
    return reverse("reviews:list")
