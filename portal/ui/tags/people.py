"""Who did it: avatar and team."""

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.tags.basics import chip, icon
from portal.ui.tags.html import classes

register = Library()

_SYSTEM_ICONS = {"portal": "bot", "sentinel": "radio-tower"}


def initials_of(name: str) -> str:
    """One or two letters for an avatar."""
    parts = [part for part in name.split() if part[0].isalnum()]
    ends = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "".join(part[0] for part in ends).upper()


@register.simple_tag
def avatar(name: object = "", team: str = "soc", *, spoken: bool = True) -> SafeString:
    """A person's initials: indigo for the SOC, teal for OT; team portal or sentinel gives a sign.

    Without a name nobody is assigned. spoken=False when the name stands beside it.
    """
    words = str(name or "")
    if team in _SYSTEM_ICONS:
        return format_html(
            '<span class="avatar avatar-system">{}</span>', icon(_SYSTEM_ICONS[team], "s", words)
        )
    tone = "avatar-none" if not words else "avatar-ot" if team == "ot" else ""
    words = words or gettext("Unassigned")
    inner = initials_of(words) if tone != "avatar-none" else "+"
    css = classes("avatar", tone)
    if not spoken:
        return format_html('<span class="{}" aria-hidden="true">{}</span>', css, inner)
    return format_html(
        '<span class="{}" role="img" aria-label="{}" title="{}">{}</span>', css, words, words, inner
    )


@register.simple_tag
def team_badge(team: str) -> SafeString:
    """Which team somebody speaks for."""
    return chip("OT", "ot") if team == "ot" else chip("SOC", "accent")
