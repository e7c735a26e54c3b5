"""What a restored Tagout compares with the outside. A wing registers in `AppConfig.ready`:

    register_comparison(compare_automation_rules)

A comparison only reads the far ends. It runs in a command, never in the web process.
"""

from collections.abc import Callable
from datetime import datetime

from portal.backup.engine import RemoteDifference

type Comparison = Callable[[datetime], list[RemoteDifference]]

_comparisons: list[Comparison] = []


def register_comparison(fn: Comparison) -> None:
    """Have this asked after a restore, with the business time."""
    if fn not in _comparisons:
        _comparisons.append(fn)


def run_comparisons(*, now: datetime) -> list[RemoteDifference]:
    """Return what every registered comparison finds outside."""
    return [found for compare in _comparisons for found in compare(now)]
