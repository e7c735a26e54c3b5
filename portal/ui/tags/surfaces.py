"""Surfaces: card, note, side panel, dialog; and the pieces for missing content."""

from collections.abc import Iterable

from django.template import Library
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.tags.html import attributes, classes, draw

register = Library()

_NOTE_ICONS = {
    "info": "info",
    "ot": "message-square-reply",
    "accent": "eye",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "ok": "circle-check",
}


@register.simple_block_tag
def card(
    content: SafeString,
    title: str = "",
    icon: str = "",
    *,
    aside: object = "",
    kind: str = "",
    id: str = "",
    level: int = 2,
    flush: bool = False,
    **more: object,
) -> SafeString:
    """A card with a headed body. aside: what goes at the end of the head (made with `as`).

    kind: ot or bad. flush: the body has no padding (tables). level: of the heading.
    """
    css = classes("card", f"card-{kind}" if kind else "", "card-flush" if flush else "")
    return draw(
        "surfaces.html#card",
        content=content,
        title=title,
        icon=icon,
        aside=aside,
        level=level,
        rest=attributes({"class": css, "id": id or None, **more}),
    )


@register.simple_block_tag
def note(content: SafeString, kind: str = "info", icon: str = "") -> SafeString:
    """A coloured remark. kind: info, ot, accent, warn, bad, ok. Give it paragraphs."""
    return draw("surfaces.html#note", content=content, kind=kind, sign=icon or _NOTE_ICONS[kind])


@register.simple_block_tag
def section(content: SafeString, title: str, icon: str = "") -> SafeString:
    """A headed part of a side panel."""
    return draw("surfaces.html#section", content=content, title=title, icon=icon)


@register.simple_block_tag
def side_panel(content: SafeString, label: str, id: str = "panel") -> SafeString:
    """The preview beside a list; htmx replaces it with hx-swap="outerHTML"."""
    return draw("surfaces.html#side_panel", content=content, label=label, id=id)


@register.simple_block_tag
def dialog(
    content: SafeString, id: str, title: str, *, small: bool = False, open: bool = False
) -> SafeString:
    """A modal dialog; open it with `data-dialog="ID"`. open=True: opens when it is swapped in.

    Close it with any button that has `data-close`; Esc and the cross work by themselves.
    """
    return draw("surfaces.html#dialog", content=content, id=id, title=title, small=small, open=open)


@register.simple_tag
def kv(pairs: Iterable[tuple[object, object]]) -> SafeString:
    """Facts as name and value; a pair whose value is empty is left out."""
    filled = [(name, value) for name, value in pairs if value not in (None, "")]
    return draw("surfaces.html#kv", pairs=filled)


@register.simple_tag
def checks(items: Iterable[tuple[bool | None, object]]) -> SafeString:
    """A list of the reasons for and against: (True, False or None, sentence)."""
    marks = {
        True: ("yes", "check", gettext("Yes:")),
        False: ("no", "x", gettext("No:")),
        None: ("", "circle-question-mark", gettext("Unknown:")),
    }
    return draw("surfaces.html#checks", items=[(*marks[good], text) for good, text in items])


@register.simple_tag
def empty_state(
    title: str,
    text: str = "",
    *,
    icon: str = "inbox",
    success: bool = False,
    action: str = "",
    href: str = "",
    more: str = "",
    more_href: str = "",
) -> SafeString:
    """What belongs here, why it is empty now, and one thing to do. success: empty is good."""
    return draw(
        "surfaces.html#empty",
        title=title,
        text=text,
        sign="circle-check" if success else icon,
        success=success,
        action=action,
        href=href,
        more=more,
        more_href=more_href,
    )


@register.simple_tag
def error_block(
    what: str, tried: str = "", todo: str = "", *, reference: str = "", retry: str = ""
) -> SafeString:
    """What failed, what the portal already tried, what you can do, and a number to name it by."""
    values = {"what": what, "tried": tried, "todo": todo, "reference": reference, "retry": retry}
    return render_to_string("components/error_block.html", values)


@register.simple_tag
def skeleton(lines: int = 5) -> SafeString:
    """Grey lines while something loads; they appear only after 300 ms."""
    return draw("surfaces.html#skeleton", lines=range(lines))


@register.simple_tag
def crumbs(here: str, **trail: str) -> SafeString:
    """The way back: `{% crumbs "#4821" Queue="/incidents/" %}`; spaces in names as underscores."""
    links = [(gettext(name.replace("_", " ")), url) for name, url in trail.items()]
    return draw("surfaces.html#crumbs", here=here, trail=links)
