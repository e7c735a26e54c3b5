"""Moments and numbers in templates, as `portal.ui.moments` and `portal.ui.words` write them. What
is no number stays as it is, like the dash of a value that is not known.
"""

from collections.abc import Collection
from datetime import date, datetime, tzinfo
from typing import Any, Literal

from django.conf import settings
from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui import words
from portal.ui.moments import date_of, moment_of, reader_clock

register = Library()


def now_of(context: dict[str, Any]) -> datetime:
    """The page's time: the view's `now`, or else the frame's."""
    now: datetime = context.get("now") or context["shell"].now
    return now


@register.filter
def plant_zone(ids: Collection[int] | Literal[""]) -> str:
    """The time zone of the plants of these ids, like `incident.site_ids`. Nothing of nothing."""
    return "" if ids == "" else reader_clock().zone_of_plants(ids)


@register.filter
def day(value: date) -> str:
    """25 Nov 2026, of a day that is no moment."""
    return date_of(value)


@register.simple_tag(takes_context=True)
def time(
    context: dict[str, Any],
    moment: datetime | None,
    style: str = "relative",
    *,
    zone: str | tzinfo | None,
    is_local: bool = False,
) -> SafeString:
    """A moment with an exact tooltip, in one of the styles of `moment_words`.

    zone: the plant's, like "Europe/Warsaw", or "reader" for what belongs to no plant. Every
    moment names one; None where the plant is not known.
    """
    if zone == "" and (settings.TESTING or settings.DEBUG):  # what a template calls nothing
        raise ValueError("A moment was given an empty zone: its page does not know of which plant.")
    if moment is None:
        return format_html('<span class="muted">{}</span>', gettext("unknown"))
    words = moment_of(moment, now_of(context), zone, style=style, is_local=is_local)
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        words.iso,
        words.whole,
        " data-relative" if words.relative else "",
        words.words,
    )


@register.filter
def number(value: object, digits: int = 0) -> object:
    """1,234; with digits, 5.2."""
    return words.number(value, digits) if isinstance(value, (int, float)) else value


@register.filter
def percent(value: object, digits: int = 1) -> object:
    """A share of 1 as 10.5 %."""
    return words.percent(value, digits) if isinstance(value, (int, float)) else value


@register.filter
def hours(minutes: object) -> object:
    """Minutes of work as 45 min or 5.2 h."""
    return words.hours(minutes) if isinstance(minutes, (int, float)) else minutes
