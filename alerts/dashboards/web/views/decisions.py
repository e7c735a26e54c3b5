"""Decisions of a site, for the head of its plan."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from alerts.dashboards.measures import MEASURES
from alerts.dashboards.policies import READ_NUMBERS
from alerts.dashboards.queries.numbers import DECISIONS_AT_SITE, decisions_at
from alerts.dashboards.queries.series import SeriesPoint
from alerts.dashboards.queries.sync import coverage_by_workspace
from alerts.dashboards.web.frame import syncs_of
from alerts.dashboards.web.wording import decision_rates
from alerts.incidents.queries import sites_in_reach
from portal import clock
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of
from portal.ui.words import number, percent


@require_GET
def of_site(request: HttpRequest) -> HttpResponse:
    """How many decisions people made about a site in seven days, beside what rules closed there."""
    person = actor_of(request)
    uuid = _asked_for(request)
    site = sites_in_reach(person).filter(uuid=uuid).first() if uuid else None
    if site is None or roles_of(person).isdisjoint(READ_NUMBERS):
        raise Http404
    decisions, a_thousand, by_rule = decisions_at(
        site, person, covered=coverage_by_workspace(syncs_of(request)), now=clock.now()
    )
    context = {
        "words": _decisions_words(decisions, a_thousand),
        "by_rule": _by_rule_words(by_rule),
        "measures": [MEASURES[name] for name in DECISIONS_AT_SITE],
    }
    return render(request, "alerts/dashboards/_plan_decisions.html", context)


def _asked_for(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("site", ""))
    except ValueError:
        return None


def _decisions_words(decisions: SeriesPoint, a_thousand: SeriesPoint) -> str:
    value = decisions.number.value
    if value is None:
        return gettext("Decisions are counted once a workspace is connected.")
    if not value and not decisions.missing:
        return gettext("Nobody decided anything here in Tagout in the last 7 days.")
    words = ngettext(
        "%(n)s decision of people here in the last 7 days: %(rates)s.",
        "%(n)s decisions of people here in the last 7 days: %(rates)s.",
        int(value),
    )
    rates = decision_rates(decisions, a_thousand=a_thousand.number.value)
    return words % {"n": number(value), "rates": rates}


def _by_rule_words(by_rule: SeriesPoint) -> str:
    if by_rule.is_gap or by_rule.number.value is None:
        return ""
    return gettext("Rules closed %(share)s of the %(n)s incidents that came.") % {
        "share": percent(by_rule.number.value / 100, 0),
        "n": number(by_rule.number.count),
    }
