"""A week of planned work as shapes: half-hours of the plant's clock, and the alerts beside them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID

from django.utils.translation import gettext

from alerts.planned_work.engine.matching import SLACK
from alerts.planned_work.models import Occurrence
from alerts.planned_work.queries import MarkedAlert
from portal.ui.moments import day_of, month_of

SLOTS = 48  # half-hours of a day
MAX_LANES = 3
WEEK = timedelta(days=7)
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class DayBlock:
    """One shape of a day: work, its slack, or its overrun, and the half-hours that it takes."""

    work: UUID
    first: int
    last: int
    kind: str  # work, slack, over
    title: str = ""
    detail: str = ""
    hours: str = ""
    is_recurring: bool = False
    is_ahead: bool = False
    lane: int = 1
    lanes: int = 1

    @property
    def css(self) -> str:
        """Classes for its place."""
        lane = f" lane-{self.lane}-of-{self.lanes}" if self.lanes > 1 else ""
        return f"{_row('from', self.first)} {_row('to', self.last)}{lane}"

    def overlaps(self, other: "DayBlock") -> bool:
        """Whether both overlap."""
        return self.first < other.last and other.first < self.last


@dataclass(frozen=True, slots=True)
class DayMark:
    """An alert at its half-hour."""

    first: int
    is_expected: bool

    @property
    def css(self) -> str:
        """The class for its place."""
        return _row("from", self.first)


@dataclass(slots=True)
class Day:
    """One day of the week."""

    label: str
    is_today: bool
    now_css: str = ""
    now_words: str = ""
    blocks: list[DayBlock] = field(default_factory=list)
    marks: list[DayMark] = field(default_factory=list)


def monday_of(text: str, *, today: date) -> date:
    """Return the Monday of the week that an address names by any of its days, else of today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    if not 2000 <= day.year < 2100:
        day = today
    return day - timedelta(days=day.weekday())


def start_of(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day on the clock of a plant."""
    return datetime.combine(day, time(), tzinfo=zone)


def week_words(monday: date) -> str:
    """Return a week in words: 23–29 Nov 2026."""
    sunday = monday + timedelta(days=6)
    end = f"{sunday.day} {month_of(sunday.month)} {sunday.year}"
    if monday.month == sunday.month:
        return f"{monday.day}–{end}"
    return f"{monday.day} {month_of(monday.month)} – {end}"


def day_heading(day: date, now: datetime) -> str:
    """Return a day as a heading of the list: Thu 26 Nov."""
    moment = datetime.combine(day, time(), tzinfo=now.tzinfo)
    return f"{gettext(DAY_NAMES[day.weekday()])} {day_of(moment, now)}"


def days_of(
    monday: date,
    occurrences: Collection[Occurrence],
    marks: Sequence[MarkedAlert],
    *,
    zone: tzinfo,
    now: datetime,
) -> list[Day]:
    """Return the seven days with what takes place, as far as it lies in them."""
    return [
        _day(monday + timedelta(days=n), occurrences, marks, zone=zone, now=now) for n in range(7)
    ]


def _day(
    day: date,
    occurrences: Collection[Occurrence],
    marks: Sequence[MarkedAlert],
    *,
    zone: tzinfo,
    now: datetime,
) -> Day:
    begin, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
    local = now.astimezone(zone)
    words = f"{gettext(DAY_NAMES[day.weekday()])} {day.day}"
    made = Day(words, is_today=begin <= now < end)
    if made.is_today:
        made.label = gettext("%(day)s, today") % {"day": words}
        made.now_css, made.now_words = _row("from", _slot(local)), f"{local:%H:%M}"
    for occurrence in occurrences:
        made.blocks += _blocks(occurrence, begin, end, zone=zone, now=now)
    made.blocks = _in_lanes(made.blocks)
    here = [mark for mark in marks if begin <= mark.at < end]
    slots: dict[int, bool] = {}  # an unexpected one hides the expected ones of its half-hour
    for mark in here:
        slot = _slot(mark.at.astimezone(zone))
        slots[slot] = slots.get(slot, True) and mark.is_expected
    made.marks = [DayMark(*item) for item in sorted(slots.items())]
    return made


def _blocks(
    occurrence: Occurrence, begin: datetime, end: datetime, *, zone: tzinfo, now: datetime
) -> list[DayBlock]:
    """Return the shapes of an occurrence in one day: the plan, its slack and its overrun."""
    revision = occurrence.revision
    starts, ends = occurrence.starts_at.astimezone(zone), occurrence.ends_at.astimezone(zone)
    shape = DayBlock(
        occurrence.work.uuid,
        0,
        1,
        "work",
        revision.title,
        " · ".join(filter(None, (revision.work_order, revision.vendor))),
        f"{starts:%H:%M}–{ends:%H:%M}",
        revision.is_recurring,
        occurrence.starts_at > now,
    )
    spans = [("work", occurrence.starts_at, occurrence.ends_at)]
    if occurrence.late_until is not None and occurrence.done_at is None:
        spans.append(("slack", occurrence.ends_at, occurrence.ends_at + SLACK))
        spans.append(("over", occurrence.ends_at + SLACK, min(now, occurrence.late_until)))
    placed = ((kind, _place(start, stop, begin, end, zone)) for kind, start, stop in spans)
    return [
        replace(shape, first=place[0], last=place[1], kind=kind)
        for kind, place in placed
        if place is not None
    ]


def _place(
    start: datetime, stop: datetime, begin: datetime, end: datetime, zone: tzinfo
) -> tuple[int, int] | None:
    """Return the half-hours of a span within a day; None where it has none there."""
    first, last = max(start, begin), min(stop, end)
    if first >= last:
        return None
    begins = _slot(first.astimezone(zone))
    ends = SLOTS if last == end else _slot(last.astimezone(zone) + timedelta(minutes=29))
    return begins, max(ends, begins + 1)


def _slot(local: datetime) -> int:
    return local.hour * 2 + local.minute // 30


def _row(edge: str, slot: int) -> str:
    """Return the classes whose sum is this half-hour, see planned_work.css."""
    return " ".join(f"{edge}-{bit}" for bit in (32, 16, 8, 4, 2, 1) if slot & bit)


def _in_lanes(blocks: Sequence[DayBlock]) -> list[DayBlock]:
    """Return the shapes beside each other where several works overlap."""
    lanes: dict[UUID, int] = {}
    for block in sorted(blocks, key=lambda block: block.first):
        if block.work not in lanes:
            beside = [other for other in blocks if other.overlaps(block)]
            taken = {lanes[other.work] for other in beside if other.work in lanes}
            lanes[block.work] = min(set(range(1, len(taken) + 2)) - taken)
    made = []
    for block in blocks:
        most = max(lanes[other.work] for other in blocks if other.overlaps(block))
        lane = min(lanes[block.work], MAX_LANES)
        made.append(replace(block, lane=lane, lanes=min(most, MAX_LANES)))
    return made
