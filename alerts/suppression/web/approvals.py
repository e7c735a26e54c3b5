"""Approvals: what waits for one's signature, what waits for others, what was decided."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from alerts.suppression.models import State
from alerts.suppression.signing.awaiting_signature import decided_lately, requests_for
from alerts.suppression.web.shared import frame
from alerts.suppression.web.words import state_chip
from portal import clock
from portal.accounts.actor import actor_of
from portal.ui.htmx import render_page


@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """Proposals by age; those that wait for this person come first."""
    user, now = actor_of(request), clock.now()
    found, decided = requests_for(user, now=now), decided_lately(user, now=now)
    page = frame(user, now) | {
        "mine": [each for each in found if each.mine],
        "others": [each for each in found if not each.mine],
        "decided": [(step, state_chip(step.to_state)) for step in decided],
        "has_canary": any(step.to_state == State.CANARY for step in decided),
    }
    return render_page(request, "alerts/suppression/approvals.html", page, part="rows")
