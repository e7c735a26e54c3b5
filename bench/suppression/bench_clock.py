"""Both clocks of Tagout in the hand of the bench: months pass in minutes, and nothing waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from portal import clock


class BenchClock:
    """What time it is. Work is due, and leases end, by the same time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def set_to(self, moment: datetime) -> None:
        """Let the time until then pass; it never runs back."""
        self.now = max(self.now, moment)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have all of Tagout ask this clock for a while."""
        before = clock.now, clock.unshifted
        clock.now = clock.unshifted = lambda: self.now
        try:
            yield
        finally:
            clock.now, clock.unshifted = before
