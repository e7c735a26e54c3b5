"""Moments: stored in UTC, shown in plant time or UTC, exact on demand."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.template import Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from portal.ui.words import ago

register = Library()

_RELATIVE_UNDER = timedelta(hours=24)


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo | None:
    """The time zone of this name; None when the machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def now_of(context: dict[str, Any]) -> datetime:
    """The page's time: the view's `now`, or else the frame's."""
    now: datetime = context.get("now") or context["shell"].now
    return now


def zone_for(context: dict[str, Any], zone: str | tzinfo | None) -> tzinfo:
    """In which zone a moment is shown: UTC by the person's wish, else the plant's."""
    shell = context.get("shell")
    if shell is not None and shell.in_utc:
        return UTC
    wanted = zone_of(zone) if isinstance(zone, str) else zone
    return wanted or timezone.get_current_timezone()


def month_of(month: int) -> str:
    """The short name of a month, 1 to 12, in the person's language."""
    names = pgettext("months", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
    return names.split()[month - 1]


def date_of(moment: datetime, *, year: bool = True) -> str:
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


def exact(local: datetime, moment: datetime) -> str:
    """The whole truth for a tooltip: plant time with its zone, and UTC."""
    shown = f"{date_of(local)}, {local:%H:%M:%S} {local.tzname()}"
    utc = moment.astimezone(UTC)
    return shown if local.utcoffset() == timedelta() else f"{shown} · {utc:%d.%m. %H:%M:%S} UTC"


@register.simple_tag(takes_context=True)
def time(
    context: dict[str, Any],
    moment: datetime | None,
    style: str = "relative",
    *,
    zone: str | tzinfo | None = None,
) -> SafeString:
    """A moment with an exact tooltip. zone: the plant's, like "Europe/Warsaw".

    style relative: "6 min ago" under 24 h, else day and time; clock: 09:38, with the day when it is
    another one; day: 25 Nov; full: 25 Nov 2026, 09:38:12 CET.
    """
    if moment is None:
        return format_html('<span class="muted">{}</span>', gettext("unknown"))
    now = now_of(context)
    local = moment.astimezone(zone_for(context, zone))
    today = now.astimezone(local.tzinfo)
    whole = exact(local, moment)
    if style == "relative" and abs(now - moment) < _RELATIVE_UNDER:
        return format_html(
            '<time datetime="{}" title="{}" data-relative>{}</time>',
            moment.isoformat(),
            whole,
            ago(moment, now),
        )
    if style == "full":
        words = f"{date_of(local)}, {local:%H:%M:%S} {local.tzname()}"
    elif style == "day":
        words = day_of(local, today)
    elif style == "clock" and local.date() == today.date():
        words = f"{local:%H:%M}"
    else:
        words = f"{day_of(local, today)}, {local:%H:%M}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), whole, words)
