"""When planned work takes place: one-off, or by a recurrence of RFC 5545 on the clock of its plant.

A recurrence follows the wall clock: work at 02:30 takes place at 02:30 before and after the change
to summer time; an hour that is left out moves forward, one that comes twice counts once. Each time
lasts equally long. Everything is bounded, whatever is in a file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from alerts.planned_work.engine.errors import PlanError
from alerts.sites.engine.time_zones import plant_zones

MAX_LENGTH: Final = timedelta(days=31)
MAX_OCCURRENCES: Final = 1000  # within one horizon
MAX_COUNT: Final = 10_000
YEARS: Final = range(2000, 2100)
# Dates and weekdays come again every 400 years. Rules run that much later, so that one that never
# takes place is given up after 300 years, not after 8,000.
_LATER: Final = 7600
_DAY: Final = timedelta(days=1)
_ANY_DAY: Final = datetime(2026, 1, 1)  # noqa: DTZ001  # rules run on the clock of the plant
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TOO_OFTEN: Final = ("SECONDLY", "MINUTELY", "HOURLY")
_DAY_OF_YEAR: Final = r"[+-]?(0{0,2}[1-9]|0?[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])"


def _list_of(value: str, *, max_length: int) -> str:
    return f"{value}(,{value}){{0,{max_length - 1}}}"


_PARTS: Final = {
    "FREQ": r"[A-Z]+",
    "INTERVAL": r"[1-9][0-9]{0,2}",
    "COUNT": r"[1-9][0-9]{0,4}",
    "UNTIL": r"[0-9]{8}(T[0-9]{6}Z?)?",
    "WKST": r"(MO|TU|WE|TH|FR|SA|SU)",
    "BYDAY": _list_of(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)", max_length=400),
    "BYMONTH": _list_of(r"(0?[1-9]|1[0-2])", max_length=12),
    "BYMONTHDAY": _list_of(r"[+-]?(0?[1-9]|[12][0-9]|3[01])", max_length=62),
    "BYYEARDAY": _list_of(_DAY_OF_YEAR, max_length=100),
    "BYWEEKNO": _list_of(r"[+-]?(0?[1-9]|[1-4][0-9]|5[0-3])", max_length=100),
    "BYSETPOS": _list_of(_DAY_OF_YEAR, max_length=31),
    "BYHOUR": _list_of(r"([01]?[0-9]|2[0-3])", max_length=24),
    "BYMINUTE": r"[0-5]?[0-9]",
    "BYSECOND": r"0?0",
}


@dataclass(frozen=True, slots=True)
class WorkSpan:
    """From when to when, in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """When work takes place. Moments without a zone are read on the clock of `time_zone`."""

    starts_at: datetime
    length: timedelta
    time_zone: str
    rule: str = ""  # RFC 5545 without "RRULE:"; empty for a one-off
    also: tuple[datetime, ...] = ()
    except_at: tuple[datetime, ...] = ()
    moved: tuple[tuple[datetime, timedelta], ...] = ()  # occurrences with a time of their own

    @property
    def is_recurring(self) -> bool:
        """Whether it takes place more than once."""
        return bool(self.rule or self.also or self.moved)


@cache
def _by_folded_name() -> dict[str, str]:
    return {zone.casefold(): zone for zone in plant_zones()}


@lru_cache(maxsize=1024)
def time_zone_named(text: str) -> str:
    """Return the time zone that a person or a calendar means: an IANA name, also behind a prefix,
    or the name that Windows gives it. Raises PlanError for others.
    """
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    name = text.strip().strip('"')
    by_name = _by_folded_name()
    parts = name.strip("/").split("/")
    for n in (len(parts), 3, 2, 1):
        if found := by_name.get("/".join(parts[-n:]).casefold()):
            return found
    if name.casefold() in ("utc", "gmt", "z", "etc/utc"):
        return "UTC"
    if found := WINDOWS_TO_OLSON.get(name):
        return str(found)
    raise PlanError("zone.unknown", zone=text)


def check_schedule(schedule: Schedule) -> None:
    """Raise PlanError unless the schedule can take place."""
    if schedule.time_zone not in plant_zones():
        raise PlanError("zone.unknown", zone=schedule.time_zone)
    moments = [(schedule.starts_at, schedule.length), *schedule.moved]
    for starts_at, length in moments:
        if starts_at.year not in YEARS:
            raise PlanError("time.far", text=f"{starts_at:%Y-%m-%d}")
        if length <= timedelta(0):
            raise PlanError("time.order")
        if length > MAX_LENGTH:
            raise PlanError("time.long", most=MAX_LENGTH.days)
    if schedule.rule:
        read_rule(schedule.rule)


