"""Acts on many incidents: how one goes, what was skipped and why, and how to undo it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.acts.bulk import (
    MAX_UNDONE,
    can_undo_bulk_act,
    resume_bulk_act,
    stop_bulk_act,
    undo_bulk_act,
)
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import BulkAct
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.queries import bulk_acts_of, incidents_visible_to
from alerts.incidents.web.links import goal_of
from alerts.incidents.wording import Chip
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.ui.responses import post_only, render_page

PAGE = 50
SLOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SkippedIncident:
    """One incident that stayed as it was."""

    incident_id: int
    number: str
    title: str  # empty where the person may not see it any more
    reason: str


@dataclass(frozen=True, slots=True)
class BulkActStatus:
    """What the page of an act shows."""

    row: BulkAct
    skipped: int
    skipped_incidents: Sequence[SkippedIncident]
    after: str  # mark of the next page
    can_undo: bool
    can_stop: bool
    state: Chip
    is_slow: bool  # nobody has begun yet

    @property
    def has_failed(self) -> bool:
        """Whether it was tried too often and waits for the person."""
        return self.row.state == JobState.DEAD

    @property
    def comment(self) -> str:
        """The words that each incident is given with it."""
        return str(self.row.said.get("message") or self.row.said.get("comment") or "")

    @property
    def undo_limit(self) -> int:
        """How many may be done for an undo; 0 where it never has so many."""
        return MAX_UNDONE if self.row.total > MAX_UNDONE else 0

    @property
    def too_late(self) -> int:
        """How many an undo came too late for."""
        return self.row.done - self.row.undone


def bulk_state_word(row: BulkAct) -> Chip:
    """Return its state, as a word."""
    if row.is_open:
        return Chip(gettext("Under way"), "accent", "timer")
    if row.undone_at:
        return Chip(gettext("Undone"), "", "undo-2")
    if row.state == JobState.DEAD:
        return Chip(gettext("Failed"), "high", "circle-alert")
    if row.stopped_at:
        return Chip(gettext("Stopped"), "medium", "octagon-x")
    return Chip(gettext("Finished"), "ok", "check")


def status_of(row: BulkAct, *, by: User, after: int, now: datetime) -> BulkActStatus:
    """Its state now, with one page of what was skipped."""
    entries = list(row.skipped.select_related("incident").filter(pk__gt=after)[: PAGE + 1])
    page = entries[:PAGE]
    visible = set(
        incidents_visible_to(by)
        .filter(pk__in=[entry.incident_id for entry in page])
        .values_list("pk", flat=True)
    )
    can_undo = can_undo_bulk_act(row)
    return BulkActStatus(
        row=row,
        skipped=row.worked - row.done,
        skipped_incidents=[
            SkippedIncident(
                entry.incident_id,
                incident_number_label(entry.incident),
                bare_title(entry.incident.title) if entry.incident_id in visible else "",
                entry.reason,
            )
            for entry in page
        ],
        after=str(page[-1].pk) if len(entries) > PAGE else "",
        can_undo=can_undo,
        can_stop=row.is_open and not can_undo,
        state=bulk_state_word(row),
        is_slow=row.is_open and not row.worked and now - row.made_at > SLOW,
    )


TEMPLATE = "alerts/incidents/bulk.html"
COMMANDS: dict[str, Callable[..., BulkAct]] = {
    "stop": stop_bulk_act,
    "undo": undo_bulk_act,
    "resume": lambda **values: resume_bulk_act(unshifted=clock.unshifted(), **values),
}


@require_GET
def bulk_acts(request: HttpRequest) -> HttpResponse:
    """What the person asked to be done to many, newest first; live while one is under way."""
    acts, mark = bulk_acts_of(actor_of(request)), _mark(request)
    rows = list((acts.filter(pk__lt=mark) if mark else acts).order_by("-pk")[: PAGE + 1])
    context = {
        "acts": [(row, bulk_state_word(row)) for row in rows[:PAGE]],
        "is_live": any(row.is_open for row in rows),
        "after": str(rows[PAGE - 1].pk) if len(rows) > PAGE else "",
        "first": not mark,
        "here": request.get_full_path(),
    }
    return render_page(request, "alerts/incidents/bulk_list.html", context, part="list")


@require_GET
def bulk(request: HttpRequest, act: UUID) -> HttpResponse:
    """How it goes; live until it has ended."""
    return render_page(request, TEMPLATE, _context(request, act), part="progress")


@post_only(otherwise=lambda act, command: reverse("incidents:bulk", args=[act]))
def steer(request: HttpRequest, act: UUID, command: str) -> HttpResponse:
    """Stop it, take it back, or let it go on."""
    if command not in COMMANDS:
        raise Http404
    get_object_or_404(bulk_acts_of(actor_of(request)), act=act)
    try:
        COMMANDS[command](act=act, by=actor_of(request), now=clock.now())
    except Refused as refusal:
        context = _context(request, act) | {"problems": refusal.reasons}
        return render(request, TEMPLATE, context, status=422)
    return redirect(bulk_address(act, back_to=goal_of(request)))


def bulk_address(act: UUID, *, back_to: str) -> str:
    """The page of an act, which leads back to where the person came from."""
    return f"{reverse('incidents:bulk', args=[act])}?{urlencode({'next': back_to})}"


def _context(request: HttpRequest, act: UUID) -> dict[str, object]:
    user = actor_of(request)
    row = get_object_or_404(bulk_acts_of(user), act=act)
    mark = _mark(request)
    goal = goal_of(request)
    return {
        "it": status_of(row, by=user, after=mark, now=clock.now_of(request)),
        "row": row,
        "goal": goal,
        "here": bulk_address(act, back_to=goal),
        "first": not mark,
    }


def _mark(request: HttpRequest) -> int:
    """Where the page before this one ended; 0 for the first page."""
    after = request.GET.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
