"""What stays open: devices that true positives hold, and rules that stopped by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.enforcing.held_devices import (
    DeviceHold,
    device_holds,
    device_names_of,
)
from alerts.suppression.enforcing.held_incidents import cases_with_effect
from alerts.suppression.enforcing.true_positive_cases import TruePositiveCase
from alerts.suppression.models import HoldEnd, RuleVersion
from alerts.suppression.policies import STOPPING, may_change, sides_led_by
from alerts.suppression.queries import stopped_versions, versions_visible_to
from alerts.suppression.watching.hold_ends import (
    MAX_DAYS,
    leads_by_side,
    reasons_against_setting_end,
    set_hold_end,
)
from alerts.suppression.web.shared import number_in, page_frame
from alerts.suppression.web.signing import needs_password, reason_not_proved
from alerts.suppression.web.wording import all_in_words
from portal import clock
from portal.accounts.models import User
from portal.accounts.password_checks import proved_at_of
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.pieces import with_query
from portal.ui.responses import leave_toast, post_only, render_page

TEMPLATE: Final = "alerts/suppression/holds.html"
LATELY: Final = timedelta(days=30)
MAX_LISTED: Final = 5  # incidents of one case
PAGE: Final = 20  # cases


@dataclass(frozen=True, slots=True)
class HoldCard:
    """One case, and what this person can do about it."""

    hold: DeviceHold
    leads_ot: str
    leads_soc: str
    may_set: bool
    to_agree: HoldEnd | None  # what a lead of the other side has set
    rules: tuple[tuple[RuleVersion, bool], ...]  # each with whether this person may stop it
    problems: tuple[str, ...] = ()
    reason: str = ""
    days: str = "0"

    @property
    def password_id(self) -> str:
        """The id of its field on the page."""
        return f"end-password-{self.hold.incident.pk}"


@dataclass(frozen=True, slots=True)
class EndedHold:
    """A case that holds nothing any more, and what people have yet to look at."""

    case: TruePositiveCase
    devices: tuple[str, ...]
    rows: Sequence[Incident]  # the latest that came meanwhile and are open
    count: int  # of all those

    @property
    def more(self) -> int:
        """How many of them are not listed."""
        return self.count - len(self.rows)


@require_GET
def list_holds(request: HttpRequest) -> HttpResponse:
    """What is held open now and was lately, and which rules stopped."""
    return _page(request)


@post_only(otherwise=lambda incident_id: reverse("suppression:holds"))
def set_end(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Set the end of what a true positive holds, or agree to what the other lead has set."""
    user, now = actor_of(request), clock.now()
    incident = get_object_or_404(incidents_visible_to(user), pk=incident_id)
    problems = [why] if (why := reason_not_proved(request, now=now)) else []
    if not problems:
        try:
            agrees = set_hold_end(
                incident_id=incident.pk,
                by=user,
                until=_until(request, incident, now=now),
                reason=request.POST.get("reason", ""),
                now=now,
                proved_at=proved_at_of(request),
            )
        except Refused as refusal:
            problems = all_in_words(refusal.reasons)
    if problems:
        return _page(request, refused_id=incident.pk, problems=problems)
    words = gettext("Both leads agree: the end is set.")
    if not agrees:
        words = gettext("Your end is on record. It counts once the other lead agrees.")
    goal = f"{reverse('suppression:holds')}#case-{incident.pk}"
    return leave_toast(request, HttpResponseRedirect(goal), words)


def _until(request: HttpRequest, incident: Incident, *, now: datetime) -> datetime:
    agreed = number_in(request.POST.get("agree", ""))
    if agreed:
        row = get_object_or_404(HoldEnd, pk=agreed, incident=incident, void_at=None)
        return row.until
    text = request.POST.get("days", "")
    days = int(text) if text.isdecimal() and len(text) < 4 else MAX_DAYS + 1
    return now + timedelta(days=days)


def _page(
    request: HttpRequest, *, refused_id: int = 0, problems: list[str] | None = None
) -> HttpResponse:
    user, now = actor_of(request), clock.now()
    visible = incidents_visible_to(user)
    waiting = cases_with_effect(visible, visible, since=now - LATELY, now=now)
    cases = [case for case in waiting if not case.has_ended(now)]
    cases.sort(key=lambda case: case.incident.pk != refused_id)  # what was refused comes first
    shown, more = _part(request, cases, "after")
    cards = [
        _card(
            case,
            user,
            now=now,
            problems=tuple(problems or ()) if case.incident.pk == refused_id else (),
            sent=request.POST.dict() if case.incident.pk == refused_id else {},
        )
        for case in device_holds(shown)
    ]
    over = [case for case in waiting if case.has_ended(now)]
    ended, more_ended = _part(request, over, "ended_after")
    page: dict[str, Any] = page_frame(user, now) | {
        "cards": cards,
        "count": len(cases),
        "more": more,
        "more_ended": more_ended,
        "ended": _ended(ended, waiting),
        "stopped": stopped_versions(user),
        "max_days": MAX_DAYS,
        "asks_password": any(card.may_set for card in cards) and needs_password(request, now=now),
    }
    return render_page(request, TEMPLATE, page, part="holds", status=422 if problems else 200)


def _part(
    request: HttpRequest, cases: Sequence[TruePositiveCase], name: str
) -> tuple[Sequence[TruePositiveCase], str]:
    """Return a page of cases, and the query of the next one. It begins after the one that the
    query names; where that is no longer among them, at the first.
    """
    ids = [case.incident.pk for case in cases]
    mark = number_in(request.GET.get(name, ""))
    start = ids.index(mark) + 1 if mark in ids else 0
    end = start + PAGE
    more = with_query(request.GET, {name: str(ids[end - 1])}) if end < len(ids) else ""
    return cases[start:end], more


def _ended(
    cases: Sequence[TruePositiveCase], waiting: Mapping[TruePositiveCase, Sequence[Incident]]
) -> list[EndedHold]:
    names = device_names_of([case.incident.pk for case in cases])
    return [
        EndedHold(
            case, names[case.incident.pk], waiting[case][:MAX_LISTED], count=len(waiting[case])
        )
        for case in cases
    ]


def _card(
    case: DeviceHold,
    user: User,
    *,
    now: datetime,
    problems: tuple[str, ...],
    sent: Mapping[str, str],
) -> HoldCard:
    may_set = not reasons_against_setting_end(case.incident, by=user, now=now)
    visible = set(
        versions_visible_to(user)
        .filter(pk__in=[version.pk for version in case.rules])
        .values_list("pk", flat=True)
    )
    sides = {side.value for side in sides_led_by(user, case.incident)} if may_set else set()
    leads = leads_by_side(case.incident)
    others = [row for row in case.ends if row.by_id != user.pk and sides - {row.side}]
    return HoldCard(
        case,
        leads_ot=", ".join(person.name for person in leads[SigningSide.OT]),
        leads_soc=", ".join(person.name for person in leads[SigningSide.SOC]),
        may_set=may_set and all(leads.values()),  # alone, one side's end never counts
        to_agree=others[-1] if others and not case.case.is_agreed else None,
        rules=tuple(
            (version, may_change(user, version, STOPPING))
            for version in case.rules
            if version.pk in visible
        ),
        problems=problems,
        reason=sent.get("reason", ""),
        days=sent.get("days", "0"),
    )
