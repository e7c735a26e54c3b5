"""What the frame of every page knows: counters beside navigation items, lines of the footer, and
the banner of pages whose data is old.

The hall knows no wing. A wing registers small callables in `AppConfig.ready`:

    register_shell_fact("reviews.waiting", count_waiting_reviews)
    register_shell_fact("sentinel.sync", how_old_sync_is, place="footer")
    register_shell_fact("sentinel.late", which_syncs_are_late, place="banner")
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.http import HttpRequest

from portal.ui.words import number

logger = logging.getLogger(__name__)

type Place = Literal["counter", "footer", "banner"]
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


type Fact = Count | FooterLine | Sequence[FooterLine] | int | None
type ReadFact = Callable[[HttpRequest], Fact]

_facts: dict[str, tuple[Place, ReadFact]] = {}


def register_shell_fact(key: str, read: ReadFact, *, place: Place = "counter") -> None:
    """Let the frame ask `read(request)` on every page; a key registered again replaces the old."""
    _facts[key] = (place, read)


def count_of(key: str, request: HttpRequest) -> Count | None:
    """The counter of this key, or None when there is nothing to show."""
    place, read = _facts.get(key, ("", None))
    if place != "counter" or read is None:
        return None
    fact = _ask(key, read, request)
    count = Count(fact) if isinstance(fact, int) else fact
    return count if isinstance(count, Count) and count.value > 0 else None


def footer_of(request: HttpRequest) -> list[FooterLine]:
    """The lines of the footer, in the order of registration."""
    facts = [_ask(key, read, request) for key, (place, read) in _facts.items() if place == "footer"]
    return [line for line in facts if isinstance(line, FooterLine)]


def banner_of(request: HttpRequest) -> list[FooterLine]:
    """Why what the page shows may be out of date, worst first; nothing where all of it is fresh."""
    facts = [_ask(key, read, request) for key, (place, read) in _facts.items() if place == "banner"]
    lines = [line for fact in facts if isinstance(fact, Sequence) for line in fact]
    return sorted(lines, key=lambda line: line.level != "bad")


def _ask(key: str, read: ReadFact, request: HttpRequest) -> Fact:
    try:
        return read(request)
    except Exception:  # the frame must stand when a wing's number cannot be read
        logger.exception("The shell fact %s could not be read.", key)
        return None
