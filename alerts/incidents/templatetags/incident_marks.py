"""Marks that stand in every row of a list. There are few different ones, so each is made once."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import NamedTuple

from django.template import Library
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from alerts.incidents.queue.rows import Row
from alerts.incidents.wording import Chip
from portal.ui.moments import Moment
from portal.ui.tags.basics import chip, icon
from portal.ui.tags.people import avatar
from portal.ui.tags.states import prio, sev
from portal.ui.words import number

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
def chosen_words(n: int) -> str:
    """How many incidents are chosen."""
    return ngettext("%(n)s incident selected", "%(n)s incidents selected", n) % {"n": number(n)}


@register.simple_tag
def queue_rows(rows: Iterable[Row], base: str, may_pick: bool, preview: str = "") -> SafeString:
    """The rows of the queue, each with a box to choose it where something can be done to it. Made
    here and not in a template: fifty rows of thirty values each are most of the page's cost. For
    the same reason a row is one string whose texts are escaped one by one; keys and numbers are
    ours and need none of it. preview: where no script runs, the address that a row's name is put
    behind to see its preview; the boxes are then of the form `queue-picks`.
    """
    words = _RowWords(
        get_language(),
        gettext("Select %(title)s"),
        escape(gettext("highest priority:")),
        escape(gettext("%(number)s has the highest priority of these %(n)s incidents")),
        escape(preview),
    )
    return mark_safe("".join(_row(row, escape(base), words, may_pick=may_pick) for row in rows))


class _RowWords(NamedTuple):
    """Words that all rows share, looked up once a page."""

    language: str | None
    select: str
    lead: str
    lead_hint: str
    preview: str


def _row(row: Row, base: str, words: _RowWords, *, may_pick: bool) -> str:
    language = words.language
    title, target, hint = escape(row.title), row.target, row.context.hint
    href = f"{base}{row.incident_id}/"
    label = escape(words.select % {"title": row.title})
    tick, numbered = "", row.number
    if may_pick:
        named = f'name="pick" value="{target}"'
        if words.preview:
            kind, _, key = target.partition("=")
            named = f'form="queue-picks" name="{kind}" value="{key}"'
        tick = f'''<td class="cell-tight at-tick"><label class="tick"><input type="checkbox" {named}
 aria-label="{label}"></label></td>'''
    if words.preview:
        link = f'<a class="wide-only" href="{words.preview}{row.ref}#panel">{numbered}</a>'
        numbered = f'{link}<span class="narrow-only">{numbered}</span>'
    many = f' data-n="{row.n}"' if row.n > 1 else ""
    if row.n > 1:  # a long title is cut, the number beside it never
        title = f'<span class="cut">{title}</span> <span class="times">×{row.n}</span>'
    ends = f'<span>·</span><span class="device">{escape(row.ends)}</span>' if row.ends else ""
    rest = f'<span class="more">· {escape(row.rest)}</span>' if row.rest else ""
    hinted = f' title="{escape(hint)}"' if hint else ""
    lead, lead_hint = "", ""
    if row.n > 1:
        lead = f'<span class="hear-only">{words.lead} </span>'
        lead_hint = f' title="{words.lead_hint % {"number": row.number, "n": number(row.n)}}"'
    return f"""
<tr id="row-{row.ref}" data-row="{row.ref}" data-target="{target}" data-panel="{base}{row.panel}"
 data-href="{href}"{many}>
{tick}
<td class="cell-tight at-mark"{lead_hint}>{_prio(row.priority, language)}
<span class="row-number">{lead}{numbered}</span></td>
<td class="cell-clip at-title"><a class="grid-title" href="{href}">{title}</a>
<span class="grid-meta">{_sev(row.severity, language)}{ends}{rest}</span></td>
<td class="cell-tight at-left"{hinted}>{_chip(row.context)}</td>
<td class="cell-tight at-right">{_due(row)}</td>
<td class="cell-tight at-none">{_owner(row.owner, language)}</td>
<td class="cell-tight at-none col-updated muted small">{_moment(row.updated)}</td>
</tr>"""


def _due(row: Row) -> str:
    """When it is due, or how old it is; of several from when to when they happened."""
    since = escape(row.since)
    if row.due_at:
        span = f'<span class="row-span" title="{since}">{escape(row.span)}</span>'
        return (
            f'<span class="sla {row.due_tone}" data-due="{row.due_at}" data-soon="{row.soon_at}"'
            f' data-wording="%s">{_icon("timer")}'
            f'<time datetime="{row.due_at}">{escape(row.due_words)}</time></span>'
            f"{span if row.span else ''}"
        )
    tone = "muted" if row.answered else "sla-age"
    return f'<span class="sla {tone}" title="{since}">{escape(row.span or row.age)}</span>'


def _moment(moment: Moment) -> str:
    relative = " data-relative" if moment.relative else ""
    return (
        f'<time datetime="{moment.iso}" title="{escape(moment.whole)}"{relative}>'
        f"{escape(moment.words)}</time>"
    )


@lru_cache(maxsize=64)
def _sev(level: str, language: str | None) -> SafeString:
    return sev(level)


@lru_cache(maxsize=512)
def _prio(value: int, language: str | None) -> SafeString:
    return prio(value)


@lru_cache(maxsize=1024)
def _chip(given: Chip) -> SafeString:
    return chip(given.label, given.kind, given.icon, line=given.line)


@lru_cache(maxsize=1024)
def _owner(name: str, language: str | None) -> SafeString:
    return avatar(name)


@lru_cache(maxsize=64)
def _icon(name: str) -> SafeString:
    return icon(name, "s")
