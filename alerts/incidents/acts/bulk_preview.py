"""How an act on many incidents stands: what was done, what was skipped and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import BulkAct
from alerts.incidents.page.panel import number_of
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.wording import Chip
from alerts.outbox.queries import is_held_whole
from portal.accounts.models import User
from portal.jobs.models import State

PAGE = 50
SLOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Left:
    """One incident that stayed as it was."""

    incident_id: int
    number: str
    title: str  # empty where the person may not see it any more
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page of an act shows."""

    row: BulkAct
    skipped: int
    left: Sequence[Left]
    after: str  # mark of the next page
    can_undo: bool
    can_stop: bool
    state: Chip
    is_slow: bool  # nobody has begun yet

    @property
    def has_failed(self) -> bool:
        """Whether it was tried too often and waits for the person."""
        return self.row.state == State.DEAD

    @property
    def comment(self) -> str:
        """The words that each incident is given with it."""
        return str(self.row.said.get("message") or self.row.said.get("comment") or "")

    @property
    def too_late(self) -> int:
        """How many an undo came too late for."""
        return self.row.done - self.row.undone


def state_of(row: BulkAct) -> Chip:
    """Where it stands, as a word."""
    if row.is_open:
        return Chip(gettext("Under way"), "accent", "timer")
    if row.undone_at:
        return Chip(gettext("Undone"), "", "undo-2")
    if row.state == State.DEAD:
        return Chip(gettext("Failed"), "high", "circle-alert")
    if row.stopped_at:
        return Chip(gettext("Stopped"), "medium", "octagon-x")
    return Chip(gettext("Finished"), "ok", "check")


def standing_of(row: BulkAct, *, by: User, after: int, now: datetime) -> Standing:
    """How it stands now, with one page of what was skipped."""
    found = list(row.skipped.select_related("incident").filter(pk__gt=after)[: PAGE + 1])
    page = found[:PAGE]
    visible = set(
        incidents_visible_to(by)
        .filter(pk__in=[each.incident_id for each in page])
        .values_list("pk", flat=True)
    )
    can_undo = bool(row.done) and row.undone_at is None and is_held_whole(row.act)
    return Standing(
        row=row,
        skipped=row.worked - row.done,
        left=[
            Left(
                each.incident_id,
                number_of(each.incident),
                bare_title(each.incident.title) if each.incident_id in visible else "",
                each.reason,
            )
            for each in page
        ],
        after=str(page[-1].pk) if len(found) > PAGE else "",
        can_undo=can_undo,
        can_stop=row.is_open and not can_undo,
        state=state_of(row),
        is_slow=row.is_open and not row.worked and now - row.made_at > SLOW,
    )
