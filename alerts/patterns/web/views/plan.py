"""The noise plan: what to sign next, in the order of what each rule adds; its questions for OT."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from alerts.incidents.queries import sites_in_reach
from alerts.patterns.models import Pattern
from alerts.patterns.policies import may_decide
from alerts.patterns.queries.patterns import (
    NEEDED_DAYS,
    NEEDED_VERDICTS,
    mining_status,
    patterns_visible_to,
    unread_incidents,
)
from alerts.patterns.queries.plan import (
    FIRST_STEPS,
    SitePlan,
    StepState,
    minutes_a_month,
    share_of,
    site_plans_for,
)
from alerts.patterns.queries.questions import Questions, questions_at
from alerts.patterns.services.plan import CannotAskQuestions, ask_questions
from alerts.patterns.web.headline import pattern_headline
from alerts.patterns.web.pattern_card import PatternCard, pattern_card
from alerts.patterns.web.plan_drift import drift_rows
from alerts.patterns.web.plan_rows import (
    PlanRow,
    blocked_rows,
    curve_of,
    distance_words,
    groups_of,
    judged_words,
    plan_bound_words,
)
from alerts.patterns.wording import offer_of
from alerts.reviews.services.questions import CannotAsk
from alerts.suppression.policies import may_sign_rules
from alerts.suppression.signing.awaiting_signature import requests_for
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import SOC_ROLES, roles_for
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page
from portal.ui.words import hours, number, percent

TEMPLATE: Final = "alerts/patterns/plan.html"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class SiteTab:
    """One site: where its plan is, and what share it could take off the SOC."""

    name: str
    href: str
    share: str
    is_current: bool


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """The plan of one site, or a line for each of all sites."""
    user, now = actor_of(request), clock.now()
    plans = site_plans_for(user)
    site = request.GET.get("site", "")
    page: dict[str, Any] = {
        "now": now,
        "tabs": _tabs(plans, site),
        "all": ALL,
        "chosen": site,
        "n_unread": unread_incidents(),
    }
    if not plans:
        return _empty(request, page, now=now)
    if site == ALL:
        rows = [_site_row(site_plan, user) for site_plan in plans]
        return render_page(request, TEMPLATE, page | {"sites": rows}, part="panel")
    if site and site not in {str(site_plan.totals.site.uuid) for site_plan in plans}:
        name = _name_of_site(user, site)
        page["elsewhere"] = gettext("%(site)s has no plan yet.") % {"site": name}
    chosen = plan_of_site(plans, site)
    page |= plan_context(request, chosen, user, now=now)
    return render_page(request, TEMPLATE, page, part="panel")


@require_GET
def distance(request: HttpRequest) -> HttpResponse:
    """How far what rules closed at a site is from what the signed plan promised there."""
    now, uuid = clock.now(), request.GET.get("site", "")
    sites = list(sites_in_reach(actor_of(request)))
    named = [site for site in sites if str(site.uuid) == uuid]
    if not sites or (uuid and not named):
        raise Http404
    words = distance_words((named or sites)[0], now=now)
    return render(request, "alerts/patterns/_distance.html", {"words": words})


def plan_of_site(plans: list[SitePlan], uuid: str) -> SitePlan:
    """Return the plan of the site that was asked for, else the one that offers most."""
    named = next((plan for plan in plans if str(plan.totals.site.uuid) == uuid), None)
    return named or max(plans, key=lambda plan: sum(step.gain for step in plan.to_sign))


def plan_context(
    request: HttpRequest, chosen: SitePlan, user: User, *, now: datetime
) -> dict[str, Any]:
    """Return what the page of one site shows."""
    groups = groups_of(chosen, user)
    rows = [row for group in groups for row in group.rows]
    asked = _asked_pattern(request)
    left = _left_plan(user, rows, asked)
    row = _chosen_row(rows, asked)
    ready = [step for step in chosen.steps_in(StepState.READY) if may_decide(step.pattern, by=user)]
    may_ask = not roles_of(user).isdisjoint(SOC_ROLES)
    questions = questions_at(chosen, user, now=now)
    return {
        "plan": chosen,
        "site": chosen.totals.site,
        "zone": chosen.totals.site.time_zone,
        "reads_numbers": not roles_of(user).isdisjoint(roles_for("dashboards.numbers")),
        "offer": offer_of(chosen, may_sign=may_sign_rules(user)),
        "judged": judged_words(chosen),
        "bound": plan_bound_words(chosen),
        "curve": curve_of(chosen, row.pattern if row else None),
        "groups": groups,
        "drifts": drift_rows(chosen.totals.site, user, now=now),
        "acting": chosen.acting,
        "blocked": blocked_rows(chosen),
        "left": left,
        "left_headline": pattern_headline(left) if left else "",
        "row": row,
        "panel": panel_of(row, user),
        "is_chosen": bool(row and asked and not left),
        "ready": ready,
        "n_first": FIRST_STEPS if len(ready) > FIRST_STEPS else 0,
        "has_begun": bool(chosen.acting or chosen.steps_in(StepState.SOC)),
        "first_share": percent(share_of(ready[:FIRST_STEPS]), 0),
        "n_to_sign": _count_own_signatures(chosen, user, now=now),
        "questions": questions,
        "named_questions": [
            (question, pattern_headline(question.step.pattern)) for question in questions.all
        ],
        "question_share": percent(questions.share, 0) if questions.share else "",
        "may_ask": may_ask,
        "ask_people": people_words(questions),
        "propose_url": reverse("plan:propose"),
    }


def panel_of(row: PlanRow | None, user: User) -> PatternCard | None:
    """Return the panel of the chosen row."""
    return pattern_card(row.pattern, user, is_open=row.step.version is None) if row else None


def people_words(questions: Questions) -> str:
    """Return who would be asked."""
    return ", ".join(person.name for person in questions.people)


def _name_of_site(user: User, uuid: str) -> str:
    """Return the name of a site that the person sees. Raises Http404 where it is none."""
    names = {str(site.uuid): site.name for site in sites_in_reach(user)}
    if uuid not in names:
        raise Http404
    return names[uuid]


def _asked_pattern(request: HttpRequest) -> str:
    """Return the id of the pattern that the address names, in one spelling. Raises Http404."""
    text = request.GET.get("pattern", "")
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise Http404 from None


def _left_plan(user: User, rows: list[PlanRow], uuid: str) -> Pattern | None:
    """Return the pattern that was asked for where it is no step of the plan. Raises Http404 where
    there is no such pattern.
    """
    if not uuid or any(str(row.pattern.uuid) == uuid for row in rows):
        return None
    return get_object_or_404(patterns_visible_to(user), uuid=uuid)


def _chosen_row(rows: list[PlanRow], uuid: str) -> PlanRow | None:
    named = next((row for row in rows if str(row.pattern.uuid) == uuid), None)
    return named or next(iter(rows), None)


def _count_own_signatures(chosen: SitePlan, user: User, *, now: datetime) -> int:
    """How many proposals about this site wait for this person's signature."""
    requests = requests_for(user, now=now)
    return sum(
        bool(signing_request.open_sides)
        and chosen.totals.site_id in signing_request.version.site_ids
        for signing_request in requests
    )


