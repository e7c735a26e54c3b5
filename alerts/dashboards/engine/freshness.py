"""When a silence becomes a warning, and which of several levels shows."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

type Level = Literal["", "ok", "warn", "bad"]

SILENT = timedelta(seconds=60)  # a worker that says nothing for longer is not there (G12)
_ORDER: tuple[Level, ...] = ("", "ok", "warn", "bad")


def worst(levels: Iterable[Level]) -> Level:
    """The worst of several; nothing for none."""
    return max(levels, key=_ORDER.index, default="")


def is_silent(age: timedelta | None) -> bool:
    """Whether a worker was not heard for too long."""
    return age is None or age > SILENT
