"""Approvals: what waits for a signature, and the sitting in which a person signs rule by rule."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.suppression.backtesting.redaction import redacted_body
from alerts.suppression.models import VersionState
from alerts.suppression.signing.awaiting_signature import recent_decisions, requests_for
from alerts.suppression.signing.request_changes import (
    CannotRetest,
    request_changes,
    retest_proposal,
)
from alerts.suppression.web.backtest import summarize_backtest
from alerts.suppression.web.shared import page_frame, plant_clocks, version_or_404
from alerts.suppression.web.signing import sign_from_form
from alerts.suppression.web.sitting import (
    SittingMark,
    latest_of,
    mark_rule,
    needs_retest,
    note_opened,
    rule_context,
    signing_proof_of,
    sitting_checks,
    sitting_of,
    sums_of,
    take_back_skip,
    take_up_skipped,
    verb_to_stop,
)
from alerts.suppression.web.sitting_end import signed_rules_of
from alerts.suppression.web.verbs import VERBS
from alerts.suppression.web.wording import all_in_words, state_chip
from portal import clock
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.responses import is_part_request, post_only, render_page, vary

TEMPLATE = "alerts/suppression/sitting.html"


@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """Proposals by age; those that wait for this person come first."""
    user, now = actor_of(request), clock.now()
    found, decided = requests_for(user, now=now), recent_decisions(user, now=now)
    page = page_frame(user, now) | {
        "mine": [item for item in found if item.open_sides],
        "others": [item for item in found if not item.open_sides],
        "decided": [(step, state_chip(step.to_state)) for step in decided],
        "has_trial": any(step.to_state == VersionState.IN_TRIAL for step in decided),
    }
    return render_page(request, "alerts/suppression/approvals.html", page, part="rows")


def _home(**_parts: object) -> str:
    return reverse("suppression:sitting")


@require_GET
def sitting(request: HttpRequest) -> HttpResponse:
    """The rule that is up in this person's sitting, or how the sitting ended."""
    return _page(request, now=clock.now())


@require_GET
def open_check(request: HttpRequest, version: UUID, number: int) -> HttpResponse:
    """Open a check of a rule, and remember that it was opened."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    if found.backtest is None or needs_retest(found, now=now):
        raise Http404
    test = summarize_backtest(redacted_body(found.backtest.body, by=user), rule=found.definition)
    checks = sitting_checks(found, test, user, opened=())
    chosen = next((item for item in checks if item.number == number and item.incident), None)
    if chosen is None or chosen.incident is None:
        raise Http404
    note_opened(request, version, number, now=now)
    return HttpResponseRedirect(chosen.incident.alerts_href)


@post_only(otherwise=_home)
def sign_next(request: HttpRequest, version: UUID) -> HttpResponse:
    """Sign the rule that is up; the next one follows."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    outcome = sign_from_form(request, found, user, now=now)
    if outcome.version is None:
        return _page(
            request, now=now, up=version, problems=outcome.problems, form_values=outcome.form_values
        )
    mark_rule(request, version, SittingMark.SIGNED, now=now)
    return HttpResponseRedirect(_home())  # which shows what was decided last


@post_only(otherwise=_home)
def ask_for_changes(request: HttpRequest, version: UUID) -> HttpResponse:
    """Ask the author for changes; the next rule follows."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    words = request.POST.get("words", "").strip()
    try:
        request_changes(version_id=found.pk, by=user, note=words, now=now)
    except Refused as refusal:
        problems = all_in_words(refusal.reasons)
        return _page(request, now=now, up=version, change_problems=problems, words=words)
    mark_rule(request, version, SittingMark.CHANGES, now=now)
    return HttpResponseRedirect(_home())


@post_only(otherwise=_home)
def skip(request: HttpRequest, version: UUID) -> HttpResponse:
    """Pass over the rule that is up; it stays waiting."""
    found = version_or_404(request, version)
    mark_rule(request, found.uuid, SittingMark.SKIPPED, now=clock.now())
    return HttpResponseRedirect(_home())


@post_only(otherwise=_home)
def back(request: HttpRequest, version: UUID) -> HttpResponse:
    """Put a rule that was skipped up again."""
    take_back_skip(request, version_or_404(request, version).uuid, now=clock.now())
    return HttpResponseRedirect(_home())


@post_only(otherwise=_home)
def stop_signed_rule(request: HttpRequest, version: UUID) -> HttpResponse:
    """Stop a rule that was signed by mistake: pause it, or reject it where a signature lacks."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    words = request.POST.get("words", "").strip()
    verb = verb_to_stop(found, user, now=now)
    if not verb:
        return _page(request, now=now, problems=[gettext("This rule is not active.")])
    try:
        VERBS[verb].run(request, found, user, words, now)
    except Refused as refusal:
        return _page(request, now=now, stop_problems=all_in_words(refusal.reasons))
    mark_rule(request, version, SittingMark.STOPPED, now=now)
    return HttpResponseRedirect(_home())


@post_only(otherwise=_home)
def again(request: HttpRequest) -> HttpResponse:
    """Take up the rules that were skipped."""
    take_up_skipped(request, now=clock.now())
    return HttpResponseRedirect(_home())


@post_only(otherwise=_home)
def retest(request: HttpRequest, version: UUID) -> HttpResponse:
    """Run the back-test of the rule that is up again."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    try:
        retest_proposal(version_id=found.pk, by=user, now=now)
    except CannotRetest as refusal:
        problems = all_in_words(refusal.reasons)
        return _page(request, now=now, up=version, test_problems=problems)
    return HttpResponseRedirect(_home())


def _page(
    request: HttpRequest, *, now: datetime, up: UUID | None = None, **extra: object
) -> HttpResponse:
    """The page; with what was wrong with the last act, answered as refused."""
    user = actor_of(request)
    requests = {
        str(item.version.uuid): item for item in requests_for(user, now=now) if item.open_sides
    }
    session = sitting_of(request, requests, now=now)
    place = session.place_of(up) if up else session.current
    if place is None or place.uuid not in requests:
        place = session.current
    context = page_frame(user, now) | {
        "sitting": session,
        "sums": sums_of(session, place),
        "proof": signing_proof_of(request, now=now),
        "latest": latest_of(session, user, now=now),
        **extra,
    }
    if place is None:
        context["signed_rules"] = signed_rules_of(session, user)
    else:
        pending = requests[place.uuid]
        context |= rule_context(request, pending, place, user, now=now)
        context["zone"] = plant_clocks(pending.version)[0]
    name = f"{TEMPLATE}#sitting" if is_part_request(request) else TEMPLATE
    return vary(render(request, name, context, status=422 if extra else 200))
