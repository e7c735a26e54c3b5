"""A pattern as a sentence about the plant in the reader's language, and its hours."""

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext, ngettext, pgettext

from alerts.incidents.engine.rhythm import HourWindow
from alerts.incidents.wording import window_words
from alerts.patterns.engine import phrases
from alerts.patterns.engine.hours import DAY, Hours
from alerts.patterns.engine.pattern import MinedPattern
from alerts.patterns.engine.sides import PatternSide
from alerts.patterns.models import Pattern
from portal.ui.moments import hours_zone, zone_of
from portal.ui.words import number


class ReaderLanguage:
    """Texts and counts in the language of the page."""

    gettext = staticmethod(gettext)
    ngettext = staticmethod(ngettext)
    pgettext = staticmethod(pgettext)
    number = staticmethod(number)


def pattern_headline(row: Pattern) -> str:
    """Return who does what to whom, as the title of its rule has it. Hours are beside it."""
    return phrases.purpose_sentence(row.process, row.types_by_weight, ReaderLanguage())


def side_words(side: PatternSide) -> str:
    """Return a side in a few words; nothing where alerts name nobody there."""
    return phrases.side_phrase(side, ReaderLanguage())


def hours_words(pattern: MinedPattern, zone: str) -> str:
    """Return when it happens, for the end of a sentence. `zone` is of the plant."""
    if pattern.planned_work:
        return gettext("within planned work: %(kind)s") % {"kind": pattern.planned_work}
    if pattern.hours is None:
        return gettext("at any hour")
    return window_of_hours(pattern.hours, zone)


def window_of_hours(hours: Hours, zone: str) -> str:
    """Return hours of the week: Thu 22:00–02:00, with their clock where it could be doubted."""
    clock = "UTC" if hours.is_utc else hours_zone(zone)
    end = hours.start + hours.length
    if hours.length >= DAY:
        words = window_words(HourWindow(hours.weekdays, 0, DAY))
    elif end > DAY:
        words = window_words(HourWindow(hours.weekdays, hours.start, end - DAY))
    else:
        words = window_words(HourWindow(hours.weekdays, hours.start, end))
    return f"{words} {clock}".strip()


def plant_hours_words(hours: Hours, zone: str, *, year: int) -> str:
    """Return hours in UTC on the plant's clock, on either side of its change of clocks. Nothing
    where they are on it already, and where another weekday would have to be named.
    """
    clock = zone_of(zone)
    if not hours.is_utc or clock is None or hours.length >= DAY:
        return ""
    starts: list[datetime] = []
    for month in (1, 7):
        in_utc = datetime(year, month, 2, hours.start, tzinfo=UTC)
        start = in_utc.astimezone(clock).replace(tzinfo=None)
        if len(hours.weekdays) < 7 and start.day != in_utc.day:
            return ""
        starts.append(start)
    length = timedelta(hours=hours.length)
    first, second = (f"{start:%H:%M}–{start + length:%H:%M}" for start in starts)
    if first == second:
        return gettext("At the plant that is %(hours)s.") % {"hours": first}
    return gettext("At the plant that is %(first)s in January and %(second)s in July.") % {
        "first": first,
        "second": second,
    }
