"""The links of the frame and toasts, on every page: made here, because a template takes ten times
as long.
"""

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib.messages import get_messages
from django.template import Context, Library
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.ui.navigation import Link
from portal.ui.palette import Result
from portal.ui.responses import Toast
from portal.ui.tags.basics import count, icon
from portal.ui.tags.html import EMPTY, attributes, draw, joined

register = Library()

_CURRENT = attributes({"aria_current": "page"})
_THEME = attributes({"data_theme_choice": True})


@register.simple_tag
def rail_link(link: Link) -> SafeString:
    """One place of the rail: its sign, its name, its counter, its shortcut."""
    key, keyed = link.item.key, EMPTY
    if key:
        keyed = format_html(' data-key="g {}" aria-keyshortcuts="g {}"', key, key)
    return format_html(
        '<a class="rail-link" href="{}"{}{}>{}<span>{}</span>{}</a>',
        link.url,
        _current(link),
        keyed,
        icon(link.item.icon),
        link.item.label,
        count(link.count),
    )


@register.simple_tag(takes_context=True)
def stale_banner(context: Context, about: str = "") -> SafeString:
    """Show how old what the page shows is, where that is late. `about` is the workspace of a page
    about one; a page about several names the worst, and how many more are late. An open page
    asks for it again once a minute.
    """
    if "shell" not in context or context["shell"].person is None:
        return EMPTY
    lines = context["shell"].banner
    everywhere = [line for line in lines if not line.about]
    late = [
        line
        for line in lines
        if line.about and (line.about == about or not (about or line.only_there))
    ]
    notes = [(line, 0) for line in everywhere] + [(line, len(late) - 1) for line in late[:1]]
    url = f"{reverse('ui:foot')}?{urlencode({'about': about})}"
    return draw("surfaces.html#stale", notes=notes, url=url)


@register.simple_tag
def bottom_link(link: Link) -> SafeString:
    """One place of the phone's bar."""
    return format_html(
        '<a class="bottom-link" href="{}"{}>{}<span>{}</span></a>',
        link.url,
        _current(link),
        icon(link.item.icon, "l"),
        link.item.tab,
    )


@register.simple_tag
def goto_keys(link: Link) -> SafeString:
    """The letter after `g` that leads to a place."""
    return format_html(
        "<dt><kbd>G</kbd> <kbd>{}</kbd></dt><dd>{}</dd>", link.item.key.upper(), link.item.label
    )


@register.simple_tag
def found_result(result: Result, group: str, at: int, in_palette: bool) -> SafeString:
    """One result of the search: a link, or a button of the form around it. In the palette it is an
    option of the list and never has the focus itself.
    """
    option = EMPTY
    if in_palette:
        option = format_html(
            ' role="option" id="found-{}-{}" aria-selected="false" tabindex="-1"', group, at
        )
    detail = format_html('<span class="found-detail"> {}</span>', result.detail)
    inside = format_html(
        '{}<span class="found-words grow"><span class="found-label">{}</span>{}</span>{}',
        icon(result.icon),
        result.label,
        detail if result.detail else EMPTY,
        _keys_of(result),
    )
    if _is_button(result):
        return _pressed(result, option, inside)
    return format_html(
        '<a class="menu-item found-item" href="{}"{}{}>{}</a>',
        result.url,
        _in_place(result) if in_palette else EMPTY,
        option,
        inside,
    )


def _is_button(result: Result) -> bool:
    return result.how in ("send", "post", "theme", "show")


def _in_place(result: Result) -> SafeString:
    if result.how != "dialog":
        return EMPTY
    return format_html(' hx-get="{}" hx-target="#dialogs" hx-swap="innerHTML"', result.url)


def _pressed(result: Result, option: SafeString, inside: SafeString) -> SafeString:
    """A button: what it posts, or the dialog of the page that it opens."""
    name, value = result.field
    if result.how == "show":
        does = format_html(' type="button" data-dialog="{}"', result.url)
    elif result.how == "send":
        does = format_html(
            ' type="button" hx-post="{}" hx-vals="{}" hx-target="#dialogs" hx-swap="innerHTML"',
            result.url,
            json.dumps(dict(result.fields)),
        )
    else:
        theme = _THEME if result.how == "theme" else EMPTY
        does = format_html(
            ' formaction="{}" name="{}" value="{}"{}', result.url, name, value, theme
        )
    return format_html('<button class="menu-item found-item"{}{}>{}</button>', does, option, inside)


def _keys_of(result: Result) -> SafeString:
    keys = joined(format_html("<kbd>{}</kbd>", key) for key in result.key.split())
    if not keys:
        return EMPTY
    return format_html('<span class="row wide-only" aria-hidden="true">{}</span>', keys)


def _current(link: Link) -> SafeString:
    return _CURRENT if link.current else EMPTY


@register.simple_tag(takes_context=True)
def toast(context: dict[str, Any], text: str, *, undo: str = "", seconds: int = 10) -> SafeString:
    """One toast; without scripts its Undo is a plain form."""
    token = context.get("csrf_token", "")
    return draw("toast.html", text=text, undo=undo, seconds=seconds, csrf_token=token)


@register.simple_tag(takes_context=True)
def message_toasts(context: dict[str, Any]) -> SafeString:
    """What the page before left to show."""
    request = context.get("request")
    if request is None or not hasattr(request, "_messages"):
        return EMPTY
    waiting = [_read(str(message), message.extra_tags) for message in get_messages(request)]
    return joined(toast(context, t.text, undo=t.undo, seconds=t.seconds) for t in waiting)


def _read(text: str, tags: str | None) -> Toast:
    try:
        return Toast(**json.loads(tags or ""))
    except (ValueError, TypeError):
        return Toast(text)
