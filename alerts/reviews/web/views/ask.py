"""Ask OT, about one row of the queue or several (each is a question of its own); withdraw a
question, hand it over.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from alerts.incidents.models import Incident
from alerts.incidents.page.panel import members_of
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.wording import headline_of
from alerts.reviews.models import Question
from alerts.reviews.policies import is_ot_at
from alerts.reviews.queries.questions import answers_to, questions_visible_to
from alerts.reviews.services.questions import (
    CannotAsk,
    CannotHandOver,
    CannotWithdraw,
    ask_ot,
    hand_over_question,
    withdraw_question,
)
from alerts.reviews.web.context import answer_context, colleagues
from alerts.reviews.web.forms import AskForm, HandOverForm
from alerts.reviews.web.views.panel import ask_context, render_panel
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.moments import reader_clock
from portal.ui.responses import is_part_request, leave_toast, post_only, trigger, vary
from portal.ui.words import number

DIALOG = "alerts/reviews/ask.html"

type Row = Sequence[Incident]  # the incidents of one row


@require_http_methods(["GET", "POST"])
def ask_ot_view(request: HttpRequest) -> HttpResponse:
    """Ask about one incident (`incident=ID`), a row of the queue (`group=KEY`), or several of
    them. GET is the form, a dialog for htmx; `panel=1` answers with the incident's panel instead.
    """
    data = request.POST if request.method == "POST" else request.GET
    rows = selected_rows(request, data)
    lead, now = max((row[0] for row in rows), key=lambda incident: incident.severity), clock.now()
    if request.method == "GET":
        return _ask_page(request, lead, rows, AskForm(), now=now)
    form = AskForm(request.POST)
    questions = ask_about_rows(request, form, rows, now=now)
    if not questions:
        if data.get("panel"):
            return render_panel(request, lead, now=now, ask_form=form)
        return _ask_page(request, lead, rows, form, now=now)
    if len(questions) > 1:
        return show_all_asked(request, questions)
    return _asked(request, questions[0], lead, now=now)


@post_only(otherwise=lambda uuid: reverse("reviews:answer", args=[uuid]))
def withdraw_question_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a question back; answers with the panel where the panel asked."""
    question, now = (
        get_object_or_404(questions_visible_to(actor_of(request)), uuid=uuid),
        clock.now(),
    )
    incident = _panel_incident(request, question)
    try:
        withdraw_question(question_id=question.pk, by=actor_of(request), now=now)
    except CannotWithdraw as refusal:
        return _refused(request, question, incident, list(refusal.reasons), now=now)
    return _done(request, question, incident, gettext("The question was withdrawn."), now=now)


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Point a colleague to a question."""
    question, now = (
        get_object_or_404(questions_visible_to(actor_of(request)), uuid=uuid),
        clock.now(),
    )
    empty = colleagues(question, request)
    if request.method == "GET" or empty is None:
        return _hand_over_page(request, question, empty)
    people = list(empty.fields["to"].queryset)  # type: ignore[attr-defined]  # a ModelChoiceField
    form = HandOverForm(request.POST, people=people)
    if form.is_valid():
        try:
            hand_over_question(
                question_id=question.pk, by=actor_of(request), now=now, **form.cleaned_data
            )
        except CannotHandOver as refusal:
            form.add_error(None, list(refusal.reasons))
    if form.errors:
        return _hand_over_page(request, question, form)
    words = gettext("%(name)s was notified. The question stays open to all of OT.")
    text = words % {"name": form.cleaned_data["to"].given_name}
    response = HttpResponseRedirect(reverse("reviews:answer", args=[question.uuid]))
    return leave_toast(request, response, text)


def _asked(
    request: HttpRequest, question: Question, lead: Incident, *, now: datetime
) -> HttpResponse:
    """Confirm the question where it was asked."""
    text = gettext("OT at %(site)s was asked. %(title)s") % {
        "site": question.site.name,
        "title": headline_of(lead),
    }
    undo = reverse("reviews:withdraw", args=[question.uuid])
    if not is_part_request(request):
        response: HttpResponse = HttpResponseRedirect(
            reverse("reviews:answer", args=[question.uuid])
        )
    elif request.POST.get("panel"):
        response = render_panel(request, lead, now=now)
    else:
        response = trigger(HttpResponse(headers={"HX-Reswap": "none"}), "close-dialog", {})
    if is_part_request(request):
        trigger(response, "ot-changed", {"incident": lead.pk})
    return leave_toast(request, response, text, undo=undo)


def _ask_page(
    request: HttpRequest, lead: Incident, rows: Sequence[Row], form: AskForm, *, now: datetime
) -> HttpResponse:
    data = request.POST or request.GET
    about = [incident for row in rows for incident in row]
    clock_of = reader_clock().zone_of_plants({pk for incident in about for pk in incident.site_ids})
    page = {
        "incident": lead,
        "n": len(about),
        "headline": headline_of(lead),
        "members": members_of(about, now=now, zone=clock_of),
        "fields": [(name, value) for name in ("group", "incident") for value in data.getlist(name)],
        "many": about_many(rows) if len(rows) > 1 else "",
        **ask_context(
            [row[0] for row in rows],
            form,
            by=actor_of(request),
            now=now,
            site_ids=sites_in_common(rows) if len(rows) > 1 else None,
        ),
        "now": now,
    }
    name = f"{DIALOG}#ask-dialog" if is_part_request(request) else DIALOG
    return vary(render(request, name, page, status=422 if form.errors else 200))


def _hand_over_page(
    request: HttpRequest, question: Question, form: HandOverForm | None
) -> HttpResponse:
    """The form, or why there is none: it is answered, withdrawn, not theirs, or nobody is left."""
    person = actor_of(request)
    answers = (
        answers_to(question, reader=person) if question.state == Question.State.ANSWERED else []
    )
    now, zone = clock.now(), question.site.time_zone
    page = {
        "question": question,
        "headline": headline_of(question.lead),
        "hand_over": form,
        "is_mine": is_ot_at(person, question.site, question.lead.workspace),
        "answers": [answer_context(answer, now, zone) for answer in answers],
        "now": now,
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/hand_over.html", page, status=status))


def _panel_incident(request: HttpRequest, question: Question) -> Incident | None:
    """The incident whose panel posted, if one did."""
    text = request.POST.get("incident", "")
    if not (is_part_request(request) and text.isdecimal() and len(text) < 19):
        return None
    return question.incidents.filter(pk=int(text)).first()


def _done(
    request: HttpRequest, question: Question, incident: Incident | None, text: str, *, now: datetime
) -> HttpResponse:
    if incident is not None:
        response = render_panel(request, incident, now=now)
    elif is_part_request(request):  # the undo of a toast
        response = trigger(HttpResponse(status=200), "ot-undone", {})
    else:
        response = HttpResponseRedirect(reverse("reviews:answer", args=[question.uuid]))
    if is_part_request(request):
        trigger(response, "ot-changed", {})
    return leave_toast(request, response, text)


def _refused(
    request: HttpRequest,
    question: Question,
    incident: Incident | None,
    problems: list[str],
    *,
    now: datetime,
) -> HttpResponse:
    if incident is not None:
        return render_panel(request, incident, now=now, problems=problems)
    response: HttpResponse = HttpResponse(status=409)
    if not is_part_request(request):
        response = HttpResponseRedirect(reverse("reviews:answer", args=[question.uuid]))
    return leave_toast(request, response, " ".join(problems))


def selected_rows(request: HttpRequest, data: QueryDict) -> list[Row]:
    """The rows that were chosen, as far as this person may see them, each without what OT was
    asked about already unless that is all of it; 404 where there are none.
    """
    keys, ids = dict.fromkeys(data.getlist("group")), dict.fromkeys(data.getlist("incident"))
    try:
        conditions = [Q(group_key=UUID(key)) for key in keys] + [Q(pk=_number(pk)) for pk in ids]
    except ValueError:
        raise Http404 from None
    reach = incidents_visible_to(actor_of(request)).order_by("-severity", "-created_at", "-pk")
    rows: list[Row] = [row for condition in conditions if (row := list(reach.filter(condition)))]
    if not rows:
        raise Http404
    return [[incident for incident in row if not incident.ot_state] or row for row in rows]


def sites_in_common(rows: Sequence[Row]) -> list[int]:
    """The sites that every incident touches: one question goes to one site."""
    return sorted(set.intersection(*(set(incident.site_ids) for row in rows for incident in row)))


def ask_about_rows(
    request: HttpRequest, form: AskForm, rows: Sequence[Row], *, now: datetime
) -> list[Question]:
    """Ask about all rows or about none; the form shows why not."""
    if not form.is_valid():
        return []
    site_id, question = form.cleaned_data["site"] or 0, form.cleaned_data["question"]
    by, row = actor_of(request), rows[0]
    try:
        with transaction.atomic():
            questions = []
            for row in rows:
                ids = [incident.pk for incident in row]
                questions.append(
                    ask_ot(incident_ids=ids, site_id=site_id, question=question, by=by, now=now)
                )
            return questions
    except CannotAsk as refusal:
        name = f"{headline_of(row[0])}: " if len(rows) > 1 else ""
        form.add_error(None, [f"{name}{reason}" for reason in refusal.reasons])
    return []


def show_all_asked(request: HttpRequest, questions: Sequence[Question]) -> HttpResponse:
    """Return how many questions were asked, as a sentence."""
    words = ngettext(
        "OT at %(site)s was asked %(n)s question.",
        "OT at %(site)s was asked %(n)s questions.",
        len(questions),
    )
    text = words % {"site": questions[0].site.name, "n": number(len(questions))}
    if not is_part_request(request):
        return leave_toast(request, HttpResponseRedirect(reverse("incidents:queue")), text)
    response = trigger(HttpResponse(headers={"HX-Reswap": "none"}), "close-dialog", {})
    return leave_toast(request, trigger(response, "ot-changed", {}), text)


def about_many(rows: Sequence[Row]) -> str:
    """What the questions are about."""
    return gettext("%(rows)s rows, %(n)s incidents") % {
        "rows": len(rows),
        "n": number(sum(len(row) for row in rows)),
    }


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise ValueError(text)
    return int(text)
