"""Times and numbers in words: how long ago, how long still, how many."""

from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400


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
        return gettext("%(n)s min") % {"n": max(1, seconds // MINUTE)}
    if seconds < DAY:
        hours, minutes = divmod(seconds // MINUTE, 60)
        if hours >= 10 or not minutes:
            return gettext("%(n)s h") % {"n": hours}
        return gettext("%(hours)s h %(minutes)s") % {"hours": hours, "minutes": f"{minutes:02d}"}
    days = seconds // DAY
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def number(n: int) -> str:
    """A number that counts things, with the language's mark between thousands."""
    return number_format(n, force_grouping=True)


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
        "offline": gettext("The portal could not be reached. What you see may be old."),
        "retry": gettext("Try again"),
    }
