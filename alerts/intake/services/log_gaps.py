"""Seconds of a workspace's past that Log Analytics does not return whole in one answer: they are
left out, counted, and asked for again once a day and whenever somebody asks for the past.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

RETRY_EVERY = timedelta(days=1)
MAX_GAPS = 10  # more than that is no matter of single records: the backfill fails instead

type Gap = Mapping[str, Any]  # `since`, `until`, `tried_at` (None: to be tried at once), as text


def with_gap(gaps: Sequence[Gap], *, since: datetime, until: datetime, now: datetime) -> list[Gap]:
    """Return the gaps with one more, or with this one tried now."""
    gap = {"since": since.isoformat(), "until": until.isoformat(), "tried_at": now.isoformat()}
    return [*without_gap(gaps, gap=gap), gap]


def without_gap(gaps: Sequence[Gap], *, gap: Gap) -> list[Gap]:
    """Return the gaps without the one of these bounds."""
    return [other for other in gaps if bounds_of(other) != bounds_of(gap)]


def to_be_tried(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the gaps so that all of them are due."""
    return [{**gap, "tried_at": None} for gap in gaps]


def due_gap(gaps: Sequence[Gap], *, now: datetime) -> Gap | None:
    """Return the first gap that is to be tried again."""
    for gap in gaps:
        tried_at = gap["tried_at"]
        if tried_at is None or datetime.fromisoformat(tried_at) <= now - RETRY_EVERY:
            return gap
    return None


def bounds_of(gap: Gap) -> tuple[datetime, datetime]:
    """Return since and until when a gap reaches."""
    return datetime.fromisoformat(gap["since"]), datetime.fromisoformat(gap["until"])
