"""The question to administrators whether closing in Sentinel closes at the source."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from alerts.patterns.queries.status_sync import status_syncs
from alerts.sentinel.queries import workspaces_visible_to
from alerts.sentinel.services.status_sync import (
    CannotNoteStatusSync,
    note_status_sync,
    reasons_against_status_sync,
)
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only


@require_safe
def show_status_sync(request: HttpRequest) -> HttpResponse:
    """Each workspace with the answer, and what was found there."""
    return _page(request)


@post_only(otherwise=lambda workspace: reverse("status-sync:show"))
def answer_status_sync(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Keep an administrator's answer."""
    person = actor_of(request)
    row = get_object_or_404(workspaces_visible_to(person), uuid=workspace)
    try:
        note_status_sync(
            name=row.name, answer=request.POST.get("answer", ""), by=person, now=clock.now()
        )
    except CannotNoteStatusSync as refusal:
        return _page(request, reasons=refusal.reasons, status=422)
    words = gettext("Saved for %(name)s") % {"name": row.name}
    return leave_toast(request, redirect("status-sync:show"), words)


def _page(
    request: HttpRequest, *, reasons: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    person = actor_of(request)
    page = {
        "rows": status_syncs(person),
        "may_answer": not reasons_against_status_sync(by=person),
        "reasons": reasons,
    }
    return render(request, "alerts/patterns/status_sync.html", page, status=status)
