"""How much time planned work may open for rules of strict types: which work needs a second person
first, and how many hours of a week it takes in all.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from alerts.planned_work.engine.recurrence import WorkSpan

MAX_ALONE: Final = timedelta(hours=24)  # what one person of OT may open by planning it
WEEK: Final = timedelta(days=7)


def needs_second_person(*, is_recurring: bool, length: timedelta) -> bool:
    """Whether work time-boxes alerts only once somebody else has confirmed it."""
    return is_recurring or length > MAX_ALONE


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedTime:
    """One time of work that names its devices, with what decides since when it time-boxes alerts:
    when it was declared first and stood as it does, whether it came by a token, and when people
    confirmed what it says.
    """

    span: WorkSpan
    is_recurring: bool
    came_by_token: bool
    declared_at: datetime
    known_from: datetime
    confirmed_at: Sequence[datetime] = ()

    @property
    def begins_at(self) -> datetime | None:
        """Since when it time-boxes what comes; None where it never does. Work that was declared
        after its start boxes nothing; recurring and long work, and work that came by a token, does
        so only once it was confirmed as it is now.
        """
        if self.declared_at > self.span.starts_at:
            return None
        begins = max(self.span.starts_at, self.known_from)
        if not self.needs_confirmation:
            return begins
        confirmed = [moment for moment in self.confirmed_at if moment >= self.known_from]
        return max(begins, min(confirmed)) if confirmed else None

    @property
    def needs_confirmation(self) -> bool:
        """Whether somebody has to confirm it before it time-boxes anything."""
        length = self.span.ends_at - self.span.starts_at
        return self.came_by_token or needs_second_person(
            is_recurring=self.is_recurring, length=length
        )

    def boxes(self, at: datetime) -> bool:
        """Return whether it time-boxes an alert of this moment, as far as its beginning goes."""
        return self.begins_at is not None and self.begins_at <= at


def widest_week(spans: Iterable[WorkSpan], *, around: datetime | None = None) -> timedelta:
    """Return the most time that these spans take together in seven days on end; `around`: of those
    seven days that hold this moment.
    """
    merged = _merged(spans)
    if not merged:
        return timedelta()
    edges = [moment for span in merged for moment in (span.starts_at, span.ends_at)]
    begins = [*edges, *(edge - WEEK for edge in edges)]
    if around is not None:
        begins = [moment for moment in begins if around - WEEK <= moment <= around]
        begins += [around - WEEK, around]
    starts = [span.starts_at for span in merged]
    sums = [timedelta(), *accumulate((span.ends_at - span.starts_at for span in merged), _plus)]

    def taken_until(moment: datetime) -> timedelta:
        n = bisect_right(starts, moment)
        rest = max(merged[n - 1].ends_at - moment, timedelta()) if n else timedelta()
        return sums[n] - rest

    return max(taken_until(begin + WEEK) - taken_until(begin) for begin in begins)


def _merged(spans: Iterable[WorkSpan]) -> list[WorkSpan]:
    merged: list[WorkSpan] = []
    for span in sorted(spans, key=lambda span: span.starts_at):
        if span.ends_at <= span.starts_at:
            continue
        if merged and span.starts_at <= merged[-1].ends_at:
            latest = max(merged[-1].ends_at, span.ends_at)
            merged[-1] = WorkSpan(merged[-1].starts_at, latest)
        else:
            merged.append(span)
    return merged


def _plus(one: timedelta, other: timedelta) -> timedelta:
    return one + other
