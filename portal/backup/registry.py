"""What a restored Tagout compares with the outside; wings contribute it in the wiring files.

A comparison only reads the far ends. It runs in a command, never in the web process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.backup.engine import RemoteDifference
from portal.rooms import Contribution


@dataclass(frozen=True, slots=True)
class RemoteComparison(Contribution):
    """Returns what differs outside, at a business time; asked after a restore."""

    compare: Callable[[datetime], list[RemoteDifference]]


def run_comparisons(*, now: datetime) -> list[RemoteDifference]:
    """Return what every comparison finds outside."""
    return [found for entry in RemoteComparison.entries for found in entry.compare(now)]
