"""What a team has learned, for those who look after it: totals only."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import OT_ROLES, SOC_ROLES
from portal.ui.htmx import render_page
from portal.ui.navigation import may_use, roles_for_page
from training.progress.policies import MIN_TEAM, team_roles
from training.progress.queries import team_totals


@require_GET
def totals(request: HttpRequest) -> HttpResponse:
    """Show how many people began and finished each module, and what was right at the first try."""
    viewer = actor_of(request)
    roles = team_roles(viewer)
    page = {
        "totals": team_totals(viewer, now=clock.now()),
        "has_ot": not roles.isdisjoint(OT_ROLES),
        "has_soc": not roles.isdisjoint(SOC_ROLES),
        "least": MIN_TEAM,
        "may_learn": may_use(request, roles_for_page("training:module")),
    }
    return render_page(request, "training/progress/totals.html", page)
