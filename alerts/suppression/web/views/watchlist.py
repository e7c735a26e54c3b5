"""Ahead of the incident: whether a workspace leaves signed routine out, what its list holds, the
lines to paste into its rules, and the switch with its two signatures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.outbox.wording import note_words
from alerts.rules.guards.signing import SigningSide
from alerts.rules.watchlist import ALIAS, lease_of_gate
from alerts.sentinel import kql
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.left_out_alerts import left_out_in
from alerts.suppression.deploying.watchlist_gate import list_gate_of
from alerts.suppression.deploying.watchlist_periods import changes_this_month
from alerts.suppression.deploying.watchlist_rows import (
    RuleOnWatchlist,
    listed_rules,
    reason_against_renewal,
    reason_to_shut,
)
from alerts.suppression.deploying.watchlist_switch import (
    CannotSwitchWatchlist,
    end_watchlist,
    hash_of_exclusion,
    is_watchlist_on,
    propose_watchlist,
    reasons_against_ending_watchlist,
    reasons_against_signing_watchlist,
    request_of,
    rights_on_watchlist,
    sign_watchlist,
)
from alerts.suppression.models import WatchlistRequest, WatchlistState
from alerts.suppression.queries import workspaces_reached_by
from alerts.suppression.web.shared import page_frame
from alerts.suppression.web.signing import needs_password, reason_not_proved
from alerts.suppression.web.wording import all_in_words
from portal import clock
from portal.accounts.models import User
from portal.accounts.password_checks import proved_at_of
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page


@dataclass(frozen=True, slots=True)
class WatchlistPlace:
    """A workspace in the list of places."""

    workspace: Workspace
    state: str  # off, proposed, on


@dataclass(frozen=True, slots=True)
class RuleOfWatchlist:
    """A live rule: how many of its pairs Sentinel holds as wanted, how many wait, are refused or
    changed by hand, or would be covered if the list were on; and why.
    """

    listed: RuleOnWatchlist
    landed: int
    waiting: int
    refused: int
    would: int
    reasons: list[str]


@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """The person's workspaces, and in which of them routine is left out."""
    user, now = actor_of(request), clock.now()
    open_requests = WatchlistRequest.objects.exclude(state=WatchlistState.ENDED)
    states = dict(open_requests.values_list("workspace", "state"))
    rows = []
    for workspace in workspaces_reached_by(user).order_by("name"):
        state = states.get(workspace.pk, "off")
        is_void = state == WatchlistState.ON and not is_watchlist_on(workspace)
        rows.append(WatchlistPlace(workspace, "off" if is_void else state))
    page = {**page_frame(user, now), "places": rows}
    return render_page(request, "alerts/suppression/watchlists.html", page)


