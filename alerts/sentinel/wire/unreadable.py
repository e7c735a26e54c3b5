"""What could not be understood: a record for quarantine, or an answer that is no page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One record of a page that cannot be kept as what it claims to be."""

    reason: str
    raw: bytes
    name: str | None = None


class NotAPage(ValueError):
    """The whole answer is no list as Sentinel sends them; nothing of it may be stored."""


class Unfit(ValueError):
    """One record cannot be read; the reader of the page turns this into Unreadable."""


type Bag = dict[str, Any]
