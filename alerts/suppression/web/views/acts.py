"""Acts on a version: a dialog that names object and effect, then the act itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.drafting.drafts import CannotSaveRule, draft_rule
from alerts.suppression.drafting.rule_list import latest_acts
from alerts.suppression.enforcing.explain import reasons_against_any_rule
from alerts.suppression.models import ACTING, RuleVersion, VersionState
from alerts.suppression.policies import rights_to_sign
from alerts.suppression.signing.propose import side_by_proposing
from alerts.suppression.web.first_draft import body_of_incident, first_body
from alerts.suppression.web.shared import may_propose, page_frame, version_or_404
from alerts.suppression.web.signing import needs_password, reason_not_proved, sign_from_form
from alerts.suppression.web.verbs import VERBS, may_do
from alerts.suppression.web.views.editor import edit_address
from alerts.suppression.web.views.rule import TEMPLATE as RULE
from alerts.suppression.web.views.rule import rule_page_context
from alerts.suppression.web.views.rules import version_address
from alerts.suppression.web.wording import all_in_words
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.responses import is_part_request, leave_toast, post_only, vary
from portal.ui.words import number

TEMPLATE = "alerts/suppression/act.html"


@require_http_methods(["GET", "POST"])
def act_on_rule(request: HttpRequest, version: UUID, verb: str) -> HttpResponse:
    """Ask what an act needs, then do it. Where it is not offered, the rule's page shows what is."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    if verb not in VERBS:
        raise Http404
    if request.method == "GET" and not may_do(verb, found, user, now=now):
        return HttpResponseRedirect(version_address(found))
    if request.method == "GET":
        return _ask(request, found, verb, now=now)
    spec = VERBS[verb]
    words = request.POST.get("words", "").strip()
    reasons: list[str] = []
    if (
        spec.needs_password
        and rights_to_sign(user, found)
        and (why := reason_not_proved(request, now=now))
    ):
        reasons = [why]
    if not reasons:
        try:
            made = spec.run(request, found, user, words, now)
        except Refused as refusal:
            reasons = all_in_words(refusal.reasons)
    if reasons:
        return _ask(request, found, verb, now=now, problems=reasons, words=words)
    next_version = made or found
    goal = (
        edit_address(next_version)
        if next_version.state == VersionState.DRAFT
        else version_address(next_version)
    )
    return leave_toast(
        request, HttpResponseRedirect(goal), f"{next_version.rule.label}: {spec.done}"
    )


@post_only(otherwise=lambda version: reverse("suppression:rule", args=[version]))
def sign_version(request: HttpRequest, version: UUID) -> HttpResponse:
    """Give one side's signature for what was on the screen."""
    found, user, now = version_or_404(request, version), actor_of(request), clock.now()
    outcome = sign_from_form(request, found, user, now=now)
    if outcome.version is None:
        found = version_or_404(request, version)
        page = rule_page_context(request, found, user, now=now)
        context = {"sign_problems": outcome.problems, "form_values": outcome.form_values}
        return render(request, RULE, page | context, status=422)
    signed = outcome.version
    words = gettext("You signed %(rule)s.") % {"rule": signed.rule.label}
    if signed.state in ACTING:
        words = gettext("You signed %(rule)s. Both sides have signed: its trial begins.") % {
            "rule": signed.rule.label
        }
    return leave_toast(request, HttpResponseRedirect(version_address(signed)), words)


@post_only(otherwise=lambda: reverse("suppression:rules"))
def begin_rule(request: HttpRequest) -> HttpResponse:
    """Begin a rule by hand."""
    user, now = actor_of(request), clock.now()
    return _draft(request, user, first_body(user, now=now), (), now=now)


@post_only(otherwise=lambda incident_id: f"/incidents/{incident_id}/")
def from_incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Begin a rule with the facts of an incident, and with the verdicts on its pattern."""
    user, now = actor_of(request), clock.now()
    incident = incidents_visible_to(user).filter(pk=incident_id).first()
    if incident is None:
        raise Http404
    if reasons := reasons_against_any_rule(incident):
        text = " ".join(all_in_words(reasons))
        return leave_toast(request, HttpResponseRedirect(f"/incidents/{incident.pk}/"), text)
    body, evidence = body_of_incident(incident, user, now=now)
    return _draft(request, user, body, evidence, now=now, incident=incident)


def _draft(
    request: HttpRequest,
    user: User,
    body: dict[str, Any],
    evidence: tuple[int, ...],
    *,
    now: datetime,
    incident: Incident | None = None,
) -> HttpResponse:
    if not may_propose(user):
        raise Http404
    try:
        made = draft_rule(by=user, now=now, body=body, evidence_ids=evidence)
    except CannotSaveRule as refusal:
        text = " ".join(all_in_words(refusal.reasons))
        goal = f"/incidents/{incident.pk}/" if incident else "/rules/"
        return leave_toast(request, HttpResponseRedirect(goal), text)
    return HttpResponseRedirect(edit_address(made))


def _ask(
    request: HttpRequest,
    version: RuleVersion,
    verb: str,
    *,
    now: datetime,
    problems: list[str] | None = None,
    words: str = "",
) -> HttpResponse:
    spec, user = VERBS[verb], actor_of(request)
    signs = spec.needs_password and bool(rights_to_sign(user, version))
    page = page_frame(user, now) | {
        "version": version,
        "verb": verb,
        "spec": spec,
        "problems": problems or [],
        "words": words,
        "effects": _effects(version, verb, signs=signs, now=now),
        "asks_look": verb == "propose" and side_by_proposing(version, by=user) is SigningSide.SOC,
        "is_checked": "checked_evidence" in request.POST,
        "asks_password": signs and needs_password(request, now=now),
        "back": edit_address(version)
        if verb in ("propose", "discard")
        else version_address(version),
        "in_dialog": is_part_request(request),
    }
    name = f"{TEMPLATE}#dialog" if is_part_request(request) else TEMPLATE
    return vary(render(request, name, page, status=422 if problems else 200))


def _effects(version: RuleVersion, verb: str, *, signs: bool, now: datetime) -> list[str]:
    """Return what will happen, in numbers where there are some."""
    effects = [str(text) for text in (VERBS[verb].effect,) if text]
    if verb == "propose" and signs:
        effects.append(
            gettext(
                "Requesting approval counts as your own side's signature. You cannot sign for the "
                "other side as well."
            )
        )
    if verb in ("pause", "retire"):
        effects.append(_latest_acts(version, now))
    if verb in ("pause", "retire", "resume"):
        effects += _in_sentinel(version)
    return effects


def _latest_acts(version: RuleVersion, now: datetime) -> str:
    n, _latest = latest_acts([version.rule_id], now=now)[version.rule_id]
    return ngettext(
        "In the last 7 days it labelled or closed %(n)s incident. Incidents like it now stay open.",
        "In the last 7 days it labelled or closed %(n)s incidents. Incidents like these now stay "
        "open.",
        n,
    ) % {"n": number(n)}


def _in_sentinel(version: RuleVersion) -> list[str]:
    if version.enforcement != "sentinel":
        return []
    n = len(version.workspace_ids)
    return [
        ngettext(
            "Its automation rule in Sentinel is updated in %(n)s workspace.",
            "Its automation rules in Sentinel are updated in %(n)s workspaces.",
            n,
        )
        % {"n": number(n)}
    ]
