"""A chart of steps: what each one adds on top of those before it, as SVG from the server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.ui.charts import coordinate, table
from portal.ui.tags.html import EMPTY, joined
from portal.ui.words import percent

type Tone = Literal["ok", "accent", "ot", "maint", "open"]

_LEVELS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_LEFT, _TOP, _FOOT = 40, 14, 22
_MIN_PITCH: Final = 19  # narrower steps are labelled only now and then


@dataclass(frozen=True, slots=True)
class ChartStep:
    """One step: its label, the share of 1 that it adds, and whose it is as a tone."""

    label: str
    share: float
    tone: Tone
    title: str = ""  # said on hover
    name: str = ""  # instead of the label where there is room
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class ChartLevel:
    """A height worth naming, after so many steps."""

    share: float
    steps: int
    label: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """The size of one drawing, and where things are in it."""

    width: int
    height: int
    right: int  # room for the names of levels
    count: int

    @property
    def end(self) -> float:
        return self.width - self.right

    @property
    def pitch(self) -> float:
        return (self.end - _LEFT) / max(self.count, 1)

    @property
    def ground(self) -> float:
        return self.height - _FOOT

    def x(self, step: float) -> float:
        return _LEFT + step * self.pitch

    def y(self, share: float) -> float:
        return self.ground - min(max(share, 0.0), 1.0) * (self.ground - _TOP)


def chart_steps(
    steps: Sequence[ChartStep],
    title: str,
    *,
    levels: Sequence[ChartLevel] = (),
    unit: str = "",
    what: str = "",
) -> SafeString:
    """Return the chart for wide and for narrow panes, and its numbers as a table. The title is the
    sentence that is read out; `what` and `unit` head the table.
    """
    wide = _drawing(steps, title, levels, _Frame(760, 180, 104, len(steps)), is_wide=True)
    narrow = _drawing(steps, title, levels, _Frame(358, 186, 52, len(steps)), is_wide=False)
    cells = [(step.name or step.label, f"+{percent(step.share)}") for step in steps]
    return format_html(
        '<div class="chart"><div class="steps-wide">{}</div><div class="steps-narrow">{}</div>{}'
        "</div>",
        wide,
        narrow,
        table(cells, title, unit, what),
    )


def _drawing(
    steps: Sequence[ChartStep],
    title: str,
    levels: Sequence[ChartLevel],
    frame: _Frame,
    *,
    is_wide: bool,
) -> SafeString:
    hatch = f"hatch-{frame.width}"
    return format_html(
        '<svg class="chart-steps" viewBox="0 0 {} {}" role="img" aria-label="{}"><defs>'
        '<pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/>'
        '<rect class="hatch-line" width="2.5" height="6"/></pattern></defs>{}{}{}</svg>',
        frame.width,
        frame.height,
        title,
        hatch,
        joined(_grid(frame)),
        joined(_bars(steps, frame, hatch, is_wide=is_wide)),
        joined(_level(level, frame, is_wide=is_wide) for level in levels),
    )


def _grid(frame: _Frame) -> Iterator[SafeString]:
    for share in _LEVELS:
        y = coordinate(frame.y(share))
        yield format_html(
            '<line class="grid-line{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>',
            "" if share else " is-base",
            _LEFT,
            coordinate(frame.end),
            y,
            y,
            _LEFT - 8,
            coordinate(frame.y(share) + 4),
            percent(share, 0),
        )


def _bars(
    steps: Sequence[ChartStep], frame: _Frame, hatch: str, *, is_wide: bool
) -> Iterator[SafeString]:
    so_far = 0.0
    every = max(1, round(_MIN_PITCH / frame.pitch + 0.499)) if steps else 1
    for at, step in enumerate(steps):
        before, so_far = so_far, so_far + step.share
        x, width = coordinate(frame.x(at) + 1.5), coordinate(max(frame.pitch - 3, 1))
        low, high = frame.y(before), frame.y(so_far)
        thick = max(low - high, 2.0)  # what adds little is still to be seen
        if before:
            yield format_html(
                '<rect class="so-far" x="{}" width="{}" y="{}" height="{}"/>',
                x,
                width,
                coordinate(low),
                coordinate(frame.ground - low),
            )
        yield format_html(
            '<rect class="step-bar step-{}"{} x="{}" width="{}" y="{}" height="{}" rx="1.5">'
            "<title>{}</title></rect>",
            step.tone,
            format_html(' fill="url(#{})"', hatch) if step.tone == "open" else EMPTY,
            x,
            width,
            coordinate(low - thick),
            coordinate(thick),
            step.title or f"{step.label}: +{percent(step.share)}",
        )
        if step.is_current or at % every == 0:
            yield format_html(
                '<text class="axis{}" x="{}" y="{}" text-anchor="middle">{}</text>',
                " is-current" if step.is_current else "",
                coordinate(frame.x(at + 0.5)),
                coordinate(frame.ground + 15),
                step.name if is_wide and step.name else step.label,
            )


def _level(level: ChartLevel, frame: _Frame, *, is_wide: bool) -> SafeString:
    y = frame.y(level.share)
    words = EMPTY
    if is_wide:
        words = format_html(
            '<text class="axis" x="{}" y="{}">{}</text>',
            coordinate(frame.end + 11),
            coordinate(y + 18),
            level.label,
        )
    return format_html(
        '<line class="level" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="level-share" x="{}" y="{}">{}</text>{}',
        coordinate(frame.x(level.steps)),
        coordinate(frame.end + 6),
        coordinate(y),
        coordinate(y),
        coordinate(frame.end + 11),
        coordinate(y + 5),
        percent(level.share, 0),
        words,
    )