@require_GET
def watchlist(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """One workspace."""
    return _page(request, _workspace(request, workspace))


@post_only(otherwise=lambda workspace, verb: reverse("suppression:watchlist", args=[workspace]))
def act_on_watchlist(request: HttpRequest, workspace: UUID, verb: str) -> HttpResponse:
    """Propose, sign or end it."""
    place, user, now = _workspace(request, workspace), actor_of(request), clock.now()
    try:
        if problem := _carry_out(request, place, user, verb, now=now):
            return _page(request, place, problems=[problem])
    except CannotSwitchWatchlist as refusal:
        return _page(request, place, problems=all_in_words(refusal.reasons))
    words = {
        "propose": gettext("Proposed and signed. The other side has to sign as well."),
        "sign": gettext("Signed."),
        "end": gettext("Switched off. Routine becomes incidents again."),
    }
    address = reverse("suppression:watchlist", args=[place.uuid])
    return leave_toast(request, HttpResponseRedirect(address), words.get(verb, ""))


def _carry_out(
    request: HttpRequest, place: Workspace, user: User, verb: str, *, now: datetime
) -> str:
    """Do what the form asks for; returns what is missing in it."""
    if verb == "end":
        end_watchlist(workspace=place, by=user, reason=request.POST.get("reason", ""), now=now)
        return ""
    if why := reason_not_proved(request, now=now):
        return why
    side = request.POST.get("side", "")
    if side not in set(SigningSide):
        return gettext("Choose which side you sign for.")
    open_request = request_of(place.pk)
    if verb == "propose":
        open_request = propose_watchlist(workspace=place, side=SigningSide(side), by=user, now=now)
    if open_request is None:
        return gettext("This is not waiting for signatures.")
    sign_watchlist(
        request_id=open_request.pk,
        side=SigningSide(side),
        by=user,
        seen_hash=request.POST.get("seen_hash", ""),
        proved_at=proved_at_of(request),
        note=request.POST.get("note", ""),
        now=now,
    )
    return ""


def _page(
    request: HttpRequest, place: Workspace, *, problems: list[str] | None = None
) -> HttpResponse:
    user, now = actor_of(request), clock.now()
    open_request, gate = request_of(place.pk), list_gate_of(place.pk)
    lease = lease_of_gate(gate.landed) if gate else None
    is_on = is_watchlist_on(place)
    why = ""
    if open_request is not None and open_request.state == WatchlistState.ON:
        why = reason_to_shut(place) or reason_against_renewal(place, now=now)
        why = why or (gate.reason if gate and lease_of_gate(gate.wanted) is None else "")
    page: dict[str, Any] = page_frame(user, now) | {
        "workspace": place,
        "request_row": open_request,
        "is_on": is_on,
        "signatures": _signatures(open_request),
        "seen_hash": hash_of_exclusion(place),
        "sign_sides": _sides(open_request, place, user, now=now),
        "may_end": open_request is not None and not reasons_against_ending_watchlist(user, place),
        "asks_password": needs_password(request, now=now),
        "why_shut": note_words(why),
        "counts_until": lease if lease and lease > now else None,
        "changes": changes_this_month(place.pk, now=now),
        **_rows(place, is_on=is_on, now=now),
        "left_out": _left_out(place, now=now),
        "text": kql.exclusion(),
        "alias": ALIAS,
        "problems": problems or [],
    }
    status = 422 if problems else 200
    return render_page(request, "alerts/suppression/watchlist.html", page, status=status)


@dataclass(frozen=True, slots=True)
class LeftOutSums:
    """What was left out in the last 30 days: by rule, and what no signed pair covered, by type."""

    by_rule: list[tuple[str, str, int]]  # R-12, the title of its version, how many
    findings: list[tuple[str, int]]
    total: int


def _left_out(place: Workspace, *, now: datetime) -> LeftOutSums:
    rows = left_out_in([place.pk], since=now - timedelta(days=30))
    by_rule = (
        rows.filter(rule__isnull=False)
        .values_list("rule__number", "version__title")
        .annotate(n=Count("pk"))
        .order_by("-n", "rule__number")
    )
    findings = (
        rows.filter(rule__isnull=True)
        .values_list("alert__alert_type")
        .annotate(n=Count("pk"))
        .order_by("-n", "alert__alert_type")
    )
    sums = [(f"R-{number}", title, n) for number, title, n in by_rule]
    return LeftOutSums(sums, list(findings), sum(n for _, _, n in sums))


def _rows(place: Workspace, *, is_on: bool, now: datetime) -> dict[str, Any]:
    """What Sentinel was seen to hold, rule by rule; and how many rows it holds that should go."""
    rows = list(WantedRule.objects.filter(workspace=place, kind=RuleKind.PAIR))
    rules = [_rule(listed, rows, is_on=is_on) for listed in listed_rules(place, now=now)]
    there = [row for row in rows if row.landed is not None]
    return {"rules": rules, "landed": len(there), "leaving": sum(not row.wanted for row in there)}


def _rule(listed: RuleOnWatchlist, rows: Sequence[WantedRule], *, is_on: bool) -> RuleOfWatchlist:
    wanted = [row for row in rows if row.about == listed.about and row.wanted is not None]
    landed = sum(row.is_as_wanted for row in wanted)
    failed = [row for row in wanted if row.outcome in (Landing.REFUSED, Landing.CHANGED_BY_HAND)]
    missing = max(0, len(listed.rows) - landed - len(failed))
    causes = dict.fromkeys(note_words(row.latest_error) for row in failed)
    return RuleOfWatchlist(
        listed,
        landed=landed,
        waiting=missing if is_on else 0,
        refused=len(failed),
        would=0 if is_on else missing,
        reasons=[*all_in_words(listed.reasons), *filter(None, causes)],
    )


def _signatures(row: WatchlistRequest | None) -> list[Any]:
    return list(row.signatures.select_related("by").order_by("pk")) if row else []


def _sides(
    row: WatchlistRequest | None, place: Workspace, user: User, *, now: datetime
) -> list[SigningSide]:
    """For which sides the person may sign now, or propose where nothing is proposed."""
    sides = sorted(rights_on_watchlist(user, place))
    if row is None:
        return sides
    if row.state != WatchlistState.PROPOSED:
        return []
    return [
        side
        for side in sides
        if not reasons_against_signing_watchlist(
            row, side=side, by=user, seen_hash=row.text_hash, proved_at=now, now=now
        )
    ]


def _workspace(request: HttpRequest, uuid: UUID) -> Workspace:
    return get_object_or_404(workspaces_reached_by(actor_of(request)), uuid=uuid)
