"""Read all incidents by windows of their creation, newest first, in slices that can be resumed.

A window is made so short that one page holds it; where it does not, the list is followed and the
next windows are shorter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.intake.services.outside import OutsideTally
from alerts.intake.services.oversized import INSTANT, oversized_between, source_of
from alerts.intake.services.pace import Budget
from alerts.intake.services.pages import (
    IncidentQuery,
    Pagination,
    RunCounts,
    StorePage,
    follow_pages,
    read_page_answer,
    store_page,
)
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.client.port import MAX_PAGE_SIZE, ListBy, SentinelClient, SentinelError
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.values import OtScope, Outside

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=30)
_FIRST = timedelta(days=1)
_UNKNOWN = timedelta(days=90)  # how far back to look where the oldest does not tell
_ROOMY = MAX_PAGE_SIZE // 3


@dataclass(slots=True)
class Position:
    """How far a reading has come. `before` is None at first: the newest window is open-ended."""

    ends_at: datetime
    before: datetime | None = None
    length: timedelta = _FIRST
    link: str | None = None  # inside a window that a slice did not finish
    is_done: bool = False
    # What was left out of the windows that are read, and of the one that is being read.
    outside: OutsideTally = field(default_factory=OutsideTally)
    outside_of_window: OutsideTally = field(default_factory=OutsideTally)

    def as_json(self) -> dict[str, Any]:
        """For the cursor's row."""
        return {
            "ends_at": self.ends_at.isoformat(),
            "before": self.before.isoformat() if self.before else None,
            "length": self.length.total_seconds(),
            "link": self.link,
            "outside": self.outside.as_json(),
            "outside_of_window": self.outside_of_window.as_json(),
        }

    @classmethod
    def from_json(cls, payload: dict[str, Any]) -> "Position":
        """From the cursor's row."""
        return cls(
            datetime.fromisoformat(payload["ends_at"]),
            datetime.fromisoformat(payload["before"]) if payload["before"] else None,
            timedelta(seconds=payload["length"]),
            payload["link"],
            outside=OutsideTally.from_json(payload.get("outside")),
            outside_of_window=OutsideTally.from_json(payload.get("outside_of_window")),
        )


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """A finished window; `names` is None where not all of it was read in one go."""

    since: datetime | None
    before: datetime | None
    names: set[str] | None
    latest_modified: datetime | None


def oldest_creation(*, client: SentinelClient, now: datetime) -> datetime | None:
    """When the oldest incident was created; None where there is none."""
    try:
        page = read_page_answer(client.list_incidents(by=ListBy.CREATED, top=1))
    except AnswerTooLarge:  # the last window reaches back without end
        return now - _UNKNOWN
    for item in page.items[:1]:
        created = item.created_at if isinstance(item, WireIncident) else None
        return min(created or now - _UNKNOWN, now)
    return None


def read_windows(
    *,
    client: SentinelClient,
    workspace_id: int,
    position: Position,
    counts: RunCounts,
    budget: Budget,
    now: datetime,
    save: Callable[[Position], None],
    finished: Callable[[ReadWindow], None],
    scope: OtScope,
    store: StorePage = store_page,
) -> None:
    """Go on from a position until everything was read or the slice is over."""
    while not position.is_done:
        upper = position.before or now
        lower = max(upper - position.length, position.ends_at)
        is_last = lower <= position.ends_at
        # A window ends above an incident that is too large, so that a link stays within one part.
        places = oversized_between(
            workspace_id=workspace_id,
            source=source_of(client),
            by=ListBy.CREATED,
            since=None if is_last else lower,
            until=upper,
        )
        if places and places[-1] + INSTANT >= upper:
            position.before, position.link = places[-1], None
            continue
        if places:
            lower, is_last = places[-1] + INSTANT, False
        since = None if is_last else lower  # the last one takes those with absurd dates along
        resumed = position.link is not None
        if not resumed:
            position.outside_of_window.clear()

        def progress(
            _latest: datetime | None, link: str | None, outside: Sequence[Outside]
        ) -> None:
            position.link = link
            position.outside_of_window.count(outside)
            save(position)

        try:
            pagination = follow_pages(
                client=client,
                workspace_id=workspace_id,
                question=IncidentQuery(ListBy.CREATED, since=since, until=position.before),
                counts=counts,
                budget=budget,
                now=now,
                progress=progress,
                scope=scope,
                link=position.link,
                store=store,
            )
        except SentinelError:
            position.link = None  # links grow stale: the window is read again from its start
            save(position)
            raise
        if not pagination.is_complete:
            return
        if pagination.is_full and position.length > _SHORTEST:
            position.length /= 2
            continue
        finished(
            ReadWindow(
                since,
                position.before,
                None if resumed else pagination.names,
                pagination.latest_modified,
            )
        )
        position.outside.update(position.outside_of_window)
        position.outside_of_window.clear()
        position.before, position.link, position.is_done = lower, None, is_last
        position.length = _fitting(position.length, pagination)
        save(position)
        if budget.is_used_up:
            return


def _fitting(length: timedelta, pagination: Pagination) -> timedelta:
    if pagination.pages > 1:
        return max(length / 2, _SHORTEST)
    return min(length * 2, _LONGEST) if len(pagination.names) < _ROOMY else length
