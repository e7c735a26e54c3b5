"""What tells a story: why-list, flow, timeline, diff, figures."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from portal.ui.pieces import FlowNode, Part
from portal.ui.tags.basics import avatar, icon
from portal.ui.tags.html import EMPTY, attributes, classes, joined
from portal.ui.tags.values import time

register = Library()


def signed(points: int) -> str:
    """+44 or −9, with the true minus sign."""
    return f"+{points}" if points >= 0 else f"−{-points}"


@register.simple_tag
def why_list(parts: Iterable[Part | tuple[int, str]], total: int | None = None) -> SafeString:
    """The signed parts of a score, one a line; `total` adds what they add up to."""
    rows = []
    for given in parts:
        part = given if isinstance(given, Part) else Part(*given)
        css = classes("why-part", "why-less" if part.points < 0 else "")
        rows.append(_why(css, signed(part.points), part.sentence))
    if total is not None:
        rows.append(_why("why-total", str(total), gettext("Priority")))
    return format_html('<ul class="why">{}</ul>', joined(rows))


def _why(css: str, points: str, sentence: str) -> SafeString:
    return format_html(
        '<li class="{}"><span class="why-points">{}</span><span>{}</span></li>',
        css,
        points,
        sentence,
    )


@register.simple_tag
def flow_diagram(
    source: FlowNode, target: FlowNode, action: str, detail: str = "", *, bad: bool = False
) -> SafeString:
    """Who did what to whom, as two boxes and an arrow; it stands upright where space is narrow."""
    arrows = format_html(
        '<svg class="flow-arrow" viewBox="0 0 200 14" preserveAspectRatio="xMaxYMid meet"'
        ' aria-hidden="true"><path d="{}"/></svg>'
        '<svg class="flow-arrow-down" viewBox="0 0 14 24" aria-hidden="true"><path d="{}"/></svg>',
        "M-1000 5.8H188V1l12 6-12 6V8.2H-1000z",
        "M5.8 0v11H0l7 13 7-13H8.2V0z",
    )
    step = format_html(
        '<div class="flow-step"><b>{}</b>{}<span class="soft">{}</span></div>',
        action,
        arrows,
        detail,
    )
    return format_html(
        '<div class="flow-box"><div class="{}" role="group" aria-label="{}">{}{}{}</div></div>',
        classes("flow", "flow-bad" if bad else ""),
        gettext("%(action)s from %(source)s to %(target)s")
        % {"action": action, "source": source.name, "target": target.name},
        _node(source),
        step,
        _node(target),
    )


@register.simple_tag
def flow_group(
    nodes: Iterable[FlowNode], action: str, detail: str = "", note: str = ""
) -> SafeString:
    """The devices of a flow of which nobody knows who began: boxes side by side, no arrow."""
    return format_html(
        '<div class="flow-box"><div class="flow-group" role="group" aria-label="{}">'
        '<p class="flow-step"><b>{}</b><span class="soft">{}</span></p>'
        '<div class="flow-nodes">{}</div>{}</div></div>',
        action,
        action,
        detail,
        joined(_node(node) for node in nodes),
        format_html('<p class="muted small">{}</p>', note) if note else EMPTY,
    )


@register.simple_tag
def flow_pair(source: FlowNode, target: FlowNode) -> SafeString:
    """The phone's short form of a flow: from and to, side by side."""
    return format_html(
        '<div class="pair">{}{}{}</div>',
        _node(source, pgettext("a direction", "From")),
        icon("arrow-right", "l", gettext("to")),
        _node(target, pgettext("a direction", "To")),
    )


def _node(node: FlowNode, above: str = "") -> SafeString:
    css = classes("flow-node", "flow-critical" if node.critical else "")
    lines = joined(format_html("<span>{}</span>", line) for line in node.lines if line)
    top = format_html('<span class="muted small">{}</span>', above) if above else EMPTY
    return format_html(
        '<div class="{}">{}<span class="flow-name">{}</span>{}</div>', css, top, node.name, lines
    )


@register.simple_block_tag(takes_context=True)
def timeline_item(
    context: dict[str, Any],
    content: SafeString,
    who: object,
    *,
    team: str = "soc",
    at: datetime | None = None,
    zone: str | tzinfo | None,
    id: str = "",
    quote: str = "",
    rule: str = "",
) -> SafeString:
    """One happening inside `<ol class="timeline">`: who, what (the content), when.

    team: soc, ot, portal, sentinel. quote: their own words. rule: what automation did it.
    id makes it a permalink.
    """
    when = time(context, at, "clock", zone=zone) if at else EMPTY
    if id and at:
        when = format_html('<a class="timeline-when" href="#{}">{}</a>', id, when)
    tail = joined([part for part in (when, rule) if part], " · ")
    return format_html(
        '<li{}>{}<div><p><b>{}</b> {} <span class="timeline-when">· {}</span></p>{}</div></li>',
        attributes({"class": "timeline-item", "id": id or None}),
        avatar(who, team, spoken=False),
        who,
        content,
        tail,
        format_html('<div class="quote">{}</div>', quote) if quote else EMPTY,
    )


@register.simple_tag
def diff(old: object, new: object) -> SafeString:
    """What it was and what it is."""
    return format_html(
        '<span class="diff"><del>{}</del>{}<ins>{}</ins></span>',
        old,
        icon("arrow-right", "s", gettext("to")),
        new,
    )


@register.simple_tag
def kpi(
    value: object,
    label: str,
    *,
    hint: str = "",
    trend: str = "",
    good: bool | None = None,
    href: str = "",
) -> SafeString:
    """A figure with its name. trend: up or down; good colours the hint; href: its list."""
    tone = {True: "is-ok", False: "is-high", None: ""}[good]
    arrow = icon(f"arrow-{trend}", "s") if trend else EMPTY
    below = EMPTY
    if hint:
        below = format_html('<span class="{}">{}{}</span>', classes("kpi-hint", tone), arrow, hint)
    figure: object = format_html('<a href="{}">{}</a>', href, value) if href else value
    return format_html(
        '<div class="card kpi"><span class="kpi-label">{}</span>'
        '<span class="kpi-value">{}</span>{}</div>',
        label,
        figure,
        below,
    )
