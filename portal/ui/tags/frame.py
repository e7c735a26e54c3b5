"""The links of the frame, on every page: made here, because a template takes ten times as long."""

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.ui.navigation import Link
from portal.ui.tags.basics import count, icon
from portal.ui.tags.html import EMPTY

register = Library()


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


def _current(link: Link) -> SafeString:
    return SafeString(' aria-current="page"') if link.current else EMPTY
