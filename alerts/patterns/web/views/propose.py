"""Read what a plan has ready, then propose it: one pattern, the first few, or all of a site."""

from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from alerts.patterns.policies import may_decide
from alerts.patterns.queries.plan import FIRST_STEPS, PlanStep, SitePlan, StepState, site_plans_for
from alerts.patterns.services.plan import (
    ProposalOutcome,
    Proposing,
    propose_patterns,
)
from alerts.patterns.web.headline import pattern_headline
from alerts.patterns.web.pattern_card import PatternCard, pattern_card
from alerts.patterns.web.plan_rows import gain_words
from alerts.patterns.web.views.plan import plan_address, plan_of_site
from alerts.rules.guards.signing import FRESH, SigningSide
from alerts.suppression.models import RuleVersion
from alerts.suppression.policies import rights_to_sign
from portal import clock
from portal.accounts.models import User
from portal.accounts.password_checks import check_password_again, proved_at_of
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast
from portal.ui.words import number

TEMPLATE: Final = "alerts/patterns/propose.html"


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Read what is ready, then propose it: one pattern, the first few, or all of a site."""
    user, now = actor_of(request), clock.now()
    params = request.POST if request.method == "POST" else request.GET
    plan, steps = _ready(user, params.get("site", ""), params.getlist("pattern"))
    if request.method == "GET" and "first" in params:
        steps = steps[:FIRST_STEPS]
    if not steps:
        return leave_toast(
            request,
            HttpResponseRedirect(plan_address(plan)),
            gettext("Nothing is ready to propose."),
        )
    if request.method == "GET":
        return _form(request, plan, steps, user, now=now)
    if problem := _reason_not_proved(request, steps, user, now=now):
        return _form(request, plan, steps, user, now=now, problems=[problem])
    proposing = Proposing(
        by=user,
        note=request.POST.get("note", ""),
        proved_at=proved_at_of(request),
        checked_evidence="checked_evidence" in request.POST,
    )
    ids = [step.pattern.pk for step in steps]
    outcomes = propose_patterns(pattern_ids=ids, proposing=proposing, now=now)
    refused = [outcome for outcome in outcomes if outcome.version is None]
    if not refused:
        return leave_toast(
            request, HttpResponseRedirect(plan_address(plan)), _proposed(len(outcomes))
        )
    return render(request, TEMPLATE, _result(plan, outcomes, refused, now=now), status=422)


def _ready(user: User, site: str, patterns: list[str]) -> tuple[SitePlan, list[PlanStep]]:
    """The steps that this person may propose now: those that were named, or all of the site."""
    plans = site_plans_for(user)
    if not plans:
        raise Http404
    plan = plan_of_site(plans, site)
    steps = [
        step
        for step in plan.steps_in(StepState.READY)
        if may_decide(step.pattern, by=user)
        and (not patterns or str(step.pattern.uuid) in patterns)
    ]
    return plan, steps


def _form(
    request: HttpRequest,
    plan: SitePlan,
    steps: list[PlanStep],
    user: User,
    *,
    now: datetime,
    problems: list[str] | None = None,
) -> HttpResponse:
    rows: list[tuple[PatternCard, str]] = [
        (pattern_card(step.pattern, user), gain_words([step])) for step in steps
    ]
    sides = _sides(steps, user)
    page: dict[str, Any] = {
        "now": now,
        "plan": plan,
        "site": plan.totals.site,
        "rows": rows,
        "gain": gain_words(steps),
        "home": plan_address(plan),
        "problems": problems or [],
        "note": request.POST.get("note", ""),
        "is_checked": "checked_evidence" in request.POST,
        "asks_look": SigningSide.SOC in sides,
        "signs": sides,
        "asks_password": bool(sides) and _needs_password(request, now=now),
    }
    return render(request, TEMPLATE, page, status=422 if problems else 200)


def _result(
    plan: SitePlan,
    outcomes: list[ProposalOutcome],
    refused: list[ProposalOutcome],
    *,
    now: datetime,
) -> dict[str, Any]:
    n = len(outcomes) - len(refused)
    return {
        "now": now,
        "plan": plan,
        "site": plan.totals.site,
        "home": plan_address(plan),
        "is_result": True,
        "proposed": _proposed(n) if n else "",
        "refused": [
            {
                "headline": pattern_headline(outcome.pattern),
                "href": reverse("patterns:pattern", args=[outcome.pattern.uuid]),
                "reasons": [str(reason) for reason in outcome.reasons],
            }
            for outcome in refused
        ],
    }


def _sides(steps: list[PlanStep], user: User) -> set[SigningSide]:
    """For which sides the person signs by proposing, as far as one can say before."""
    sides: set[SigningSide] = set()
    for step in steps:
        row = step.pattern
        version = RuleVersion(
            workspace_ids=[row.workspace_id], site_ids=[row.site_id] if row.site_id else []
        )
        rights = rights_to_sign(user, version)
        if rights:
            sides.add(SigningSide.OT if SigningSide.OT in rights else SigningSide.SOC)
    return sides


def _needs_password(request: HttpRequest, *, now: datetime) -> bool:
    proved = proved_at_of(request)
    return proved is None or not proved <= now <= proved + FRESH


def _reason_not_proved(
    request: HttpRequest, steps: list[PlanStep], user: User, *, now: datetime
) -> str:
    if not _sides(steps, user) or not _needs_password(request, now=now):
        return ""
    return check_password_again(request, request.POST.get("password", ""), now=now).reason


def _proposed(n: int) -> str:
    return ngettext(
        "%(n)s rule proposed. The people who can sign for the other side have been notified.",
        "%(n)s rules proposed. The people who can sign for the other side have been notified.",
        n,
    ) % {"n": number(n)}
