"""Answer for OT: the phone page, the incident's verdict, and undo."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.page.panel import happened_at_words, members_of
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.wording import headline_of, number_words, sentence_of
from alerts.planned_work.services.plan import CannotPlanWork
from alerts.reviews.models import Question, Verdict
from alerts.reviews.policies import is_ot_at, works_in
from alerts.reviews.queries.facts import ends_of, question_facts
from alerts.reviews.queries.questions import (
    answers_to,
    newest_verdict_on,
    open_question_on,
    questions_visible_to,
    waiting_incidents_of,
)
from alerts.reviews.queries.second_opinions import next_in_line, opinion_asked_of, place_in_line
from alerts.reviews.services.planned_until import cancel_plan, is_recent, plan_until
from alerts.reviews.services.questions import open_question
from alerts.reviews.services.verdicts import (
    CannotGiveVerdict,
    CannotUndoVerdict,
    give_verdict,
    undo_verdict,
)
from alerts.reviews.web.context import (
    answer_context,
    checks_for_and_against,
    colleagues,
    nodes,
    occasions_in,
    verdict_context,
    warnings_of,
)
from alerts.reviews.web.forms import VerdictForm, ids_in, read_due_moment, until_choices
from alerts.reviews.web.views.panel import render_panel
from portal import clock
from portal.accounts.sessions import actor_of, allow_limited_session
from portal.ui.responses import is_part_request, leave_toast, post_only, trigger, vary
from portal.ui.words import number


@allow_limited_session
@never_cache
@require_http_methods(["GET", "POST"])
def answer_question_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show the question, or a second opinion, as one phone screen; a post answers it. A page that
    is fetched `ahead`, for when there is no network, opens nothing.
    """
    visible, now = questions_visible_to(actor_of(request)), clock.now()
    question = visible.filter(uuid=uuid).first()
    if question is None:
        if opinion_asked_of(actor_of(request), uuid) is None:
            raise Http404
        return HttpResponseRedirect(reverse("reviews:second", args=[uuid]))
    if request.method == "GET":
        if opinion := _question_instead(request, question):
            return HttpResponseRedirect(reverse("reviews:second", args=[opinion]))
        is_ahead = "ahead" in request.GET
        if not is_ahead and open_question(question_id=question.pk, by=actor_of(request), now=now):
            question = visible.get(pk=question.pk)
        return _page(request, question, now=now)
    form = VerdictForm(request.POST)
    verdict = _give(request, form, now=now, question_id=question.pk)
    if verdict is None:
        return _page(request, question, now=now, form=form)
    question.refresh_from_db(fields=["state"])
    waits_on = (
        question.state == Question.State.WAITING
    )  # the answer was about some of its incidents
    place = (question.due_at, 0, question.pk)
    following = question.uuid if waits_on else next_in_line(actor_of(request), after=place)
    goal = reverse("reviews:answer", args=[following]) if following else _list()
    response: HttpResponse = HttpResponseRedirect(goal)
    if "application/json" in request.headers.get("Accept", ""):
        response = JsonResponse({"saved": str(verdict.uuid), "next": goal})
    return _leave_saved_toast(request, response, verdict)


