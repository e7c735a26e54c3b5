"""Pieces that explain: why-list, flow, timeline, diff, figures."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.template import Library
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.pieces import FlowNode, ScorePart
from portal.ui.tags.html import classes, draw
from portal.ui.tags.values import time

register = Library()


def signed(points: int) -> str:
    """+44 or −9, with the true minus sign."""
    return f"+{points}" if points >= 0 else f"−{-points}"


@register.simple_tag
def why_list(parts: Iterable[ScorePart | tuple[int, str]], total: int | None = None) -> SafeString:
    """The signed parts of a score, one a line; `total` adds what they add up to."""
    rows = []
    for item in parts:
        part = item if isinstance(item, ScorePart) else ScorePart(*item)
        css = classes("why-part", "why-less" if part.points < 0 else "")
        rows.append((css, signed(part.points), part.sentence))
    if total is not None:
        rows.append(("why-total", str(total), gettext("Priority")))
    return draw("stories.html#why", parts=rows)


@register.simple_tag
def flow_diagram(
    source: FlowNode, target: FlowNode, action: str, detail: str = "", *, bad: bool = False
) -> SafeString:
    """Who did what to whom, as two boxes and an arrow; it turns upright where space is narrow."""
    return draw(
        "stories.html#flow", source=source, target=target, action=action, detail=detail, bad=bad
    )


@register.simple_tag
def flow_group(
    nodes: Iterable[FlowNode], action: str, detail: str = "", note: str = ""
) -> SafeString:
    """The devices of a flow whose initiator is unknown: boxes side by side, no arrow."""
    return draw("stories.html#group", nodes=nodes, action=action, detail=detail, note=note)


@register.simple_tag
def flow_pair(source: FlowNode, target: FlowNode) -> SafeString:
    """The phone's short form of a flow: from and to, side by side."""
    return draw("stories.html#pair", source=source, target=target)


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
    return draw(
        "stories.html#timeline_item",
        content=content,
        who=who,
        team=team,
        when=time(context, at, "clock", zone=zone) if at else "",
        id=id,
        quote=quote,
        rule=rule,
    )


@register.simple_tag
def diff(old: object, new: object) -> SafeString:
    """What it was and what it is."""
    return draw("stories.html#diff", old=old, new=new)
