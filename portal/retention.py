"""What retention settings remove, room by room. `retention apply` asks here; a periodic job of each
room does the same by itself.

    register_retention("captures", remove_old_captures)
"""

from datetime import datetime
from typing import Protocol


class Remover(Protocol):
    """Removes what a setting says, or only counts it. Returns how many things that are."""

    def __call__(self, *, now: datetime, is_dry_run: bool) -> int:
        """Remove, or count."""


_removers: dict[str, Remover] = {}


def register_retention(name: str, remover: Remover) -> None:
    """Have this done by `retention apply`, under this name."""
    _removers[name] = remover


def apply_retention(*, now: datetime, is_dry_run: bool) -> dict[str, int]:
    """Remove, or count, what the settings say; return how many things of each name."""
    return {
        name: remover(now=now, is_dry_run=is_dry_run) for name, remover in sorted(_removers.items())
    }
