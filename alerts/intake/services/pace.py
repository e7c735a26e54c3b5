"""How long one slice of work may go on, and how fast details are fetched meanwhile.

Brisk at first, half as fast after a 429, never under what Sentinel promises.
"""

import time
from dataclasses import dataclass, field

PROMISED = 100 / 300  # calls a second of each kind that Sentinel guarantees
_FASTEST = 50.0
_FIRST = 10.0
_GROWTH = 1.5
_STEADY = 25  # incidents without a 429 before it goes faster


@dataclass(slots=True)
class Budget:
    """How long one slice may go on. No limit in the foreground."""

    seconds: float | None = None
    _ends: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + (self.seconds or 0.0)

    @property
    def is_used_up(self) -> bool:
        """Whether the slice is over; what is left goes on in the next one."""
        return self.seconds is not None and time.monotonic() >= self._ends


@dataclass(slots=True)
class Pace:
    """Incidents a second; the state between two slices is kept in the job's payload."""

    per_second: float = _FIRST
    steady: int = 0
    _next: float = 0.0

    @classmethod
    def from_json(cls, payload: dict[str, object]) -> "Pace":
        """From the job's row."""
        per_second = payload.get("per_second", _FIRST)
        rate = float(per_second) if isinstance(per_second, int | float) else _FIRST
        return cls(min(max(rate, PROMISED), _FASTEST))

    def as_json(self) -> dict[str, float]:
        """For the job's row."""
        return {"per_second": round(self.per_second, 3)}

    def wait(self) -> None:
        """Sleep until the next incident's turn."""
        late = self._next - time.monotonic()
        if late > 0:
            time.sleep(late)
        self._next = max(time.monotonic(), self._next) + 1 / self.per_second

    def slower(self) -> None:
        """There was a 429."""
        self.per_second, self.steady = max(self.per_second / 2, PROMISED), 0

    def went_well(self) -> None:
        """There was none."""
        self.steady += 1
        if self.steady >= _STEADY:
            self.per_second, self.steady = min(self.per_second * _GROWTH, _FASTEST), 0
