"""Icon, button, chip, count, avatar: the pieces that are hundreds of times on a page."""

import re
from functools import cache, lru_cache

from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.shell import Count
from portal.ui.tags.html import EMPTY, attributes, classes

register = Library()

CHIP_KINDS = frozenset({"", "high", "medium", "low", "info", "ok", "maint", "ot", "accent"})
# Longer ones may be wider than a phone in large letters, so they may part.
_NAME = re.compile(r"(?<![\w-])((?=[\w-]*\d)(?=[\w-]{3,16}(?![\w-]))\w+(?:-\w+)+)")
BUTTON_KINDS = frozenset({"", "primary", "ot", "ghost", "danger"})


@register.filter
def unbroken(text: str) -> SafeString:
    """A sentence whose short device names, like PLC-PL2-07, are not parted at the end of a line."""
    pieces = (
        (format_html('<span class="unbroken">{}</span>', piece) if at % 2 else piece,)
        for at, piece in enumerate(_NAME.split(text))
    )
    # In one span: links are often flexible boxes, which would take each piece for a column.
    return format_html("<span>{}</span>", format_html_join("", "{}", pieces))


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite; size s, l or xl. With a label it is read out."""
    return _drawn(f"{_sprite()}#{name}", size, label)


@cache
def _sprite() -> str:
    return static("ui/icons/sprite.svg")


@lru_cache(maxsize=1024)
def _drawn(link: str, size: str, label: str) -> SafeString:
    """The same few icons are on every page, dozens of times."""
    css = classes("icon", f"icon-{size}" if size else "")
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, link
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, link)


@register.simple_tag
def button(
    label: str,
    *,
    kind: str = "",
    icon: str = "",
    key: str = "",
    size: str = "",
    href: str = "",
    type: str = "button",
    icon_only: bool = False,
    css: str = "",
    **more: object,
) -> SafeString:
    """A button, or a link that looks like one when it has an `href`.

    kind: primary, ot, ghost, danger. size: small, big. key: its shortcut letter, shown and bound.
    More keyword arguments become attributes: `hx_post=url name="x" value="1" disabled=True`; for
    `disabled` a reason is as good, and an empty text leaves the button on.
    """
    if kind not in BUTTON_KINDS:
        raise ValueError(f"A button of kind {kind!r} does not exist.")
    names = classes(
        "button",
        f"button-{kind}" if kind else "",
        f"button-{size}" if size else "",
        "button-icon" if icon_only else "",
        css,
    )
    picture = _icon(icon) if icon else EMPTY
    words = EMPTY if icon_only else format_html("<span>{}</span>", label)
    hint = format_html('<kbd class="wide-only" aria-hidden="true">{}</kbd>', key) if key else EMPTY
    named = {"aria_label": label, "title": label} if icon_only else {}
    keyed = {"data_key": key.lower(), "aria_keyshortcuts": key} if key else {}
    if "disabled" in more:
        more["disabled"] = bool(more["disabled"])
    start = {"href": href} if href else {"type": type}
    rest = attributes({**start, "class": names, **named, **keyed, **more})
    element = "a" if href else "button"
    return format_html("<{}{}>{}{}{}</{}>", element, rest, picture, words, hint, element)


_icon = icon  # `button` has a parameter of that name


@register.simple_tag
def chip(label: str, kind: str = "", icon: str = "", *, line: bool = False) -> SafeString:
    """A word in a pill of one of CHIP_KINDS; line: only a border."""
    if kind not in CHIP_KINDS:
        raise ValueError(f"A chip of kind {kind!r} does not exist.")
    names = classes("chip", f"chip-{kind}" if kind else "", "chip-line" if line else "")
    picture = _icon(icon) if icon else EMPTY
    return format_html('<span class="{}">{}{}</span>', names, picture, label)


@register.simple_tag
def count(value: Count | int | None, *, hot: bool = False) -> SafeString:
    """A number in a pill beside a word; red when hot; nothing for None."""
    if value is None:
        return EMPTY
    it = value if isinstance(value, Count) else Count(value)
    css = classes("count", "count-hot" if hot or it.hot else "")
    return format_html('<span class="{}">{}</span>', css, it)


_SYSTEM_ICONS = {"portal": "bot", "sentinel": "radio-tower"}


def initials_of(name: str) -> str:
    """One or two letters for an avatar."""
    parts = [part for part in name.split() if part[0].isalnum()]
    ends = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "".join(part[0] for part in ends).upper()


@register.simple_tag
def avatar(name: object = "", team: str = "soc", *, has_label: bool = True) -> SafeString:
    """A person's initials: indigo for the SOC, teal for OT; team portal or sentinel gives a sign.

    Without a name nobody is assigned. has_label=False when the name is beside it.
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
    if not has_label:
        return format_html('<span class="{}" aria-hidden="true">{}</span>', css, inner)
    return format_html(
        '<span class="{}" role="img" aria-label="{}" title="{}">{}</span>', css, words, words, inner
    )


@register.simple_tag
def team_badge(team: str) -> SafeString:
    """Which team somebody speaks for."""
    return chip("OT", "ot") if team == "ot" else chip("SOC", "accent")
