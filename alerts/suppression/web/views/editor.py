"""The editor of a draft: every change is saved, counted and tested on history beside it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.rules.guards.never import needs_hours
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import NotARule, from_json
from alerts.suppression.drafting.drafts import CannotSaveRule, save_draft, uuid_of
from alerts.suppression.drafting.suggestions import evidence_offered, suggestions_for
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.signing.people import people_of_side, usual_owners
from alerts.suppression.web.draft_checks import (
    DraftTest,
    causes_that_fit,
    enforcement_of,
    last_day,
    reasons_not_to_propose,
    test_draft,
    without_lost_choice,
)
from alerts.suppression.web.draft_lines import day_choices, draft_rows, field_choices, fields_of
from alerts.suppression.web.forms import (
    Body,
    HalfWindows,
    body_from,
    empty_body,
    end_day,
    half_windows,
)
from alerts.suppression.web.shared import page_frame, plant_clocks, version_or_404
from alerts.suppression.web.views.rules import version_address
from alerts.suppression.web.wording import (
    all_in_words,
    life_steps,
    routine_cause,
    rule_of_version,
    state_chip,
)
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.pieces import Choice
from portal.ui.responses import is_part_request, leave_toast, render_page, trigger, vary

TEMPLATE = "alerts/suppression/edit.html"


@dataclass(frozen=True, slots=True)
class EditorVisit:
    """Who edits which draft, when, on the plant's clock."""

    version: RuleVersion
    user: User
    now: datetime
    zone: tzinfo
    zones: list[str]


@require_http_methods(["GET", "POST"])
def edit_draft(request: HttpRequest, version: UUID) -> HttpResponse:
    """A draft of one's own. Others see its page."""
    draft = version_or_404(request, version)
    user = actor_of(request)
    if draft.state != VersionState.DRAFT or draft.made_by_id != user.pk:
        return HttpResponseRedirect(version_address(draft))
    visit = _visit(draft, user, clock.now())
    if request.method == "GET":
        is_tested = "tested" in request.GET
        found = _test(visit, draft.body) if is_tested else None
        return render_page(request, TEMPLATE, _page(visit, draft.body, test=found), part="editor")
    return _save(request, visit)


@require_GET
def backtest(request: HttpRequest, version: UUID) -> HttpResponse:
    """The panel beside the editor: counts after each line, and what the rule would have done."""
    draft = version_or_404(request, version)
    visit = _visit(draft, actor_of(request), clock.now())
    found = _test(visit, draft.body)
    page = _page(visit, draft.body, test=found) | {"oob": True}
    return render_page(request, TEMPLATE, page, part="testing")


def edit_address(version: RuleVersion, query: str = "") -> str:
    """Where a draft is edited."""
    return reverse("suppression:edit", args=[version.uuid]) + query


def _save(request: HttpRequest, visit: EditorVisit) -> HttpResponse:
    stored = _body_of(visit.version)
    typed = _with_owners(body_from(request.POST, stored, zone=visit.zone), visit.user)
    body = without_lost_choice(typed, stored)
    has_lost_choice = body["enforcement"] != typed["enforcement"]
    half = half_windows(request.POST)
    revision = request.POST.get("revision", "")
    try:
        saved = save_draft(
            version_id=visit.version.pk,
            by=visit.user,
            now=visit.now,
            body=body,
            revision=int(revision) if revision.isdecimal() and len(revision) < 10 else -1,
        )
    except CannotSaveRule as refusal:
        page = _page(visit, body, half=half) | {"problems": all_in_words(refusal.reasons)}
        return render_page(request, TEMPLATE, page, part="editor", status=422)
    if not is_part_request(request):
        response = HttpResponseRedirect(edit_address(saved, "?tested=1"))
        words = gettext("Saved.")
        if has_lost_choice:
            words = gettext(
                "Saved. From now on Tagout's own worker closes the incidents: Sentinel "
                "can no longer express this rule exactly."
            )
        return leave_toast(request, response, words)
    saved = version_or_404(request, saved.uuid)
    fresh = _visit(saved, visit.user, visit.now)
    page = _page(fresh, saved.body, half=half) | {
        "saved_at": visit.now,
        "has_lost_choice": has_lost_choice,
    }
    answer = render_page(request, TEMPLATE, page, part="editor")
    return vary(trigger(answer, "rule-saved", {}))


def _page(
    visit: EditorVisit,
    body: Body,
    *,
    test: DraftTest | None = None,
    half: HalfWindows | None = None,
) -> dict[str, Any]:
    version, rule = visit.version, rule_of_version(visit.version)
    left = test.left if test else {}
    fields = fields_of(body)
    evidence = evidence_offered(rule, _texts(body.get("evidence")), reader=visit.user)
    return page_frame(visit.user, visit.now) | {
        "version": version,
        "zone": visit.zone,
        "body": body,
        "state": state_chip(version.state),
        "life": life_steps(version),
        "lines": draft_rows(body, "all", zones=visit.zones, left=left, half=half),
        "exceptions": draft_rows(body, "not", zones=visit.zones, left=left, half=half),
        "fields": field_choices(),
        "days": day_choices(),
        "zones": visit.zones,
        "suggested": suggestions_for(visit.user, fields),
        "reason": routine_cause(str(body.get("reason", ""))),
        "reason_hints": causes_that_fit(rule),
        "owners_ot": _owners(version, SigningSide.OT, str(body.get("owner_ot", ""))),
        "owners_soc": _owners(version, SigningSide.SOC, str(body.get("owner_soc", ""))),
        "enforcement": enforcement_of(version, rule),
        "needs_hours": needs_hours(rule) if rule else (),
        "ends": end_day(body, visit.zone),
        "last_day": last_day(rule, visit.now, visit.zone),
        "evidence": evidence,
        "n_chosen": sum(choice.is_chosen for choice in evidence),
        "missing": reasons_not_to_propose(version, rule, now=visit.now),
        "testing": test,
        "test": test.summary if test else None,
        "may_exclude": True,
    }


def _visit(version: RuleVersion, user: User, now: datetime) -> EditorVisit:
    zones = plant_clocks(version)
    return EditorVisit(version, user, now, ZoneInfo(zones[0]), zones)


def _test(visit: EditorVisit, body: Body) -> DraftTest | None:
    rule = rule_of_version(visit.version)
    if rule is None or not rule.clauses:
        return None
    return test_draft(visit.user, rule, now=visit.now, body=body)


def _body_of(version: RuleVersion) -> Body:
    return version.body if isinstance(version.body, dict) else empty_body()


def _with_owners(body: Body, author: User) -> Body:
    """Sides without an owner get the usual one, as soon as the rule states where it acts."""
    blank = [name for name in ("owner_ot", "owner_soc") if not body.get(name)]
    if not blank:
        return body
    try:
        usual = usual_owners(from_json(body), by=author)
    except NotARule:
        return body
    return body | {name: usual[name] for name in blank if name in usual}


def _owners(version: RuleVersion, side: SigningSide, chosen: str) -> list[Choice]:
    found = [Choice(person.email, person.name) for person in people_of_side(version, side=side)]
    if chosen and chosen not in {choice.value for choice in found}:
        found.append(Choice(chosen, chosen))
    return found


def _texts(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else []
    return [text for text in texts if isinstance(text, str) and uuid_of(text)]
