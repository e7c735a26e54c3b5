"""Cut a stretch of time into equal periods, and find those that lack data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SHIFT: Final = timedelta(hours=8)  # of a desk that works day and night
INTERVALS: Final = {"shift": SHIFT, "day": timedelta(days=1), "week": timedelta(days=7)}
MAX_PERIODS: Final = 400
# What is late by less counts as read: polls run every 20 s, and a page calls 15 min too old.
GRACE: Final = timedelta(minutes=15)
# A period that lacks more than this share would look like a quiet one.
MAX_MISSING_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """After its start, up to and including its end."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ReportSpan:
    """A stretch of time cut into periods of one length; the last may be shorter."""

    start: datetime
    end: datetime
    step: timedelta

    @property
    def periods(self) -> list[ReportPeriod]:
        """The periods, oldest first."""
        starts = [self.start + n * self.step for n in range(self.count)]
        # Only what is left is added: a whole step could lead beyond the calendar.
        return [ReportPeriod(start, start + min(self.step, self.end - start)) for start in starts]

    @property
    def count(self) -> int:
        """How many periods there are."""
        return max(0, -((self.start - self.end) // self.step))


@dataclass(frozen=True, slots=True)
class Coverage:
    """From when until when everything was read; None where nothing was. `connected_at`: since when
    people decide here, where that is known.
    """

    since: datetime | None
    until: datetime | None
    connected_at: datetime | None = None

    def missing_in(self, period: ReportPeriod) -> timedelta:
        """How much of a period was not read."""
        if self.since is None or self.until is None:
            return period.end - period.start
        until = self.until + GRACE
        first, last = max(period.start, self.since), min(period.end, until)
        return (period.end - period.start) - max(last - first, timedelta())

    def has_gap_in(self, period: ReportPeriod) -> bool:
        """Whether a period lacks so much that its number would mislead."""
        return self.missing_in(period) > (period.end - period.start) * MAX_MISSING_SHARE

    def days_until_a_week(self, now: datetime) -> int:
        """How many days are still missing until there is a week of data."""
        if self.since is None:
            return 7
        missing = timedelta(days=7) - (now - self.since)
        return max(0, -(-missing // timedelta(days=1)))


def covered_by_all(coverages: list[Coverage]) -> Coverage:
    """What is covered everywhere: from the latest start to the earliest end."""
    starts = [coverage.since for coverage in coverages]
    ends = [coverage.until for coverage in coverages]
    return Coverage(
        None if not starts or None in starts else max(at for at in starts if at),
        None if not ends or None in ends else min(at for at in ends if at),
    )


def recorded_by_any(coverages: list[Coverage], until: datetime) -> Coverage:
    """What people did is covered since the first of these was connected, without gaps."""
    starts = [coverage.connected_at for coverage in coverages if coverage.connected_at]
    return Coverage(min(starts, default=None), until)
