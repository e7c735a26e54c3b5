"""Marks that stand in every row of a list. There are few different ones, so each is made once."""

from collections.abc import Iterable
from functools import lru_cache

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from alerts.incidents.reads.rows import Row
from alerts.incidents.reads.wording import Chip, Moment
from portal.ui.tags.basics import chip, icon
from portal.ui.tags.html import EMPTY
from portal.ui.tags.people import avatar
from portal.ui.tags.states import prio, sev

register = Library()


@register.simple_tag
def sev_mark(level: str) -> SafeString:
    """Severity as bars and word."""
    return _sev(level, get_language())


@register.simple_tag
def prio_mark(value: int) -> SafeString:
    """Priority 0–100."""
    return _prio(value, get_language())


@register.simple_tag
def chip_mark(given: Chip) -> SafeString:
    """A state as a chip."""
    return _chip(given)


@register.simple_tag
def owner_mark(name: str) -> SafeString:
    """Who owns it, as initials; a plus for nobody."""
    return _owner(name, get_language())


@register.simple_tag
def queue_rows(rows: Iterable[Row], base: str) -> SafeString:
    """The rows of the queue. Made here and not in a template: fifty rows of thirty values each
    are most of the page's cost, and this takes a sixth of it.
    """
    select = gettext("Select %(title)s")
    return mark_safe("".join(_row(row, base, select) for row in rows))


def _row(row: Row, base: str, select: str) -> SafeString:
    times = format_html(' <span class="times">×{}</span>', row.n) if row.n > 1 else EMPTY
    ends = rest = EMPTY
    if row.ends:
        ends = format_html('<span>·</span><span class="device">{}</span>', row.ends)
    if row.rest:
        rest = format_html('<span class="more">· {}</span>', row.rest)
    return format_html(
        _ROW,
        ref=row.ref,
        target=row.target,
        base=base,
        panel=row.panel,
        incident=row.incident_id,
        select=select % {"title": row.title},
        priority=prio_mark(row.priority),
        title=row.title,
        times=times,
        severity=sev_mark(row.severity),
        ends=ends,
        rest=rest,
        hint=format_html(' title="{}"', row.context.hint) if row.context.hint else EMPTY,
        context=_chip(row.context),
        due=_due(row),
        owner=owner_mark(row.owner),
        moment=_moment(row.updated),
    )


_ROW = """
<tr id="row-{ref}" data-row="{ref}" data-target="{target}" data-panel="{base}{panel}"
 data-href="{base}{incident}/">
<td class="cell-tight at-tick"><label class="tick"><input type="checkbox" name="pick"
 value="{target}" aria-label="{select}"></label></td>
<td class="cell-tight at-mark">{priority}</td>
<td class="cell-clip at-title"><a class="grid-title" href="{base}{incident}/">{title}{times}</a>
<span class="grid-meta">{severity}{ends}{rest}</span></td>
<td class="cell-tight at-left"{hint}>{context}</td>
<td class="cell-tight at-right">{due}</td>
<td class="cell-tight at-none">{owner}</td>
<td class="cell-tight at-none col-updated muted small">{moment}</td>
</tr>"""


def _due(row: Row) -> SafeString:
    if row.due_at:
        return format_html(
            '<span class="sla {}" data-due="{}" data-soon="{}" data-wording="%s">{}'
            '<time datetime="{}">{}</time></span>',
            row.due_tone,
            row.due_at,
            row.soon_at,
            _icon("timer"),
            row.due_at,
            row.due_words,
        )
    if row.answered:
        return format_html('<span class="sla muted" title="{}">{}</span>', row.since, row.age)
    return format_html('<span class="sla sla-age" title="{}">{}</span>', row.since, row.age)


def _moment(moment: Moment) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        moment.iso,
        moment.whole,
        _RELATIVE if moment.relative else EMPTY,
        moment.words,
    )


_RELATIVE = mark_safe(" data-relative")


@lru_cache(maxsize=64)
def _sev(level: str, language: str | None) -> SafeString:
    return sev(level)


@lru_cache(maxsize=512)
def _prio(value: int, language: str | None) -> SafeString:
    return prio(value)


@lru_cache(maxsize=1024)
def _chip(given: Chip) -> SafeString:
    return chip(given.label, given.kind, given.icon)


@lru_cache(maxsize=1024)
def _owner(name: str, language: str | None) -> SafeString:
    return avatar(name)


@lru_cache(maxsize=64)
def _icon(name: str) -> SafeString:
    return icon(name, "s")