@post_only(otherwise=lambda incident_id: f"/incidents/{incident_id}/")
def give_verdict_on_page(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Judge an incident from its page, and others that were ticked with it: of the question that
    waits for it, or of its row in the queue. Answers with the panel.
    """
    visible = incidents_visible_to(actor_of(request))
    incident = get_object_or_404(visible, pk=incident_id)
    form, now = VerdictForm(request.POST), clock.now()
    question = open_question_on(incident.pk)
    if question and is_ot_at(actor_of(request), question.site, question.lead.workspace):
        verdict = _give(request, form, now=now, question_id=question.pk, otherwise=[incident.pk])
    else:
        ticked = list(visible.filter(pk__in=ids_in(form.ticked)).values_list("pk", flat=True))
        verdict = _give(request, form, now=now, ids=ticked if form.ticked else [incident.pk])
    if verdict is None:
        return render_panel(request, incident, now=now, form=form)
    response = render_panel(request, incident, now=now)
    return trigger(
        _leave_saved_toast(request, response, verdict), "ot-changed", {"incident": incident.pk}
    )


@allow_limited_session
@post_only(otherwise=lambda act: f"{_list()}?tab=mine")
def undo_verdict_view(request: HttpRequest, act: UUID) -> HttpResponse:
    """Take one's verdict back; the question waits again."""
    person, now = actor_of(request), clock.now()
    verdict = get_object_or_404(Verdict.objects.select_related("question"), act=act, by=person)
    try:
        with transaction.atomic():
            undo_verdict(act=act, by=person, now=now)
            cancel_plan(verdict, now=now)
    except (CannotUndoVerdict, CannotPlanWork) as refusal:
        return _undone(request, verdict, " ".join(refusal.reasons), status=409)
    return _undone(request, verdict, gettext("Your answer was withdrawn."))


def _undone(
    request: HttpRequest, verdict: Verdict, text: str, *, status: int = 200
) -> HttpResponse:
    """Back to the question; a page of another room stays and gets an event."""
    goal = reverse("reviews:answer", args=[verdict.question.uuid]) if verdict.question else _list()
    if not is_part_request(request):
        return leave_toast(request, HttpResponseRedirect(goal), text)
    if status == 200 and "/reviews/" in request.headers.get("HX-Current-URL", ""):
        response = HttpResponse(headers={"HX-Redirect": goal})
        return leave_toast(request, response, text)
    response = HttpResponse(status=status)
    for event in ("ot-changed", "ot-undone"):
        trigger(response, event, {})
    return leave_toast(request, response, text)


def _give(
    request: HttpRequest,
    form: VerdictForm,
    *,
    now: datetime,
    question_id: int | None = None,
    ids: Collection[int] | None = None,
    otherwise: Collection[int] = (),
) -> Verdict | None:
    """Give the verdict of a form on what was ticked in it, or on `otherwise` where there was
    nothing to tick; on `ids` whatever was ticked. None when it was refused, the form then shows
    why.
    """
    if not form.is_valid():
        return None
    values = dict(form.cleaned_data)
    ticked = values.pop("incident_ids")
    about = (ticked or otherwise) if ids is None else ids
    try:
        with transaction.atomic():
            verdict = give_verdict(
                by=actor_of(request), now=now, question_id=question_id, incident_ids=about, **values
            )
            if form.until_text:
                until = read_due_moment(form.until_text, verdict)
                plan_until(verdict, until=until, vendor=form.vendor_text, now=now)
            return verdict
    except (CannotGiveVerdict, CannotPlanWork) as refusal:
        form.add_error(None, list(refusal.reasons))
    return None


def _leave_saved_toast(
    request: HttpRequest, response: HttpResponse, verdict: Verdict
) -> HttpResponse:
    incidents = list(verdict.incidents.order_by("-severity", "-created_at", "-pk"))
    title = headline_of(incidents[0]) if incidents else ""
    words = {
        "verdict": gettext(verdict.get_kind_display()),
        "title": f"{title} ×{number(len(incidents))}" if len(incidents) > 1 else title,
    }
    text = gettext("Saved: %(verdict)s. %(title)s") % words
    if verdict.question and (left := waiting_incidents_of(verdict.question).count()):
        open_words = ngettext(
            "%(n)s incident of the question is still open.",
            "%(n)s incidents of the question are still open.",
            left,
        )
        saved = gettext("Saved: %(verdict)s.") % words
        text = f"{saved} {open_words % {'n': number(left)}}"
    return leave_toast(request, response, text, undo=reverse("reviews:undo", args=[verdict.act]))


def _page(
    request: HttpRequest, question: Question, *, now: datetime, form: VerdictForm | None = None
) -> HttpResponse:
    person = actor_of(request)
    may_answer = is_ot_at(person, question.site, question.lead.workspace)
    waits, is_withdrawn = (
        question.state == Question.State.WAITING,
        question.state == Question.State.WITHDRAWN,
    )
    answers = answers_to(question, reader=person)
    about = list(waiting_incidents_of(question)) if waits else list(question.incidents.all())
    # What the page tells is about one incident: the gravest of those that an answer is wanted for.
    shown = question.lead if question.lead in about else about[0]
    newest = newest_verdict_on([incident.pk for incident in about])
    newest_answer = answers[0] if answers and not waits else None
    ticked = (
        {incident.pk for incident in newest_answer.incidents}
        if newest_answer and len(answers) > 1
        else None
    )
    facts = question_facts(
        shown,
        besides=newest_answer.verdict if newest_answer else None,
        hidden=hidden_from(person),
    )
    page = {
        "question": question,
        "incident": shown,
        "occasions": occasions_in(
            form, about, ticked=ticked, now=now, zone=question.site.time_zone
        ),
        "number": number_words(shown.number, shown.pk),
        "happened": happened_at_words(shown, now, question.site.time_zone),
        "headline": headline_of(shown),
        "sentence": sentence_of(shown),
        "place": place_in_line(question.uuid, person),
        "nodes": nodes(shown, ends_of(shown)),
        "warnings": warnings_of(facts, question.site.time_zone, now=now),
        "checks": checks_for_and_against(facts, question.site.time_zone),
        "seen": newest.uuid if newest else "",
        "members": members_of(about, now=now, zone=question.site.time_zone),
        "answers": [answer_context(answer, now, question.site.time_zone) for answer in answers],
        "answer": newest_answer.verdict if newest_answer else None,
        "may_answer": may_answer and not is_withdrawn,
        "may_withdraw": waits and works_in(person, question.lead.workspace),
        "hand_over": colleagues(question, request) if may_answer and waits else None,
        "now": now,
        "until_choices": until_choices(question.site.time_zone, now=now)
        if any(is_recent(incident.active_from, now=now) for incident in about)
        else [],
        **verdict_context(shown, form),
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/answer.html", page, status=status))


def _question_instead(request: HttpRequest, question: Question) -> UUID | None:
    """Return the second opinion that this person is asked for about an answer to the question."""
    if question.state == Question.State.WAITING or not (hidden := hidden_from(actor_of(request))):
        return None
    answers = question.asked_incidents.values_list("answer", flat=True)
    about = {verdict.verdict_id: verdict.question for verdict in hidden.by_incident.values()}
    return next((about[pk] for pk in answers if pk in about), None)


def _list() -> str:
    return reverse("reviews:list")
