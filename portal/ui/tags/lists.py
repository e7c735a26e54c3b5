"""Lists: tabs, steps, table heads, filters, bulk bar, pager."""

from collections.abc import Collection, Iterable
from typing import Any

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from portal.ui.pieces import Choice, Column, Step, Tab, with_query
from portal.ui.tags.basics import button, count, icon
from portal.ui.tags.html import EMPTY, attributes, classes, joined
from portal.ui.words import number

register = Library()

_STEP_ICONS = {"done": "circle-check", "failed": "circle-alert", "current": "circle-dot"}


@register.simple_tag
def tabs(items: Iterable[Tab], label: str, *, id: str = "", oob: bool = False) -> SafeString:
    """Links as tabs: saved views, sections of a page. label says what they switch. oob: they come
    beside a part of the page, so that their counts agree with it; then they need an id.
    """
    links = (
        format_html(
            '<a class="tab" href="{}"{}>{}{}</a>',
            tab.href,
            attributes({"aria_current": "page" if tab.current else None}),
            tab.label,
            count(tab.count, hot=tab.hot),
        )
        for tab in items
    )
    rest = attributes({"id": id or None, "hx_swap_oob": "true" if oob else None})
    return format_html('<nav class="tabs" aria-label="{}"{}>{}</nav>', label, rest, joined(links))


@register.simple_tag
def segments(items: Iterable[Tab], label: str) -> SafeString:
    """A few links of which one holds, like a period or a filter of the timeline."""
    links = (
        format_html(
            '<a class="segment" href="{}"{}>{}</a>',
            tab.href,
            attributes({"aria_current": "true" if tab.current else None}),
            tab.label,
        )
        for tab in items
    )
    return format_html(
        '<div class="segments" role="group" aria-label="{}">{}</div>', label, joined(links)
    )


@register.simple_tag
def steps(items: Iterable[Step], label: str) -> SafeString:
    """A way in steps; each is done, current, todo or failed."""
    words = {"done": gettext("done"), "failed": gettext("failed")}
    rows = (
        format_html(
            '<li class="step step-{}"{}>{}{}<span class="hear-only"> {}</span></li>',
            step.state,
            attributes({"aria_current": "step" if step.state == "current" else None}),
            icon(step.icon or _STEP_ICONS.get(step.state, "circle")),
            step.label,
            words.get(step.state, ""),
        )
        for step in items
    )
    return format_html('<ol class="steps" aria-label="{}">{}</ol>', label, joined(rows))


@register.simple_tag(takes_context=True)
def data_table_head(context: dict[str, Any], columns: Iterable[Column]) -> SafeString:
    """The head of a `grid` table; sortable columns link to `?sort=name` or `?sort=-name`."""
    query = context["request"].GET
    now = query.get("sort", "")
    return format_html(
        "<thead><tr>{}</tr></thead>", joined(_head(column, now, query) for column in columns)
    )


def _head(column: Column, now: str, query: Any) -> SafeString:
    label: object = column.label
    order = None
    if column.spoken_only:
        label = format_html('<span class="hear-only">{}</span>', label)
    if column.sort:
        up, down = column.sort, f"-{column.sort}"
        order = {up: "ascending", down: "descending"}.get(now)
        arrow = {"ascending": icon("arrow-up", "s"), "descending": icon("arrow-down", "s")}
        label = format_html(
            '<a href="{}">{}{}</a>',
            with_query(query, {"sort": down if now == up else up}),
            label,
            arrow.get(order or "", EMPTY),
        )
    rest = attributes({"scope": "col", "class": column.css or None, "aria_sort": order})
    return format_html("<th{}>{}</th>", rest, label)


@register.simple_tag
def filter_input(
    value: str = "", *, label: str, placeholder: str = "", name: str = "q", **more: object
) -> SafeString:
    """The text field of a filter bar; `/` puts the cursor in it."""
    rest = attributes(
        {
            "type": "search",
            "name": name,
            "value": value,
            "placeholder": placeholder or label,
            "aria_label": label,
            "autocomplete": "off",
            "spellcheck": "false",
            "data_focus_key": "/",
            **more,
        }
    )
    hint = format_html('<kbd class="wide-only" aria-hidden="true">{}</kbd>', "/")
    return format_html(
        '<label class="search-box">{}<input{}>{}</label>', icon("search"), rest, hint
    )


@register.simple_tag
def filter_chip(name: str, value: str, remove: str) -> SafeString:
    """A filter in force; `remove` is the address of the list without it."""
    return format_html(
        '<span class="filter-chip"><b>{}</b><span>{}</span>'
        '<a href="{}" aria-label="{}">{}</a></span>',
        name,
        value,
        remove,
        gettext("Remove filter: %(name)s") % {"name": name},
        icon("x", "s"),
    )


@register.simple_tag
def facet_menu(
    label: str, name: str, choices: Iterable[Choice], chosen: Collection[str] = ()
) -> SafeString:
    """A menu of checkboxes with counts; stands inside the form of the filter bar."""
    rows = (
        format_html(
            '<label class="menu-item"><input type="checkbox" name="{}" value="{}"{}>'
            '<span class="grow">{}</span>{}</label>',
            name,
            choice.value,
            attributes({"checked": choice.value in chosen}),
            choice.label,
            count(choice.count),
        )
        for choice in choices
    )
    return format_html(
        '<details class="menu"><summary class="button button-ghost button-small">{}{}</summary>'
        '<div class="menu-body">{}</div></details>',
        icon("plus"),
        label,
        joined(rows),
    )


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
    css = classes(
        "button",
        f"button-{kind}" if kind else "",
        "button-small" if small else "",
        "button-icon" if icon_only else "",
    )
    words: object = label if not icon_only else EMPTY
    named = attributes({"aria_label": label, "title": label} if icon_only else {})
    return format_html(
        '<details class="{}"><summary class="{}"{}>{}{}</summary>'
        '<div class="menu-body">{}</div></details>',
        classes("menu", "menu-end" if end else ""),
        css,
        named,
        _icon(icon) if icon else EMPTY,
        words,
        content,
    )


_icon = icon


@register.simple_block_tag
def bulk_bar(
    content: SafeString, chosen: int, *, id: str = "bulk", single: str = "", many: str = ""
) -> SafeString:
    """What can be done with all chosen rows; hidden while none is chosen. `single` and `many` say
    what was chosen, with the number 1 and with another one, for scripts to put theirs in.
    """
    words = ngettext("%(n)s selected", "%(n)s selected", chosen) % {"n": number(chosen)}
    rest = attributes({"class": "bulk-bar", "id": id, "hidden": not chosen})
    count = attributes({"data-single": single or None, "data-many": many or None})
    return format_html(
        '<div{} role="group" aria-label="{}"><b data-bulk-count{}>{}</b>{}</div>',
        rest,
        gettext("Act on all selected rows"),
        count,
        words,
        content,
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
    back = next_ = EMPTY
    if before:
        back = button(
            gettext("Previous"),
            icon="chevron-left",
            size="small",
            rel="prev",
            href=with_query(query, {"before": before}),
        )
    if after:
        next_ = button(
            gettext("Next"), size="small", rel="next", href=with_query(query, {"after": after})
        )
    return format_html(
        '<nav class="pager" aria-label="{}"><span>{}</span>'
        '<span class="push row">{}{}</span></nav>',
        gettext("Pages"),
        words,
        back,
        next_,
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **change: str | None) -> str:
    """The page's query string with some values changed: `href="{% query state="open" %}"`."""
    return with_query(context["request"].GET, change)
