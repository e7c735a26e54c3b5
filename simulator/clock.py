"""Azure's times, in steps of 100 ns, and the simulator's own clock."""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS_PER_SECOND = 10_000_000
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,7}))?)?(Z|[+-]\d\d:\d\d)?", re.I
)


def to_ticks(moment: datetime) -> int:
    """A moment in 100 ns steps since 1970, the precision Azure stores."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 10


def to_moment(ticks: int) -> datetime:
    """The moment of ticks, cut to microseconds."""
    return EPOCH + timedelta(microseconds=ticks // 10)


def iso(ticks: int) -> str:
    """Ticks as Azure prints them, with seven digits."""
    return f"{to_moment(ticks):%Y-%m-%dT%H:%M:%S}.{ticks % TICKS_PER_SECOND:07d}Z"


def parse_time(text: str) -> int:
    """Read a time with zero to seven digits of a second; raises ValueError for anything else."""
    match = _TIME.fullmatch(text.strip().strip("'"))
    if match is None:
        raise ValueError(f"{text!r} is not a valid time")
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in {None, "Z", "z"} else zone
    whole = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone}")
    return to_ticks(whole) + int((fraction or "0").ljust(7, "0"))


class Clock:
    """The time of the pretend Azure. Moving it forward is all one can do."""

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
