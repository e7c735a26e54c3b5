"""What rules changed: incidents that came, those closed by rules, and those left to people."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alerts.dashboards.engine.periods import covered_by_all
from alerts.dashboards.policies import READ_NUMBERS
from alerts.dashboards.queries.effect import PERIODS, effect_for
from alerts.dashboards.queries.sync import coverage_by_workspace
from alerts.dashboards.web.effect import (
    effect_address,
    effect_in_words,
    period_tabs,
    site_tabs,
)
from alerts.dashboards.web.frame import syncs_of
from alerts.incidents.queries import sites_in_reach
from alerts.sites.models import Site
from portal import clock
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of


@require_GET
def effect(request: HttpRequest) -> HttpResponse:
    """The latest week, or as many as asked for, of one site or of all within reach."""
    person, now = actor_of(request), clock.now()
    if roles_of(person).isdisjoint(READ_NUMBERS):
        raise PermissionDenied
    sites = list(sites_in_reach(person, READ_NUMBERS))
    site, weeks = _site(request, sites), _weeks(request)
    syncs = syncs_of(request)
    covered = coverage_by_workspace(syncs)
    found = effect_for(person, site=site, weeks=weeks, covered=covered, now=now)
    context = {
        **effect_in_words(
            found,
            site=site,
            hrefs_by_site={row.name: effect_address(row, weeks=weeks) for row in sites},
            weeks=weeks,
            days_left=covered_by_all(list(covered.values())).days_until_a_week(now),
        ),
        "reads_history": any(sync.history_percent is not None for sync in syncs),
        "periods": period_tabs(weeks, site=site, periods=PERIODS),
        "tabs": site_tabs(sites, chosen=site, weeks=weeks),
        "now": now,
    }
    return render(request, "alerts/dashboards/effect.html", context)


def _site(request: HttpRequest, sites: list[Site]) -> Site | None:
    asked = request.GET.get("site")
    if not asked:
        return None
    try:
        uuid = UUID(asked)
    except ValueError:
        raise Http404 from None
    site = next((site for site in sites if site.uuid == uuid), None)
    if site is None:
        raise Http404
    return site


def _weeks(request: HttpRequest) -> int:
    asked = request.GET.get("weeks", "1")
    return int(asked) if asked in {str(weeks) for weeks in PERIODS} else 1
