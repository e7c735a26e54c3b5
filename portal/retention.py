"""What retention settings remove, room by room. `retention apply` asks here; a periodic job of each
room does the same by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.rooms import Contribution


class Remover(Protocol):
    """Removes what is due by a setting, or only counts it. Returns how many things that are."""

    def __call__(self, *, now: datetime, is_dry_run: bool) -> int:
        """Remove, or count."""


@dataclass(frozen=True, slots=True)
class Retention(Contribution):
    """What `retention apply` removes, by its name in the command's output."""

    name: str
    remove: Remover


def apply_retention(*, now: datetime, is_dry_run: bool) -> dict[str, int]:
    """Remove, or count, what the settings state; return how many things of each name."""
    return {
        retention.name: retention.remove(now=now, is_dry_run=is_dry_run)
        for retention in sorted(Retention.entries, key=lambda retention: retention.name)
    }
