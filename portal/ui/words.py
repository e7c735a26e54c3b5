"""Times and numbers in words: how long ago, how long still, how many."""

import re
from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400
_NUMERAL = re.compile(r"(?P<value>\d+(?:\.(?P<fraction>\d+))?)(?P<share> %)?")


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, or how far ahead, roughly."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < MINUTE:
        return gettext("just now")
    span = length(timedelta(seconds=abs(seconds)))
    words = gettext("%(span)s ago") if seconds > 0 else gettext("in %(span)s")
    return words % {"span": span}


def length(span: timedelta) -> str:
    """A length of time with its one or two largest units."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < HOUR:
        return gettext("%(n)s min") % {"n": number(max(1, seconds // MINUTE))}
    if seconds < DAY:
        hours, minutes = divmod(seconds // MINUTE, 60)
        if hours >= 10 or not minutes:
            return gettext("%(n)s h") % {"n": number(hours)}
        return gettext("%(hours)s h %(minutes)s") % {"hours": hours, "minutes": f"{minutes:02d}"}
    days = seconds // DAY
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": number(days)}


def number(value: float, digits: int = 0) -> str:
    """A number as the language writes it: 1,234 or 5.2, in German 1.234 or 5,2."""
    # Django cuts digits off where Python rounds them.
    return number_format(f"{value:.{digits}f}", decimal_pos=digits, force_grouping=True)


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 in percent: 10.5 %, in German 10,5 %. Only nothing is 0 %, only all is 100 %."""
    rounded, step = round(share * 100, digits), 10.0**-digits
    if 0 < share < 1:
        rounded = min(max(rounded, step), 100 - step)
    return gettext("%(n)s %%") % {"n": number(rounded, digits)}


def numeral(text: str) -> str:
    """A number or share in plain notation, like 1234.5 or 10.5 %, as the language writes it."""
    found = _NUMERAL.fullmatch(text)
    if found is None:
        return text
    digits = len(found["fraction"] or "")
    value = float(found["value"])
    return percent(value / 100, digits) if found["share"] else number(value, digits)


def hours(minutes: float) -> str:
    """Work in hours: 45 min, 5.2 h, 143 h."""
    if round(minutes) < 60:
        return gettext("%(n)s min") % {"n": number(minutes)}
    span = minutes / 60
    return gettext("%(n)s h") % {"n": number(span, 1 if round(span, 1) < 10 else 0)}


def for_scripts() -> dict[str, str]:
    """The same words for scripts, which keep ages and countdowns going."""
    return {
        "now": gettext("just now"),
        "ago": gettext("%(span)s ago"),
        "ahead": gettext("in %(span)s"),
        "minutes": gettext("%(n)s min"),
        "hours": gettext("%(n)s h"),
        "hoursMinutes": gettext("%(hours)s h %(minutes)s"),
        "day": ngettext("%(n)s day", "%(n)s days", 1),
        "days": ngettext("%(n)s day", "%(n)s days", 2),
        "late": gettext("Late %(span)s"),
        "secondsLeft": gettext("%(n)s s"),
        "undo": gettext("Undo"),
        "dismiss": gettext("Dismiss"),
        "offline": gettext("The portal could not be reached. What you see may be out of date."),
        "retry": gettext("Try again"),
    }
