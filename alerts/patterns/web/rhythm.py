"""The plant's week as a strip: hours from left to right, weekdays from top to bottom."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from portal.ui.moments import hours_zone
from portal.ui.zones import READER

_PITCH, _SIZE, _STEPS = 10, 9, 5


def strip(rhythm: Sequence[int], words: str) -> SafeString:
    """The picture. The words are what is read out instead."""
    top = max(rhythm, default=0) or 1
    cells: list[list[str]] = [[] for _ in range(_STEPS + 1)]
    for at, count in enumerate(rhythm):
        level = -(-count * _STEPS // top)
        x, y = at % 24 * _PITCH, at // 24 * _PITCH
        cells[level].append(f"M{x} {y}h{_SIZE}v{_SIZE}h-{_SIZE}z")
    paths = format_html_join(
        "",
        '<path class="heat-{}" d="{}"/>',
        ((level, "".join(drawn)) for level, drawn in enumerate(cells) if drawn),
    )
    return format_html(
        '<svg class="rhythm" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        24 * _PITCH - 1,
        7 * _PITCH - 1,
        words,
        paths,
    )


def clock_words(zone: str) -> str:
    """On whose clock the hours of the week are."""
    if zone == READER:
        return "UTC"
    return ", ".join(filter(None, (gettext("Plant time"), hours_zone(zone))))


def table_of(rhythm: Sequence[int]) -> list[tuple[str, list[int]]]:
    """The same numbers to read: a weekday, and its 24 hours."""
    names = pgettext("weekdays", "Mon Tue Wed Thu Fri Sat Sun").split()
    return [(name, list(rhythm[day * 24 : day * 24 + 24])) for day, name in enumerate(names)]
