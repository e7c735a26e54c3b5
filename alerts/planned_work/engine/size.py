"""How much time planned work may open for rules of strict types: which work needs a second person
first, and how many hours of a week it takes in all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from alerts.planned_work.engine.recurrence import Span

MAX_ALONE: Final = timedelta(hours=24)  # what one person of OT may open by planning it
WEEK: Final = timedelta(days=7)


def needs_second_person(*, is_recurring: bool, length: timedelta) -> bool:
    """Whether work time-boxes alerts only once somebody else has confirmed it."""
    return is_recurring or length > MAX_ALONE


def is_boxing(
    span: Span,
    *,
    at: datetime,
    is_recurring: bool,
    declared_at: datetime,
    known_from: datetime,
    confirmed_at: Iterable[datetime],
) -> bool:
    """Whether an occurrence that names its devices time-boxes an alert of this moment: it was
    planned before it began, it stood so when the alert came, and a second person had confirmed it
    so where that is needed.
    """
    if declared_at > span.starts_at or known_from > at:
        return False
    if not needs_second_person(is_recurring=is_recurring, length=span.ends_at - span.starts_at):
        return True
    return any(known_from <= moment <= at for moment in confirmed_at)


def widest_week(spans: Iterable[Span], *, around: datetime | None = None) -> timedelta:
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


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.starts_at):
        if span.ends_at <= span.starts_at:
            continue
        if merged and span.starts_at <= merged[-1].ends_at:
            latest = max(merged[-1].ends_at, span.ends_at)
            merged[-1] = Span(merged[-1].starts_at, latest)
        else:
            merged.append(span)
    return merged


def _plus(one: timedelta, other: timedelta) -> timedelta:
    return one + other
