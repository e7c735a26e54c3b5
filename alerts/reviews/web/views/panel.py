"""The OT panel of the incident page. That page includes it by address and does not depend on it:

    <div id="ot-panel" hx-get="/incidents/7/verdict/panel/" hx-trigger="load"
         hx-swap="outerHTML">…</div>

The answer is a new `#ot-panel`. After each change it fires `ot-changed` (seen on the body), so
that the page can fetch its timeline and its head anew; after an undo it fetches itself anew.
Without htmx the address is a page of its own. A row of the queue asks with
`hx-get="/reviews/ask/?group=KEY" hx-target="#dialogs"` (or `?incident=ID`): a dialog.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import members_of
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.wording import headline_of
from alerts.reviews.models import CANNED, STORM_QUESTION, Question
from alerts.reviews.policies import is_ot_for, works_in
from alerts.reviews.queries.questions import (
    newest_verdict_on,
    open_question_on,
    previews_of_asking,
    verdict_on,
    waiting_incidents_of,
)
from alerts.reviews.web.context import (
    colleagues,
    due_words,
    occasions_in,
    past_answer_context,
    verdict_context,
)
from alerts.reviews.web.forms import AskForm, VerdictForm
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.moments import reader_clock
from portal.ui.pieces import Choice
from portal.ui.responses import is_part_request, vary

MAX_ABOUT = 500  # incidents of a row that one answer may be about


@require_GET
def show(request: HttpRequest, incident_id: int) -> HttpResponse:
    """The OT state of the incident, and what this person can do about it."""
    incident = get_object_or_404(incidents_visible_to(actor_of(request)), pk=incident_id)
    return render_panel(request, incident, now=clock.now())


def render_panel(
    request: HttpRequest,
    incident: Incident,
    *,
    now: datetime,
    form: VerdictForm | None = None,
    ask_form: AskForm | None = None,
    problems: list[str] | None = None,
) -> HttpResponse:
    """The panel; 422 when a form in it was refused."""
    incident.refresh_from_db()
    person = actor_of(request)
    hidden = hidden_from(person).by_incident.get(incident.pk)
    question, verdict = open_question_on(incident.pk), None if hidden else verdict_on(incident.pk)
    may_answer = is_ot_for(person, incident) and not incident.is_read_only and hidden is None
    may_ask = works_in(person, incident.workspace) and not incident.is_read_only
    group = _group_in(request)
    about = _about(person, incident, question, group)
    zone = reader_clock().zone_of_plants(incident.site_ids)
    newest = newest_verdict_on([incident.pk for incident in about])
    page: dict[str, Any] = {
        "incident": incident,
        "headline": headline_of(incident),
        "question": question,
        "hidden_question": hidden.question if hidden else None,  # instead of the verdict
        "group": group or "",
        "members": members_of(about, now=now, zone=zone),
        "occasions": occasions_in(form, about, now=now, zone=zone),
        "seen": newest.uuid if newest else "",
        **past_answer_context(verdict),
        "may_answer": may_answer,
        "may_ask": may_ask and question is None,
        "folds_ask": verdict is not None or not incident.is_open,
        "was_not_asked": not (question or verdict or hidden or may_answer)
        and not (may_ask and incident.is_open),
        "may_withdraw": works_in(person, incident.workspace) and question is not None,
        "hand_over": colleagues(question, request) if question and may_answer else None,
        "problems": problems or [],
        "now": now,
        **verdict_context(incident, form),
        **ask_context([incident], ask_form, by=person, now=now),
    }
    refused = problems or any(bound is not None and bound.errors for bound in (form, ask_form))
    template = "alerts/reviews/panel.html"
    name = f"{template}#panel" if is_part_request(request) else template
    return vary(render(request, name, page, status=422 if refused else 200))


def _group_in(request: HttpRequest) -> UUID | None:
    """The row of the queue whose panel this is part of, if it is."""
    try:
        return UUID(request.POST.get("group") or request.GET.get("group") or "")
    except ValueError:
        return None


def _about(
    person: User, incident: Incident, question: Question | None, group: UUID | None
) -> list[Incident]:
    """Return the incidents an answer may be about: the question's, or those of the row that are in
    the same state: this one, and the newest of the others.
    """
    about: list[Incident] = []
    if question is not None:
        about = list(waiting_incidents_of(question))
    elif group is not None:
        alike = incidents_visible_to(person).filter(group_key=group, ot_state=incident.ot_state)
        newest = alike.exclude(pk=incident.pk).order_by("-created_at", "-pk")
        about = [*alike.filter(pk=incident.pk), *newest[: MAX_ABOUT - 1]]
    return about if incident in about else [incident]


def ask_context(
    leads: Sequence[Incident],
    form: AskForm | None = None,
    *,
    by: User,
    now: datetime,
    site_ids: Collection[int] | None = None,
) -> dict[str, Any]:
    """What the ask form needs: which sites can be asked, whom and by when that means, and three
    questions. `leads`: the gravest incident of each question.
    """
    chosen = leads[0].site_ids if site_ids is None else site_ids
    canned = (STORM_QUESTION, *CANNED) if leads[0].storm else CANNED
    previews = previews_of_asking(leads, site_ids=chosen, by=by, now=now)
    return {
        "ask_form": form or AskForm(),
        "sites": [Choice(str(preview.site.pk), preview.site.name) for preview in previews],
        "asking": [(preview, due_words(preview, now)) for preview in previews],
        "canned": [Choice(words, gettext(words)) for words in canned],
    }
