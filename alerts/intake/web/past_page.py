"""How far the past of a workspace was read from Log Analytics, and having it read or paused."""

from datetime import UTC, datetime, time

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET

from alerts.incidents.queries import newest_alerts_without_incident
from alerts.intake.models import LogBackfill
from alerts.intake.policies import may_view_past, reasons_against_reading_past
from alerts.intake.queries import backfill_of
from alerts.intake.services.backfill_requests import (
    CannotBackfill,
    pause_log_backfill,
    start_log_backfill,
)
from alerts.intake.wording import reading_words
from alerts.sentinel.models import Workspace
from portal import clock
from portal.accounts.queries import reach_of
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page

_STATES = {
    LogBackfill.State.RUNNING: gettext_lazy("Being read"),
    LogBackfill.State.PAUSED: gettext_lazy("Paused"),
    LogBackfill.State.DONE: gettext_lazy("Read"),
    LogBackfill.State.FAILED: gettext_lazy("Failed"),
}


class PastForm(forms.Form):
    """How far back to read."""

    since = forms.DateField(
        required=False,
        label=gettext_lazy("Not before"),
        help_text=gettext_lazy("Leave it empty to read as far as Log Analytics reaches."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


def _address(name: str) -> str:
    return reverse("past:show", args=[name])


def _workspace(request: HttpRequest, name: str) -> Workspace:
    workspace: Workspace = get_object_or_404(Workspace, name=name)
    if not may_view_past(workspace, user=actor_of(request)):
        raise Http404
    return workspace


@require_GET
def show_past(request: HttpRequest, name: str) -> HttpResponse:
    """How far the past was read, what it brought, and alerts without an incident."""
    return _page(request, _workspace(request, name), PastForm())


def _page(
    request: HttpRequest, workspace: Workspace, form: PastForm, *, reasons: tuple[str, ...] = ()
) -> HttpResponse:
    user, backfill = actor_of(request), backfill_of(workspace)
    context = {
        "workspace": workspace,
        "backfill": backfill,
        "problem": reading_words(backfill.latest_error) if backfill else "",
        "state": _STATES[LogBackfill.State(backfill.state)] if backfill else "",
        "share": backfill.share_read() if backfill else 0,
        "percent_read": round(100 * backfill.share_read()) if backfill else 0,
        "is_running": backfill is not None and backfill.state == LogBackfill.State.RUNNING,
        "reads_alerts": reach_of(user).covers(workspace),
        "alerts": newest_alerts_without_incident(user, workspace_id=workspace.pk, now=clock.now()),
        "may_read": not reasons_against_reading_past(workspace, by=user),
        "reasons": reasons,
        "form": form,
    }
    refused = form if form.is_bound and form.errors else None
    status = 422 if reasons or refused else 200
    return render_page(request, "alerts/intake/past.html", context, part="past", status=status)


@post_only(otherwise=_address)
def read_past(request: HttpRequest, name: str) -> HttpResponse:
    """Have workers read the past, or go on with it."""
    workspace, form = _workspace(request, name), PastForm(request.POST)
    if not form.is_valid():
        return _page(request, workspace, form)
    day = form.cleaned_data["since"]
    try:
        backfill = start_log_backfill(
            workspace=workspace,
            since=datetime.combine(day, time.min, tzinfo=UTC) if day else None,
            by=actor_of(request),
            now=clock.now(),
        )
    except CannotBackfill as refusal:
        return _page(request, workspace, form, reasons=refusal.reasons)
    message = gettext("Workers now read older alerts of %(name)s.")
    if backfill.state == LogBackfill.State.DONE:
        message = gettext("The older alerts of %(name)s have been read that far already.")
    message %= {"name": workspace.name}
    return leave_toast(request, HttpResponseRedirect(_address(name)), message)


@post_only(otherwise=_address)
def pause_past(request: HttpRequest, name: str) -> HttpResponse:
    """Stop after the window that is being read."""
    workspace = _workspace(request, name)
    try:
        pause_log_backfill(workspace=workspace, by=actor_of(request), now=clock.now())
    except CannotBackfill as refusal:
        return _page(request, workspace, PastForm(), reasons=refusal.reasons)
    message = gettext("No more older alerts of %(name)s are read.") % {"name": workspace.name}
    return leave_toast(request, HttpResponseRedirect(_address(name)), message)