def read_rule(text: str) -> dict[str, str]:
    """Return the parts of a recurrence. Raises PlanError where one is unknown or means nothing."""
    parts: dict[str, str] = {}
    for part in text.strip().removeprefix("RRULE:").rstrip(";").upper().split(";"):
        name, mark, value = part.partition("=")
        if not mark or name in parts:
            raise PlanError("rule.form", text=text[:120])
        if name not in _PARTS:
            raise PlanError("rule.part", part=name[:40])
        if not re.fullmatch(_PARTS[name], value, re.ASCII):
            if name == "FREQ":
                raise PlanError("rule.form", text=text[:120])
            raise PlanError("rule.value", part=name, text=value[:60])
        parts[name] = value
    freq = parts.get("FREQ", "")
    if freq in _TOO_OFTEN:
        raise PlanError("rule.often", freq=freq)
    if freq not in _FREQUENCIES:
        raise PlanError("rule.form", text=text[:120])
    if int(parts.get("COUNT", 0)) > MAX_COUNT:
        raise PlanError("rule.value", part="COUNT", text=parts["COUNT"])
    try:
        rrulestr(_as_rule(parts), dtstart=_ANY_DAY)
    except (ValueError, OverflowError) as error:
        raise PlanError("rule.form", text=text[:120]) from error
    return parts


def occurrences(schedule: Schedule, *, since: datetime, until: datetime) -> list[WorkSpan]:
    """Return the times at which checked work takes place, as far as they touch [since, until), the
    first first. Raises PlanError where they are too many.
    """
    spans = set(_spans(schedule, since, until))
    if len(spans) > MAX_OCCURRENCES:
        raise PlanError("rule.many", most=MAX_OCCURRENCES, days=(until - since).days)
    return sorted(spans, key=lambda span: (span.starts_at, span.ends_at))


def takes_place(schedule: Schedule, *, since: datetime, until: datetime) -> bool:
    """Whether checked work takes place at any time in [since, until)."""
    return any(True for _ in _spans(schedule, since, until))


def _spans(schedule: Schedule, since: datetime, until: datetime) -> Iterator[WorkSpan]:
    zone = ZoneInfo(schedule.time_zone)
    first = since.astimezone(zone).replace(tzinfo=None) - schedule.length - _DAY
    last = until.astimezone(zone).replace(tzinfo=None) + _DAY
    left_out = set(schedule.except_at)
    starts = chain(_starts(schedule, first, last), schedule.also)
    usual = ((at, schedule.length) for at in starts if at not in left_out)
    for at, length in chain(usual, schedule.moved):
        if at.year in YEARS:
            span = _span(at, length, zone)
            if span.ends_at > since and span.starts_at < until:
                yield span


def _span(at: datetime, length: timedelta, zone: ZoneInfo) -> WorkSpan:
    starts_at = at.replace(tzinfo=zone).astimezone(UTC)
    return WorkSpan(starts_at, starts_at + length)


def _starts(schedule: Schedule, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield wall-clock starts from `first` to `last`, and perhaps some before."""
    yield schedule.starts_at
    if not schedule.rule:
        return
    parts = read_rule(schedule.rule)
    count = int(parts.pop("COUNT", 0))
    end = min(_until(parts, schedule.time_zone) or last, last)
    begin = schedule.starts_at if count else _moved_up(schedule.starts_at, parts, first)
    if end < begin:
        return
    parts["UNTIL"] = f"{_by_years(end, _LATER):%Y%m%dT%H%M%S}"
    n = 1  # the first counts, whether the rule names it or not
    for later in rrulestr(_as_rule(parts), dtstart=_by_years(begin, _LATER)):
        at = _by_years(later, -_LATER)
        if at == schedule.starts_at:
            continue
        n += 1
        if (count and n > count) or n > MAX_COUNT:
            return
        yield at


def _by_years(at: datetime, years: int) -> datetime:
    return at.replace(year=at.year + years)


def _moved_up(start: datetime, parts: dict[str, str], first: datetime) -> datetime:
    """Return a later start in the same rhythm, so that no years of the past are counted through."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"], 0) * int(parts.get("INTERVAL", 1))
    if not days or first <= start:
        return start
    return start + timedelta(days=(first - start).days // days * days)


def _until(parts: dict[str, str], time_zone: str) -> datetime | None:
    """Return the last moment of a recurrence on its plant's clock; a bare date counts whole."""
    text = parts.get("UNTIL", "")
    if not text:
        return None
    if int(text[:4]) >= YEARS.stop:  # many calendars write 9999 for a rule without an end
        return None
    try:
        if len(text) == 8:
            return datetime.strptime(text, "%Y%m%d") + _DAY - timedelta(seconds=1)  # noqa: DTZ007  # on the plant's clock
        until = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  # on the plant's clock
    except ValueError as error:
        raise PlanError("rule.value", part="UNTIL", text=text) from error
    if text.endswith("Z"):
        if until.year < YEARS.start:
            return until  # long before anything begins, on any clock
        local = until.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone))
        return local.replace(tzinfo=None)
    return until


def _as_rule(parts: dict[str, str]) -> str:
    """Return the text that dateutil reads; its moments are those of the plant's clock."""
    local_parts = {name: value.removesuffix("Z") for name, value in parts.items()}
    return ";".join(f"{name}={value}" for name, value in local_parts.items())
