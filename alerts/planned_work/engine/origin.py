"""Since when work of a file was known, and by what: by Tagout's clock or by the file's own word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class OriginKind(StrEnum):
    """What the moment rests on since which work is known."""

    TAGOUT = "tagout"  # somebody entered it then, or the file came then
    CALENDAR = "calendar"  # the file says when it was written down
    START = "start"  # the file does not: it was known when it began, at the latest


class WorkOrigin(NamedTuple):
    """Since when one time of a work is known, and what that rests on."""

    at: datetime
    by: OriginKind


@dataclass(frozen=True, slots=True)
class FileTimes:
    """What a file states of when a work was written down; None where it states nothing."""

    created_at: datetime | None = None
    stamped_at: datetime | None = None  # DTSTAMP: when it was last written, or the file was made
    changed_at: datetime | None = None  # LAST-MODIFIED


def work_origin(
    times: FileTimes, *, starts_at: datetime, is_recurring: bool, stored_at: datetime
) -> WorkOrigin:
    """Return since when one time of a work of a file is known that was stored at this moment.

    What is still to come is known since it was stored. What had begun was known since the moment at
    which the file has it written down, or changed, where it takes place once; a moment in the
    future is not believed. Without such a date a stamp from before its start proves as much; else
    only its start is left.
    """
    if stored_at <= starts_at:
        return WorkOrigin(stored_at, OriginKind.TAGOUT)
    if times.created_at is not None:
        if times.created_at > stored_at:
            return WorkOrigin(stored_at, OriginKind.TAGOUT)
        written_at = times.created_at
        if not is_recurring and times.changed_at is not None:
            written_at = max(written_at, times.changed_at)
        return WorkOrigin(min(written_at, stored_at), OriginKind.CALENDAR)
    if times.stamped_at is not None and times.stamped_at <= starts_at:
        return WorkOrigin(times.stamped_at, OriginKind.CALENDAR)
    return WorkOrigin(starts_at, OriginKind.START)
