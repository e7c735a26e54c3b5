"""The simulator's own clock: real time plus an offset, or a frozen moment that only we move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulator.words import to_ticks


class Clock:
    """Tells the pretend Azure what time it is. Moving it forward is all one can do."""

    def __init__(
        self, *, offset: timedelta = timedelta(), frozen_at: datetime | None = None
    ) -> None:
        self.offset = offset
        self._frozen_at = frozen_at

    def now(self) -> datetime:
        """The simulator's present moment, in UTC."""
        base = self._frozen_at or datetime.now(UTC)
        return base + self.offset

    def ticks(self) -> int:
        """The present moment in 100 ns steps."""
        return to_ticks(self.now())

    def advance(self, by: timedelta) -> None:
        """Move forward; a clock that runs backwards would break every reader."""
        if by < timedelta():
            raise ValueError("the clock only moves forward")
        self.offset += by
