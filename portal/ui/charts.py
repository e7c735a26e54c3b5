"""Charts as SVG from the server: numbers in, one picture and its twin as a table out."""

from collections.abc import Iterator, Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.pieces import BarPart, ChartPoint, LinePoint
from portal.ui.tags.html import EMPTY, joined

WIDTH, HEIGHT = 300, 70


def coordinate(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def chart_bars(points: Sequence[ChartPoint], title: str, *, unit: str = "") -> SafeString:
    """Bars over time. The words under it name the first and the last bar."""
    if not points:
        return format_html('<p class="muted medium">{}</p>', gettext("No numbers yet."))
    top = max(1, *(point.value for point in points))
    pitch = WIDTH / len(points)
    bars = joined(
        format_html(
            '<rect{} x="{}" y="{}" width="{}" height="{}" rx="2"/>',
            format_html(' class="{}"', "hot") if point.hot else EMPTY,
            coordinate(at * pitch),
            coordinate(HEIGHT - point.value / top * HEIGHT),
            coordinate(pitch * 0.76),
            coordinate(point.value / top * HEIGHT),
        )
        for at, point in enumerate(points)
    )
    picture = format_html(
        '<svg class="chart-picture" viewBox="0 0 {} {}" role="img" aria-label="{}">{}'
        '<line x1="0" x2="{}" y1="{}" y2="{}"/></svg>',
        WIDTH,
        HEIGHT + 1,
        title,
        bars,
        WIDTH,
        coordinate(HEIGHT + 0.5),
        coordinate(HEIGHT + 0.5),
    )
    ends = format_html(
        '<p class="chart-ends"><span>{}</span><span>{}</span></p>',
        points[0].label,
        points[-1].label,
    )
    cells = [(point.label, coordinate(point.value)) for point in points]
    return format_html('<div class="chart">{}{}{}</div>', picture, ends, table(cells, title, unit))


def chart_line(
    points: Sequence[LinePoint], title: str, *, unit: str = "", when: str = "", highest: str = ""
) -> SafeString:
    """A line over time, from zero up. Where values are missing the line breaks; where they should
    be there, the ground is marked. `highest` is the largest value in words, to give the scale;
    `unit` and `when` head the table.
    """
    if not any(point.value is not None for point in points):
        return format_html('<p class="muted medium">{}</p>', gettext("No numbers yet."))
    top = max(1, *(point.value or 0 for point in points))
    pitch = WIDTH / len(points)
    places = [
        None if point.value is None else ((at + 0.5) * pitch, HEIGHT - point.value / top * HEIGHT)
        for at, point in enumerate(points)
    ]
    gaps = joined(
        format_html(
            '<rect class="gap" x="{}" y="0" width="{}" height="{}"/>',
            coordinate(at * pitch),
            coordinate(pitch),
            HEIGHT,
        )
        for at, point in enumerate(points)
        if point.gap
    )
    tips = joined(
        format_html(
            '<rect class="tip" x="{}" y="0" width="{}" height="{}"><title>{}: {}</title></rect>',
            coordinate(at * pitch),
            coordinate(pitch),
            HEIGHT,
            point.label,
            point.gap or point.words,
        )
        for at, point in enumerate(points)
    )
    picture = format_html(
        '<svg class="chart-lines" viewBox="0 -3 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}<line class="ground" x1="0" x2="{}" y1="{}" y2="{}"/>{}{}</svg>',
        WIDTH,
        HEIGHT + 6,
        title,
        gaps,
        WIDTH,
        HEIGHT,
        HEIGHT,
        joined(_stretch(run) for run in _stretches(places)),
        tips,
    )
    ends = format_html(
        '<p class="chart-ends"><span>{}</span><span>{}</span><span>{}</span></p>',
        points[0].label,
        highest,
        points[-1].label,
    )
    cells = [(point.label, point.gap or point.words) for point in points]
    twin = table(cells, title, unit, when)
    return format_html('<div class="chart">{}{}{}</div>', picture, ends, twin)


def _stretches(
    places: Sequence[tuple[float, float] | None],
) -> Iterator[list[tuple[float, float]]]:
    """The runs of places that follow each other without a break."""
    run: list[tuple[float, float]] = []
    for place in (*places, None):
        if place is not None:
            run.append(place)
        elif run:
            yield run
            run = []


def _stretch(run: Sequence[tuple[float, float]]) -> SafeString:
    """One unbroken piece of a line over its area, with a dot at its end."""
    line = " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in run)
    x, y = map(coordinate, run[-1])
    return format_html(
        '<polygon points="{},{} {} {},{}"/><polyline points="{}"/>'
        '<line class="dot" x1="{}" x2="{}" y1="{}" y2="{}"/>',
        coordinate(run[0][0]),
        HEIGHT,
        line,
        x,
        HEIGHT,
        line,
        x,
        x,
        y,
        y,
    )


def table(cells: Sequence[tuple[str, str]], title: str, unit: str, when: str = "") -> SafeString:
    """The same numbers to read: when, and how many."""
    rows = joined(
        format_html('<tr><th scope="row">{}</th><td class="cell-number">{}</td></tr>', *cell)
        for cell in cells
    )
    return format_html(
        '<details class="chart-table"><summary>{}</summary><table><caption class="hear-only">{}'
        '</caption><thead><tr><th scope="col">{}</th><th scope="col">{}</th></tr></thead>'
        "<tbody>{}</tbody></table></details>",
        gettext("Show as table"),
        title,
        when or gettext("When"),
        unit or gettext("Count"),
        rows,
    )


def verdict_bar(counts: Sequence[tuple[str, str, int]]) -> SafeString:
    """One bar of several verdicts and its legend; counts are (key, word, how many)."""
    if not any(how_many for _, _, how_many in counts):
        return format_html('<p class="muted medium">{}</p>', gettext("No verdict yet."))
    return parts_bar([BarPart(key, n, f"{n} {word}") for key, word, n in counts if n])


def parts_bar(parts: Sequence[BarPart]) -> SafeString:
    """One bar of parts that add up, and its legend in the same order; empty ones are listed too."""
    total = sum(part.n for part in parts)
    legend = joined(map(_legend_item, parts))
    return format_html('{}<ul class="legend">{}</ul>', bar_of(parts, total), legend)


def bar_of(parts: Sequence[BarPart], total: float) -> SafeString:
    """One bar of parts, as long as they are of a total, for numbers beside it."""
    rects, at = [], 0.0
    for part in parts:
        if width := part.n / max(1, total) * 100:
            rects.append(
                format_html(
                    '<rect class="bar-{}" x="{}" width="{}" height="8"/>',
                    part.key,
                    coordinate(at),
                    coordinate(width),
                )
            )
        at += width
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        "{}</svg>",
        joined(rects),
    )


def _legend_item(part: BarPart) -> SafeString:
    words = part.words
    if part.href:
        words = format_html('<a class="link-alone" href="{}">{}</a>', part.href, part.words)
    return format_html('<li><span class="key key-{}"></span>{}</li>', part.key, words)
