"""What the frame of every page shows: counters beside navigation items, lines of the footer, and
the banner of pages whose data is old.

The hall depends on no wing. Rooms contribute small functions in the wiring files.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.http import HttpRequest

from portal.rooms import Contribution
from portal.ui.words import number

logger = logging.getLogger(__name__)

type Level = Literal["", "ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Count:
    """A number beside a navigation item; hot ones are red."""

    value: int
    hot: bool = False
    more: bool = False  # there are more; the number is as far as was counted

    def __str__(self) -> str:
        return f"{number(self.value)}+" if self.more else number(self.value)


@dataclass(frozen=True, slots=True)
class FooterLine:
    """One line of the footer: how fresh the data is, how much of it there is."""

    text: str
    level: Level = ""
    url: str = ""
    since: datetime | None = None  # shown after the text as an age that keeps counting
    cause: str = ""  # of a line that is not well, for the banner
    about: str = ""  # the workspace that a line of the banner is about; empty for everything
    only_there: bool = False  # said on pages about that workspace alone


type ReadCount = Callable[[HttpRequest], Count | int | None]


@dataclass(frozen=True, slots=True)
class FooterFact(Contribution):
    """A line of the footer, read on every page."""

    read: Callable[[HttpRequest], FooterLine | None]


@dataclass(frozen=True, slots=True)
class BannerFact(Contribution):
    """Lines of the banner, read on every page."""

    read: Callable[[HttpRequest], Sequence[FooterLine]]


def count_of(read: ReadCount, request: HttpRequest) -> Count | None:
    """Return the count, or None when there is nothing to show."""
    fact = _read_safely(read, request)
    count = Count(fact) if isinstance(fact, int) else fact
    return count if count is not None and count.value > 0 else None


def footer_of(request: HttpRequest) -> list[FooterLine]:
    """Return the lines of the footer, in the order of the wiring files."""
    lines = [_read_safely(fact.read, request) for fact in FooterFact.entries]
    return [line for line in lines if line is not None]


def banner_of(request: HttpRequest) -> list[FooterLine]:
    """Return why what the page shows may be out of date, worst first; nothing where all of it is
    fresh.
    """
    found = [_read_safely(fact.read, request) for fact in BannerFact.entries]
    lines = [line for lines in found for line in lines or ()]
    return sorted(lines, key=lambda line: line.level != "bad")


def _read_safely[T](read: Callable[[HttpRequest], T], request: HttpRequest) -> T | None:
    try:
        return read(request)
    except Exception:  # the frame must stand when a wing's number cannot be read
        name = f"{read.__module__}.{getattr(read, '__qualname__', '')}"
        logger.exception("The shell fact %s could not be read.", name)
        return None
