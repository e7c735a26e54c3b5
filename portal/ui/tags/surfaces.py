"""Surfaces: card, note, side panel, dialog; and the pieces that stand for missing content."""

from collections.abc import Iterable, Sequence

from django.template import Library
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.tags.basics import button, icon
from portal.ui.tags.html import EMPTY, attributes, classes, joined

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
    """A card with a headed body. aside: what stands at the end of the head (made with `as`).

    kind: ot or bad. flush: the body has no padding (tables). level: of the heading.
    """
    css = classes("card", f"card-{kind}" if kind else "", "card-flush" if flush else "")
    head = EMPTY
    if title:
        pushed = format_html('<div class="row push">{}</div>', aside) if aside else EMPTY
        head = format_html(
            '<header class="card-head">{}<h{}>{}</h{}>{}</header>',
            _icon(icon) if icon else EMPTY,
            level,
            title,
            level,
            pushed,
        )
    rest = attributes({"class": css, "id": id or None, **more})
    return format_html(
        '<section{}>{}<div class="card-body">{}</div></section>', rest, head, content
    )


_icon = icon


@register.simple_block_tag
def note(content: SafeString, kind: str = "info", icon: str = "") -> SafeString:
    """A coloured remark. kind: info, ot, accent, warn, bad, ok. Give it paragraphs."""
    picture = _icon(icon or _NOTE_ICONS[kind])
    css = classes("note", f"note-{kind}" if kind != "info" else "")
    return format_html('<div class="{}">{}<div>{}</div></div>', css, picture, content)


@register.simple_block_tag
def section(content: SafeString, title: str, icon: str = "") -> SafeString:
    """A headed part of a side panel."""
    picture = _icon(icon) if icon else EMPTY
    return format_html(
        '<section class="section"><h3 class="section-title">{}{}</h3>{}</section>',
        picture,
        title,
        content,
    )


@register.simple_block_tag
def side_panel(content: SafeString, label: str, id: str = "panel") -> SafeString:
    """The preview beside a list; htmx replaces it with hx-swap="outerHTML"."""
    return format_html(
        '<aside class="side" id="{}" aria-label="{}" tabindex="-1">{}</aside>', id, label, content
    )


@register.simple_block_tag
def dialog(
    content: SafeString, id: str, title: str, *, small: bool = False, open: bool = False
) -> SafeString:
    """A modal dialog; open it with `data-dialog="ID"`. open=True: opens when it is swapped in.

    Close it with any button that has `data-close`; Esc and the cross work by themselves.
    """
    cross = button(gettext("Close"), kind="ghost", icon="x", icon_only=True, data_close=True)
    rest = attributes(
        {
            "class": classes("dialog", "dialog-small" if small else ""),
            "id": id,
            "aria-labelledby": f"{id}-title",
            "data-open": open,
        }
    )
    return format_html(
        '<dialog{}><header class="dialog-head"><h2 id="{}-title">{}</h2>{}</header>{}</dialog>',
        rest,
        id,
        title,
        cross,
        content,
    )


@register.simple_tag
def kv(pairs: Iterable[tuple[object, object]]) -> SafeString:
    """Facts as name and value; a pair whose value is empty is left out."""
    rows = (
        format_html("<dt>{}</dt><dd>{}</dd>", name, value)
        for name, value in pairs
        if value not in (None, "")
    )
    return format_html('<dl class="facts">{}</dl>', joined(rows))


@register.simple_tag
def checks(items: Iterable[tuple[bool | None, object]]) -> SafeString:
    """A list of what speaks for and against: (True, False or None, sentence)."""
    marks = {
        True: ("yes", "check", gettext("Yes:")),
        False: ("no", "x", gettext("No:")),
        None: ("", "circle-question-mark", gettext("Unknown:")),
    }
    rows = (
        format_html('<li class="{}">{}<span>{}</span></li>', css, icon(name, "", spoken), sentence)
        for (css, name, spoken), sentence in ((marks[good], text) for good, text in items)
    )
    return format_html('<ul class="checks">{}</ul>', joined(rows))


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
    acts = EMPTY
    if action or more:
        first = button(action, href=href) if action else EMPTY
        second = format_html('<a href="{}">{}</a>', more_href, more) if more else EMPTY
        acts = format_html('<div class="empty-acts">{}{}</div>', first, second)
    return format_html(
        '<div class="{}">{}<h2>{}</h2>{}{}</div>',
        classes("empty", "empty-success" if success else ""),
        _icon("circle-check" if success else icon, "xl"),
        title,
        format_html("<p>{}</p>", text) if text else EMPTY,
        acts,
    )


@register.simple_tag
def error_block(
    what: str, tried: str = "", todo: str = "", *, reference: str = "", retry: str = ""
) -> SafeString:
    """What failed, what the portal already tried, what you can do, and a number to name it by."""
    return SafeString(
        render_to_string(
            "components/error_block.html",
            {
                "what": what,
                "tried": tried,
                "todo": todo,
                "reference": reference,
                "retry": retry,
            },
        )
    )


@register.simple_tag
def skeleton(lines: int = 5) -> SafeString:
    """Grey lines while something loads; they appear only after 300 ms."""
    one = format_html('<div class="{}"></div>', "skeleton-line")
    return format_html(
        '<div class="skeleton" role="status"><span class="hear-only">{}</span>{}</div>',
        gettext("Loading"),
        joined([one] * lines),
    )


def links_between(parts: Sequence[object]) -> SafeString:
    """Crumbs with an arrow between them."""
    return joined(parts, str(icon("chevron-right", "s")))


@register.simple_tag
def crumbs(here: str, **trail: str) -> SafeString:
    """The way back: `{% crumbs "#4821" Queue="/incidents/" %}`; spaces in names as underscores."""
    links = [
        format_html('<a href="{}">{}</a>', url, gettext(name.replace("_", " ")))
        for name, url in trail.items()
    ]
    here_now = format_html('<span aria-current="page">{}</span>', here)
    return format_html(
        '<nav class="crumbs" aria-label="{}">{}</nav>',
        gettext("Breadcrumb"),
        links_between([*links, here_now]),
    )