def _tabs(plans: list[SitePlan], site: str) -> list[SiteTab]:
    current = str(plan_of_site(plans, site).totals.site.uuid) if plans else ""
    return [
        SiteTab(
            plan.totals.site.name,
            f"?site={plan.totals.site.uuid}",
            percent(plan.signed_share, 0),
            site != ALL and str(plan.totals.site.uuid) == current,
        )
        for plan in plans
    ]


def _site_row(plan: SitePlan, user: User) -> dict[str, Any]:
    minutes = minutes_a_month(plan.to_sign, days=plan.whole_days)
    return {
        "name": plan.totals.site.name,
        "href": f"?site={plan.totals.site.uuid}",
        "offer": offer_of(plan, may_sign=may_sign_rules(user)),
        "incidents": plan.totals.incidents,
        "now": percent(plan.acting_share, 0),
        "adds": percent(share_of(plan.to_sign), 0),
        "open": percent(share_of(plan.steps_in(StepState.EVIDENCE)), 0),
        "hours": hours(minutes) if minutes is not None else "",
    }


def _empty(request: HttpRequest, page: dict[str, Any], *, now: datetime) -> HttpResponse:
    """There is no plan yet: what is missing."""
    own = mining_status(now=now, visible_to=actor_of(request))
    page |= {
        "mining": mining_status(now=now),
        "needed_days": NEEDED_DAYS,
        "needed_verdicts": NEEDED_VERDICTS,
        "n_days": min(own.days, NEEDED_DAYS),
        "n_verdicts": min(own.verdicts, NEEDED_VERDICTS),
    }
    return render_page(request, TEMPLATE, page, part="panel")


@post_only(otherwise=lambda: reverse("plan:plan"))
def ask_plan_questions(request: HttpRequest) -> HttpResponse:
    """Ask OT the questions of a site's plan."""
    user, now = actor_of(request), clock.now()
    plans = site_plans_for(user)
    if not plans:
        raise Http404
    plan = plan_of_site(plans, request.POST.get("site", ""))
    try:
        questions = ask_questions(plan=plan, by=user, now=now)
    except (CannotAskQuestions, CannotAsk) as refusal:
        return leave_toast(
            request, HttpResponseRedirect(plan_address(plan)), " ".join(refusal.reasons)
        )
    text = ngettext(
        "OT at %(site)s was asked %(n)s question.",
        "OT at %(site)s was asked %(n)s questions.",
        len(questions),
    ) % {"site": plan.totals.site.name, "n": number(len(questions))}
    return leave_toast(request, HttpResponseRedirect(plan_address(plan)), text)


def plan_address(plan: SitePlan) -> str:
    """Return the address of the plan of a site."""
    return f"{reverse('plan:plan')}?site={plan.totals.site.uuid}"
