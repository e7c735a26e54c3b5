"""Moments in words: stored in UTC, shown on the clock that the reader wants, exact on demand."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from django.utils.translation import get_language, gettext, pgettext

from portal.ui.words import ago, numeral
from portal.ui.zones import READER, reader_clock, zone_of

RELATIVE_UNDER = timedelta(hours=24)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment ready to be placed: short words, the whole truth, and what scripts keep going."""

    iso: str
    words: str
    whole: str
    relative: bool


def month_of(month: int) -> str:
    """The short name of a month, 1 to 12, in the person's language."""
    names = pgettext("months", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
    return names.split()[month - 1]


def date_of(moment: date, *, year: bool = True) -> str:
    """25 Nov 2026, or 25 Nov, as the person's language writes it."""
    words = _date(moment.month, moment.day, get_language())
    return f"{words} {moment.year}" if year else words


@lru_cache(maxsize=1024)
def _date(month: int, day: int, language: str | None) -> str:
    """A day of any year: a list names the same few, often twice a row."""
    return gettext("%(day)s %(month)s") % {"day": day, "month": month_of(month)}


def day_of(moment: datetime, now: datetime) -> str:
    """25 Nov, with the year when it is another one."""
    return date_of(moment, year=moment.year != now.year)


def zone_name(local: datetime) -> str:
    """CET, or UTC+05:30 where a zone has only a number."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


def exact(local: datetime, moment: datetime) -> str:
    """The whole truth for a tooltip: the shown clock with its zone, and UTC."""
    text = f"{date_of(local)}, {local:%H:%M:%S} {zone_name(local)}"
    if local.utcoffset() == timedelta():
        return text
    utc = moment.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{date_of(utc, year=False)}, "
    return f"{text} ({day}{utc:%H:%M:%S} UTC)"


def moment_words(
    moment: datetime,
    now: datetime,
    *,
    zone: str | tzinfo | None,
    style: str = "clock",
    is_local: bool = False,
) -> str:
    """When it was, in a few words, with the name of the zone where it could be doubted.

    zone: the plant's, `READER` for what belongs to none. style relative: "6 min ago" under 24 h,
    else day and time; clock: 09:38, with the day when it is another one; day: 25 Nov; full:
    25 Nov 2026, 09:38:12 CET. is_local: the page already says on whose clock its rows are.
    """
    if style == "relative" and abs(now - moment) < RELATIVE_UNDER:
        return ago(moment, now)
    clock = reader_clock()
    local = moment.astimezone(clock.zone(zone))
    today = now.astimezone(local.tzinfo)
    if style == "full":
        return f"{date_of(local)}, {local:%H:%M:%S} {zone_name(local)}"
    if style == "day":
        return day_of(local, today)
    words = f"{local:%H:%M}"
    if style == "relative" or local.date() != today.date():
        words = f"{day_of(local, today)}, {words}"
    return words if is_local or not clock.is_doubtful(local) else f"{words} {zone_name(local)}"


def period_words(
    first: datetime,
    latest: datetime,
    now: datetime,
    zone: str | tzinfo | None,
    *,
    is_local: bool = False,
    is_dated: bool = False,
) -> str:
    """Return from when to when: 09:12–11:40 of today, 24 Nov, 09:12–11:40, or 3 Aug – 25 Nov. Hours
    name their zone as moments do. is_dated: also today has its date, for what is read later.
    """
    clock = reader_clock()
    begin, end = (moment.astimezone(clock.zone(zone)) for moment in (first, latest))
    today = now.astimezone(end.tzinfo)
    if begin.date() != end.date():
        return f"{day_of(begin, today)} – {day_of(end, today)}"
    hours = " – ".join(dict.fromkeys((f"{begin:%H:%M}", f"{end:%H:%M}"))).replace(" ", "")
    is_today = end.date() == today.date() and not is_dated
    words = hours if is_today else f"{day_of(end, today)}, {hours}"
    return words if is_local or not clock.is_doubtful(end) else f"{words} {zone_name(end)}"


def hours_zone(zone: str | tzinfo | None) -> str:
    """The name of the zone of weekly hours, where it could be doubted; else nothing.

    Hours of the week keep the plant's clock whatever the reader has chosen. Those of no plant are
    hours of UTC.
    """
    clock = reader_clock()
    named = zone_of(zone) if isinstance(zone, str) else zone
    expected = [clock.chosen] if clock.chosen is not None else clock.plants
    return "" if expected == [named] else str(named or UTC)


def value_words(text: str, zone: str | tzinfo | None = READER) -> str:
    """A number, a share or a moment in plain notation, as the page writes it: 1234, 10.5 %,
    2026-11-25T08:44:00Z. Whatever else it is stays as it is.
    """
    if not _INSTANT.fullmatch(text):
        return numeral(text)
    local = datetime.fromisoformat(text).astimezone(reader_clock().zone(zone))
    return f"{date_of(local)}, {local:%H:%M} {zone_name(local)}"


def moment_of(
    moment: datetime,
    now: datetime,
    zone: str | tzinfo | None,
    *,
    style: str = "relative",
    is_local: bool = False,
) -> Moment:
    """The same with all that a page places beside the words."""
    relative = style == "relative" and abs(now - moment) < RELATIVE_UNDER
    words = moment_words(moment, now, zone=zone, style=style, is_local=is_local)
    local = moment.astimezone(reader_clock().zone(zone))
    return Moment(moment.isoformat(), words, exact(local, moment), relative)
