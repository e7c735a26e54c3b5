"""Do something to incidents: each verb is a page of its own, and a dialog where htmx asks."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from alerts.incidents.acts.apply import CannotUndo, undo_act
from alerts.incidents.acts.bulk import MAX_INCIDENTS, apply_verb, start_bulk_act
from alerts.incidents.page.panel import members_of, zone_name_of
from alerts.incidents.policies import may_act_on, reasons_against_acting
from alerts.incidents.queries import bulk_acts_of
from alerts.incidents.web.act_form import ActForm
from alerts.incidents.web.forms import ACT_FORMS
from alerts.incidents.web.links import goal_of
from alerts.incidents.web.targets import NAMES, targets_of
from alerts.incidents.web.views.bulk import bulk_address
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.moments import READER, reader_clock
from portal.ui.responses import is_part_request, leave_toast, post_only, trigger, vary
from portal.ui.words import number

CHANGED = "incidents-changed"
TEMPLATE = "alerts/incidents/act.html"


@require_http_methods(["GET", "POST"])
def act_on_incidents(request: HttpRequest, verb: str) -> HttpResponse:
    """Ask how, then do it. Answers with a toast that names the object and offers Undo."""
    if verb not in ACT_FORMS:
        raise Http404
    if request.method == "GET":
        return _ask_or_do(request, verb, is_sent=False)
    with transaction.atomic():  # what the form is checked against is locked until it is done
        return _ask_or_do(request, verb, is_sent=True)


def _ask_or_do(request: HttpRequest, verb: str, *, is_sent: bool) -> HttpResponse:
    query, user, now = request.POST if is_sent else request.GET, actor_of(request), clock.now()
    try:
        targets = targets_of(query, user, now=now, limit=MAX_INCIDENTS, verb=verb, locks=is_sent)
    except Http404:
        if not is_part_request(request):
            if not is_sent and query.keys().isdisjoint(NAMES):
                words = gettext("Select the rows first.")
                return leave_toast(request, HttpResponseRedirect(goal_of(request)), words)
            raise
        return _answer(request, gettext("This row has changed in the meantime. Look at it again."))
    form = ACT_FORMS[verb](request.POST if is_sent else None, targets=targets, by=user)
    if is_sent and form.is_valid():
        try:
            return _do(request, verb, form, now=now)
        except Refused as refusal:
            form.add_error(None, list(refusal.reasons))
    return _ask(request, verb, form, now=now)


@post_only(otherwise=lambda act: reverse("incidents:queue"))
def undo_act_view(request: HttpRequest, act: UUID) -> HttpResponse:
    """Take one's own act back while it is held."""
    try:
        undone = undo_act(act=act, by=actor_of(request), now=clock.now())
    except CannotUndo as refusal:
        return _answer(request, " ".join(refusal.reasons), status=409)
    words = ngettext("Undone for %(n)s incident", "Undone for %(n)s incidents", undone.undone)
    text = words % {"n": number(undone.undone)}
    if undone.too_late:
        late = ngettext(
            "%(n)s was already in Sentinel", "%(n)s were already in Sentinel", undone.too_late
        )
        text = f"{text}; {late % {'n': number(undone.too_late)}}"
    return _answer(request, text)


def _ask(request: HttpRequest, verb: str, form: ActForm, *, now: datetime) -> HttpResponse:
    targets, incidents = form.targets, form.targets.incidents
    against, never = reasons_against_acting(incidents, by=form.by), form.reasons_against()
    zone = reader_clock().zone(zone_name_of(incidents) or READER)
    context = {
        "may_do": not never
        and (not against or any(may_act_on(row, by=form.by) for row in incidents)),
        "verb": verb,
        "form": form,
        "targets": targets,
        "members": replace(members_of(targets.shown, now=now, zone=zone), n=targets.n),
        "against": [
            reason for reason in (*against, *never) if reason not in form.non_field_errors()
        ],
        "act_id": form.data.get("act") or uuid4(),
        "goal": goal_of(request),
        "in_dialog": is_part_request(request),
        **form.context(),
    }
    part = "form" if request.POST.get("fingerprint") else "dialog"  # no form is on the screen yet
    name = f"{TEMPLATE}#{part}" if is_part_request(request) else TEMPLATE
    return vary(render(request, name, context, status=422 if form.errors else 200))


def _do(request: HttpRequest, verb: str, form: ActForm, *, now: datetime) -> HttpResponse:
    """At once, or where there are many as a bulk act with a page of its own."""
    if form.is_repeated and form.act_id is not None:
        return _answer_again(request, form.act_id, by=form.by)
    if form.changes_nothing:
        return _answer(request, form.toast())
    targets = form.targets
    common: dict[str, Any] = {
        "verb": verb,
        "values": form.values(),
        "act": form.act_id,
        "by": form.by,
        "now": now,
    }
    if targets.are_many:
        title = gettext("%(act)s: %(what)s") % {"act": form.summary(), "what": targets.words}
        row = start_bulk_act(
            incidents=targets.incidents,
            chosen=targets.chosen,
            title=title,
            unshifted=clock.unshifted(),
            **common,
        )
        return _lead_to(request, row.act)
    act = apply_verb(incident_ids=targets.ids, **common)
    return _answer(request, form.toast(), undo=reverse("incidents:undo", args=[act]))


def _answer_again(request: HttpRequest, act: UUID, *, by: User) -> HttpResponse:
    """The same form came a second time, after what it was about has changed by the first."""
    if bulk_acts_of(by).filter(act=act).exists():
        return _lead_to(request, act)
    undo = reverse("incidents:undo", args=[act])
    return _answer(request, gettext("This has been done already."), undo=undo)


def _lead_to(request: HttpRequest, act: UUID) -> HttpResponse:
    """To the page of a bulk act."""
    came_from = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = f"{came_from.path}?{came_from.query}" if came_from.path else goal_of(request)
    address = bulk_address(act, back_to=back)
    if is_part_request(request):
        return vary(HttpResponse(status=204, headers={"HX-Redirect": address}))
    return HttpResponseRedirect(address)


def _answer(request: HttpRequest, text: str, *, undo: str = "", status: int = 204) -> HttpResponse:
    if is_part_request(request):
        response = HttpResponse(status=status)
        trigger(response, CHANGED, {})
        leave_toast(request, response, text, undo=undo)
        return vary(trigger(response, "close-dialog", {}))
    return leave_toast(request, HttpResponseRedirect(goal_of(request)), text, undo=undo)
