"""Severity, priority, time left, verdict: states that are never shown by colour alone."""

from datetime import datetime, timedelta
from typing import Any

from django.template import Library
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.ui.tags.basics import chip, icon
from portal.ui.tags.html import EMPTY, classes, joined
from portal.ui.tags.values import now_of
from portal.ui.words import length

register = Library()

RED_FROM, AMBER_FROM = 85, 40
SOON_SHARE = 0.25  # the last quarter of the time is amber

_BARS = ((0, 5), (5.2, 9), (10.4, 13))
_SEVERITIES: dict[str, tuple[str, int, Promise]] = {
    "high": ("high", 3, _("High")),
    "medium": ("medium", 2, _("Medium")),
    "low": ("low", 1, _("Low")),
    "informational": ("info", 0, _("Informational")),
}
VERDICTS: dict[str, tuple[str, str, Promise, Promise]] = {
    "routine": ("ok", "repeat", _("Routine"), _("Normal traffic, happens often")),
    "maintenance": ("maint", "wrench", _("Maintenance"), _("Expected, planned work")),
    "suspicious": ("high", "flag", _("Suspicious"), _("We did not do this")),
    "not-sure": (
        "info",
        "circle-question-mark",
        _("Not sure"),
        _("Pass on or ask for more"),
    ),
}


def verdict_key(verdict: str) -> str:
    """The kit's name of a verdict, whether it came as not_sure or not-sure."""
    return verdict.lower().replace("_", "-").replace(" ", "-")


@register.simple_tag
def sev(level: str, *, has_word: bool = True) -> SafeString:
    """Severity as bars and word, in Sentinel's names; an unknown one is shown as it came. Without
    the word it is a hint on the bars, and read aloud.
    """
    css, filled, word = _SEVERITIES.get(level.lower(), ("info", 0, level))
    bars = joined(
        format_html(
            '<rect{} x="{}" y="{}" width="3.6" height="{}" rx="1"/>',
            format_html(' class="{}"', "on") if at < filled else EMPTY,
            x,
            14 - height,
            height,
        )
        for at, (x, height) in enumerate(_BARS)
    )
    return format_html(
        '<span class="severity is-{}"{}><svg class="severity-bars" viewBox="0 0 15 14"'
        ' aria-hidden="true">{}</svg>{}</span>',
        css,
        EMPTY if has_word else format_html(' title="{}"', word),
        bars,
        word if has_word else format_html('<span class="hear-only">{}</span>', word),
    )


@register.simple_tag
def prio(value: int) -> SafeString:
    """Priority 0–100: red from 85, amber from 40."""
    tone = "red" if value >= RED_FROM else "amber" if value >= AMBER_FROM else ""
    return format_html(
        '<span class="{}"><span class="hear-only">{} </span>{}</span>',
        classes("priority", f"priority-{tone}" if tone else ""),
        gettext("Priority"),
        value,
    )


@register.simple_tag(takes_context=True)
def sla(
    context: dict[str, Any],
    due: datetime | None,
    *,
    start: datetime | None = None,
    answered: bool = False,
    wording: str = "",
) -> SafeString:
    """Time left until `due`, kept going by the browser. Amber in the last quarter, red when late.

    start: when the clock began (for the amber). wording: a sentence around the time, like
    "due in %s" (a late one always says "Late …").
    """
    if answered:
        return format_html('<span class="sla"><span class="muted">{}</span></span>', _("Answered"))
    if due is None:
        return format_html('<span class="sla"><span class="muted">{}</span></span>', "–")
    now = now_of(context)
    left = due - now
    soon_at = due - (due - start) * SOON_SHARE if start else due - timedelta(minutes=30)
    if left <= timedelta():
        tone, words = "sla-late", gettext("Late %(span)s") % {"span": length(-left)}
    else:
        tone = "sla-soon" if now >= soon_at else ""
        words = (wording or "%s") % length(left)
    return format_html(
        '<span class="{}" data-due="{}" data-soon="{}" data-wording="{}">{}'
        '<time datetime="{}">{}</time></span>',
        classes("sla", tone),
        due.isoformat(),
        soon_at.isoformat(),
        wording or "%s",
        icon("timer", "s"),
        due.isoformat(),
        words,
    )


register.simple_tag(sla, takes_context=True, name="countdown")


@register.simple_tag
def verdict_badge(verdict: str, detail: str = "") -> SafeString:
    """OT's verdict as icon and word; detail follows the word, like "11 of 12"."""
    kind, picture, word, _hint = VERDICTS[verdict_key(verdict)]
    return chip(f"{word} {detail}".strip(), kind, picture)
