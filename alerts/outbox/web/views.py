"""Try a given-up write once more, or let it go."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from alerts.outbox.models import Change
from alerts.outbox.policies import reasons_against_resolving
from alerts.outbox.services.enqueue import CannotRetry, discard_change, retry_change
from alerts.outbox.wording import note_words
from alerts.sentinel.queries import workspaces_visible_to
from portal import clock
from portal.accounts.sessions import actor_of
from portal.jobs.models import JobState
from portal.ui.navigation import address_of
from portal.ui.responses import leave_toast, post_only


@post_only(otherwise=lambda change_id: f"{_status_page()}#outbox")
def retry(request: HttpRequest, change_id: int) -> HttpResponse:
    """Owe the write again, due at once."""
    change = _visible(request, change_id)
    try:
        retry_change(change_id=change.pk, by=actor_of(request), now=clock.now())
    except CannotRetry as refusal:
        return _page(request, change, refusal.reasons, status=422)
    message = gettext("Queued again: %(what)s in %(workspace)s. It will be sent within seconds.")
    return _back(request, message % _names(change))


@require_http_methods(["GET", "HEAD", "POST"])
def discard_changes(request: HttpRequest, change_id: int) -> HttpResponse:
    """Ask first: what is let go cannot be taken back. Then let it go."""
    change = _visible(request, change_id)
    if request.method != "POST":
        return _page(request, change, _reasons(request, change))
    try:
        discard_change(change_id=change.pk, by=actor_of(request), now=clock.now())
    except CannotRetry as refusal:
        return _page(request, change, refusal.reasons, status=422)
    message = gettext("Discarded: %(what)s in %(workspace)s. It will not be sent.")
    return _back(request, message % _names(change))


def _visible(request: HttpRequest, change_id: int) -> Change:
    workspaces = workspaces_visible_to(actor_of(request))
    changes = Change.objects.select_related("workspace__organisation").filter(
        workspace__in=workspaces
    )
    return get_object_or_404(changes, pk=change_id)


def _reasons(request: HttpRequest, change: Change) -> list[str]:
    reasons = reasons_against_resolving(change, by=actor_of(request))
    if not reasons and change.state != JobState.DEAD:
        reasons = [gettext("This change is no longer among the failed ones.")]
    return reasons


def _names(change: Change) -> dict[str, str]:
    return {"what": gettext(change.get_kind_display()), "workspace": change.workspace.name}


def _page(
    request: HttpRequest, change: Change, reasons: tuple[str, ...] | list[str], status: int = 200
) -> HttpResponse:
    context = {
        "change": change,
        "what": gettext(change.get_kind_display()),
        "why": note_words(change.note or change.latest_error),
        "reasons": reasons,
        "back": _status_page(),
    }
    return render(request, "alerts/outbox/discard.html", context, status=status)


def _back(request: HttpRequest, message: str) -> HttpResponse:
    return leave_toast(request, HttpResponseRedirect(f"{_status_page()}#outbox"), message)


def _status_page() -> str:
    return address_of("dashboards:status") or "/"
