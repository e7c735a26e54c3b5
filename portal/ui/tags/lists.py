"""Lists: tabs, steps, table heads, filters, bulk bar, pager."""

from collections.abc import Iterable
from typing import Any

from django.template import Library
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from portal.ui.pieces import ProgressStep, Tab, with_query
from portal.ui.tags.html import attributes, classes, draw
from portal.ui.words import number

register = Library()

_STEP_ICONS = {"done": "circle-check", "failed": "circle-alert", "current": "circle-dot"}


@register.simple_tag
def tabs(items: Iterable[Tab], label: str, *, id: str = "", oob: bool = False) -> SafeString:
    """Links as tabs: saved views, sections of a page. label names what they switch. oob: they come
    beside a part of the page, so that their counts agree with it; then they need an id.
    """
    return draw("lists.html#tabs", items=items, label=label, id=id, oob=oob)


@register.simple_tag
def segments(items: Iterable[Tab], label: str) -> SafeString:
    """A few links of which one holds, like a period or a filter of the timeline."""
    return draw("lists.html#segments", items=items, label=label)


@register.simple_tag
def steps(items: Iterable[ProgressStep], label: str) -> SafeString:
    """A way in steps; each is done, current, todo or failed."""
    words = {"done": gettext("done"), "failed": gettext("failed")}
    rows = [
        (step, step.icon or _STEP_ICONS.get(step.state, "circle"), words.get(step.state, ""))
        for step in items
    ]
    return draw("lists.html#steps", items=rows, label=label)


@register.simple_tag
def filter_input(
    value: str = "", *, label: str, placeholder: str = "", name: str = "q", **more: object
) -> SafeString:
    """The text field of a filter bar; `/` puts the cursor in it."""
    fixed = {"autocomplete": "off", "spellcheck": "false", "data_focus_key": "/"}
    named = {"type": "search", "name": name, "value": value}
    labels = {"placeholder": placeholder or label, "aria_label": label}
    return draw("lists.html#search_box", rest=attributes({**named, **labels, **fixed, **more}))


@register.simple_tag
def filter_chip(name: str, value: str, remove: str) -> SafeString:
    """A filter in force; `remove` is the address of the list without it."""
    return draw("lists.html#filter_chip", name=name, value=value, remove=remove)


@register.simple_block_tag
def menu(
    content: SafeString,
    label: str,
    *,
    icon: str = "",
    icon_only: bool = False,
    kind: str = "ghost",
    small: bool = False,
    end: bool = False,
) -> SafeString:
    """A button that opens a list of `menu-item` links and buttons; closes on Esc and outside."""
    button = classes(
        "button",
        f"button-{kind}" if kind else "",
        "button-small" if small else "",
        "button-icon" if icon_only else "",
    )
    return draw(
        "lists.html#menu",
        content=content,
        label=label,
        icon=icon,
        icon_only=icon_only,
        button=button,
        css=classes("menu", "menu-end" if end else ""),
    )


@register.simple_block_tag
def bulk_bar(
    content: SafeString, chosen: int, *, id: str = "bulk", single: str = "", many: str = ""
) -> SafeString:
    """What can be done with all chosen rows; hidden while none is chosen. `single` and `many` name
    what was chosen, with the number 1 and with another one, for scripts to put theirs in.
    """
    words = ngettext("%(n)s selected", "%(n)s selected", chosen) % {"n": number(chosen)}
    return draw(
        "lists.html#bulk_bar",
        content=content,
        chosen=chosen,
        id=id,
        single=single,
        many=many,
        words=words,
    )


@register.simple_tag(takes_context=True)
def pager(
    context: dict[str, Any],
    *,
    after: str | None = None,
    before: str | None = None,
    words: str = "",
) -> SafeString:
    """Keyset paging: marks of the next and previous page, a sentence about what is shown."""
    query = context["request"].GET
    back = with_query(query, {"before": before}) if before else ""
    onward = with_query(query, {"after": after}) if after else ""
    return draw("lists.html#pager", words=words, back=back, onward=onward)


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **change: str | None) -> str:
    """The page's query string with some values changed: `href="{% query state="open" %}"`."""
    return with_query(context["request"].GET, change)
