"""Numbers of a technique in words, and a cell of the matrix as HTML, written once for a page."""

from dataclasses import dataclass

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from portal.ui.tags.basics import icon
from portal.ui.tags.html import EMPTY, joined
from portal.ui.words import number
from training.matrix.engine.coverage import MatrixCell


@dataclass(frozen=True, slots=True)
class CellNumber:
    """One number of a cell: with its icon to see, in words to hear."""

    icon: str
    value: str
    words: str


def numbers_of(cell: MatrixCell) -> list[CellNumber]:
    """Return the numbers of a cell in their order. The first, incidents, is there even at 0."""
    n = cell.incidents
    words = ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}
    numbers = [CellNumber("inbox", number(n), words)]
    if n := cell.alert_types:
        words = ngettext("%(n)s alert type", "%(n)s alert types", n) % {"n": number(n)}
        numbers.append(CellNumber("shield-alert", number(n), words))
    if n := cell.lessons:
        words = ngettext("%(n)s lesson", "%(n)s lessons", n) % {"n": number(n)}
        numbers.append(CellNumber("book-open", number(n), words))
    if n := cell.rules:
        words = ngettext("%(n)s live rule", "%(n)s live rules", n) % {"n": number(n)}
        numbers.append(CellNumber("shield-off", number(n), words))
    return numbers


# What is wider than a column at 1280 pixels; browsers hyphenate English only where they have the
# dictionary.
LONG_WORDS = {
    "Communications": "Communi&shy;cations",
    "Spearphishing": "Spear&shy;phishing",
}


# What a cell shows; the page of a technique has all of its numbers.
ICONS_OF_A_CELL = ("shield-off", "book-open")


def cell_html(cell: MatrixCell, url: str) -> SafeString:
    """Return the link of a cell, with its numbers to see and to hear: incidents, live rules,
    lessons, and how many sub-techniques are counted in them.
    """
    incidents, *others = numbers_of(cell)
    shown = [other for name in ICONS_OF_A_CELL for other in others if other.icon == name]
    numbers_html = EMPTY
    if cell.is_visible or cell.lessons:
        numbers_html = format_html(
            '<span class="cell-numbers" aria-hidden="true"><span>{}</span>{}</span>',
            incidents.value,
            joined(
                format_html("<span>{}{}</span>", icon(other.icon), other.value) for other in shown
            ),
        )
    words = [incidents.words, *(other.words for other in shown)]
    more_html = EMPTY
    if n := len(cell.subtechniques):
        more_html = format_html(' <span class="cell-more" aria-hidden="true">+{}</span>', number(n))
        words.append(ngettext("%(n)s sub-technique", "%(n)s sub-techniques", n) % {"n": number(n)})
    return format_html(
        '<a class="cell heat-{}{}" href="{}"><span class="cell-name" lang="en">{}{}</span>{}'
        '<span class="hear-only">{}</span></a>',
        cell.heat,
        "" if cell.is_visible else " cell-blind",
        url,
        _name_html(cell.technique.name),
        more_html,
        numbers_html,
        ", ".join(words),
    )


def _name_html(name: str) -> SafeString:
    """Return a name that may break behind a slash and inside the longest words, so that no word of
    a narrow column breaks where it should not.
    """
    html = str(conditional_escape(name)).replace("/", "/<wbr>")
    for word, hyphenated in LONG_WORDS.items():
        html = html.replace(word, hyphenated)
    return mark_safe(html)
