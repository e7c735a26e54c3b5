"""Open incidents from before a rule began that it covers: count them, close them in one act."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from alerts.incidents.page.panel import members_of
from alerts.suppression.models import ACTING
from alerts.suppression.watching.backlog import (
    CannotCloseBacklog,
    close_backlog,
    count_backlog,
    may_close_backlog,
    read_backlog,
)
from alerts.suppression.web.forms import BacklogForm
from alerts.suppression.web.shared import page_frame, plant_clocks, version_or_404
from alerts.suppression.web.wording import all_in_words
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.moments import reader_clock
from portal.ui.responses import render_page

TEMPLATE = "alerts/suppression/backlog.html"


@require_GET
def backlog_card(request: HttpRequest, version: UUID) -> HttpResponse:
    """The card on the rule's page; empty where there is nothing to close."""
    found, user = version_or_404(request, version), actor_of(request)
    n = count_backlog(user, found) if may_close_backlog(user, found) else 0
    return render(request, f"{TEMPLATE}#card", {"version": found, "n_open": n})


@require_http_methods(["GET", "POST"])
def backlog(request: HttpRequest, version: UUID) -> HttpResponse:
    """What would be closed and what stays open, before anything happens; then close it."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    problems: list[str] = []
    form = BacklogForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            started = close_backlog(
                version_id=found.pk,
                by=user,
                now=now,
                unshifted=clock.unshifted(),
                **form.cleaned_data,
            )
        except CannotCloseBacklog as refusal:
            problems = all_in_words(refusal.reasons)
        else:
            return HttpResponseRedirect(f"/incidents/bulk/{started.act}/")
    shown, zone = read_backlog(user, found, now=now), plant_clocks(found)[0]
    clocks = reader_clock().zone(zone)
    page = page_frame(user, now) | {
        "version": found,
        "is_acting": found.state in ACTING,
        "backlog": shown,
        "closing": members_of(shown.closing, now=now, zone=clocks),
        "remaining": [
            (all_in_words(group.reasons), members_of(group.incidents, now=now, zone=clocks))
            for group in shown.remaining
        ],
        "n_remaining": sum(len(group.incidents) for group in shown.remaining),
        "problems": problems,
        "act_id": uuid4(),
    }
    return render_page(request, TEMPLATE, page, status=422 if problems or form.errors else 200)
