"""Charts: bars, line, verdict bar, progress."""

from collections.abc import Iterable, Mapping, Sequence

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from portal.ui import charts
from portal.ui.pieces import BarPart, ChartPoint, LinePoint
from portal.ui.stacked_chart import StackedBar
from portal.ui.stacked_chart import stacked_chart as drawn_stacked_chart
from portal.ui.tags.states import verdict_key

register = Library()

_INSIDE = {  # after a number: "9 maintenance"
    "maintenance": pgettext_lazy("after a number", "maintenance"),
    "routine": pgettext_lazy("after a number", "routine"),
    "suspicious": pgettext_lazy("after a number", "suspicious"),
    "not-sure": pgettext_lazy("after a number", "not sure"),
}


@register.simple_tag
def chart_bars(
    points: Iterable[ChartPoint | tuple[str, float]], title: str, *, unit: str = ""
) -> SafeString:
    """Bars over time with "Show as table". The title is the sentence that is read out."""
    made = [point if isinstance(point, ChartPoint) else ChartPoint(*point) for point in points]
    return charts.chart_bars(made, title, unit=unit)


@register.simple_tag
def chart_line(
    points: Iterable[LinePoint], title: str, *, unit: str = "", when: str = "", highest: str = ""
) -> SafeString:
    """A line over time with "Show as table"; it breaks where a value is missing. The title is the
    sentence that is read out.
    """
    return charts.chart_line(list(points), title, unit=unit, when=when, highest=highest)


@register.simple_tag
def stacked_chart(
    bars: Sequence[StackedBar],
    title: str,
    *,
    mark: float | None = None,
    stop: float | None = None,
) -> SafeString:
    """Bars in two parts that add up. The title is read out; the page has the numbers as a table."""
    return drawn_stacked_chart(bars, title, mark=mark, stop=stop)


@register.simple_tag
def legend_key(name: str) -> SafeString:
    """The sign of one part of a stacked chart in its legend; `name` is the class of the part."""
    width, at = (2, 4) if name in ("stacked-mark", "stacked-stop") else (10, 0)
    return format_html(
        '<svg class="legend-key {}" viewBox="0 0 10 10" aria-hidden="true">'
        '<rect x="{}" width="{}" height="10"/></svg>',
        name,
        at,
        width,
    )


@register.simple_tag
def chart_table(
    cells: Sequence[tuple[str, str]], title: str, *, unit: str = "", when: str = ""
) -> SafeString:
    """The numbers of a chart as "Show as table", where the chart draws none itself."""
    return charts.table(cells, title, unit, when)


@register.simple_tag
def verdict_bar(counts: Mapping[str, int]) -> SafeString:
    """How often OT gave each: one bar and its legend, from {"maintenance": 9, "routine": 2}."""
    by_verdict = {verdict_key(name): how_many for name, how_many in counts.items()}
    order = ("maintenance", "routine", "suspicious", "not-sure")
    return charts.verdict_bar([(key, str(_INSIDE[key]), by_verdict.get(key, 0)) for key in order])


@register.simple_tag
def parts_bar(parts: Sequence[BarPart]) -> SafeString:
    """One bar of parts that add up, with words, number and list of each below it."""
    return charts.parts_bar(parts)


@register.simple_tag
def bar_of(parts: Sequence[BarPart], total: float) -> SafeString:
    """One bar of several below each other, as long as its parts are of the total. It is a drawing
    only, for numbers beside it.
    """
    return charts.bar_of(parts, total)


@register.simple_tag
def progress(done: float, total: float, label: str) -> SafeString:
    """How much of something is done; the label is read out."""
    share = 100 * done / total if total else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><rect class="bar-ground" width="100" height="8"/>'
        '<rect width="{}" height="8"/></svg>',
        label,
        charts.coordinate(share),
    )
