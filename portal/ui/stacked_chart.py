"""A chart of bars in two parts that add up, as SVG from the server; the page has its numbers as a
table. Its words are around the picture, so that they keep their size on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.ui.charts import coordinate
from portal.ui.tags.html import joined

_WIDTH: Final = 600
_HEIGHT: Final = 160
_FILLED: Final = 0.72  # of the room of a bar


@dataclass(frozen=True, slots=True)
class StackedBar:
    """One bar: what is at its foot, what is on top of that, and its words on hover. `band` is the
    range in which it was forecast.
    """

    foot: int
    top: int
    title: str
    is_gap: bool = False  # there is no number; the ground is marked
    band: tuple[int, int] | None = None


def stacked_chart(
    bars: Sequence[StackedBar],
    title: str,
    *,
    mark: float | None = None,
    stop: float | None = None,
) -> SafeString:
    """Draw the bars; `mark` and `stop` are the places of lines, in bars from the left."""
    highest = highest_of(bars)
    pitch = _WIDTH / max(1, len(bars))
    lines = joined(
        format_html(
            '<line class="{}" x1="{}" x2="{}" y1="-6" y2="{}"/>',
            name,
            coordinate(at * pitch),
            coordinate(at * pitch),
            _HEIGHT,
        )
        for name, at in (("stacked-mark", mark), ("stacked-stop", stop))
        if at is not None
    )
    return format_html(
        '<svg class="stacked" viewBox="0 -6 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}<line class="stacked-ground" x1="0" x2="{}" y1="{}" y2="{}"/>{}</svg>',
        _WIDTH,
        _HEIGHT + 8,
        title,
        joined(
            _bar(bar, x=at * pitch, pitch=pitch, unit=_HEIGHT / highest)
            for at, bar in enumerate(bars)
        ),
        _WIDTH,
        _HEIGHT,
        _HEIGHT,
        lines,
    )


def highest_of(bars: Sequence[StackedBar]) -> int:
    """Return the number at the upper edge of the chart."""
    tops = [max(bar.foot + bar.top, bar.band[1] if bar.band else 0) for bar in bars]
    return max(1, *tops)


def _bar(bar: StackedBar, *, x: float, pitch: float, unit: float) -> SafeString:
    rest = (1 - _FILLED) / 2 * pitch
    if bar.is_gap:
        parts = _rect("stacked-gap", x, pitch, 0, _HEIGHT)
    else:
        foot, top = bar.foot * unit, bar.top * unit
        left, width = x + rest, pitch * _FILLED
        parts = joined(
            (
                _rect("stacked-top", left, width, _HEIGHT - foot - top, top),
                _rect("stacked-foot", left, width, _HEIGHT - foot, foot),
            )
        )
    if bar.band:
        low, high = (end * unit for end in bar.band)
        parts = joined((_rect("stacked-band", x, pitch, _HEIGHT - high, high - low), parts))
    tip = format_html(
        '<rect class="stacked-tip" x="{}" y="0" width="{}" height="{}"><title>{}</title></rect>',
        coordinate(x),
        coordinate(pitch),
        _HEIGHT,
        bar.title,
    )
    return joined((parts, tip))


def _rect(name: str, x: float, width: float, y: float, height: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        name,
        coordinate(x),
        coordinate(y),
        coordinate(width),
        coordinate(height),
    )
