"""Whether planned work covers an alert: its time, and the devices that it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SLACK: Final = timedelta(hours=1)  # after the planned end
MAX_LATE: Final = timedelta(
    hours=12
)  # after the slack: how long alerts of unfinished work are late


class WorkSide(StrEnum):
    """On which side of an alert a device of the work is expected."""

    ANY = "any"
    FROM = "from"
    TO = "to"


class Fit(StrEnum):
    """How an alert relates to planned work."""

    INSIDE = "inside"
    LATE = "late"  # of its devices, but after the slack, and nobody said that the work is done
    NOT_NAMED = "not-named"  # in its time and of one of its devices, with one that it does not name


@dataclass(frozen=True, slots=True)
class WorkEnd:
    """One end of an alert: its zone, its address and its name, as far as the alert has them."""

    zone: str
    address: str
    device: str


@dataclass(frozen=True, slots=True)
class WorkDevice:
    """A device that the work names: by zone and address, with the name it had then."""

    side: str
    zone: str
    address: str
    name: str

    def is_end(self, end: WorkEnd) -> bool:
        """Whether it is this end of an alert: never a bare address of another zone."""
        if end.zone != self.zone:
            return False
        if end.address:
            return end.address == self.address
        return bool(self.name) and end.device == self.name


@dataclass(frozen=True, slots=True)
class Scope:
    """What work is about: devices that it names or, where it names none, a whole zone."""

    devices: tuple[WorkDevice, ...] = ()
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """When work takes place, and until when its alerts are late. `late_until` is None for
    work of which nobody is asked whether it is done.
    """

    starts_at: datetime
    ends_at: datetime
    late_until: datetime | None = None

    @property
    def slack_ends_at(self) -> datetime:
        """The last moment that is still inside."""
        return self.ends_at + SLACK


def fit_of(scope: Scope, times: Times, ends: Sequence[WorkEnd], at: datetime) -> Fit | None:
    """Return how an alert with these ends relates to the work; None where it does not."""
    if times.starts_at <= at <= times.slack_ends_at:
        if covers(scope, ends):
            return Fit.INSIDE
        return Fit.NOT_NAMED if names_any_end(scope, ends) else None
    is_late = times.late_until is not None and times.slack_ends_at < at <= times.late_until
    return Fit.LATE if is_late and names_any_end(scope, ends) else None


def covers(scope: Scope, ends: Sequence[WorkEnd]) -> bool:
    """Whether the work expects alerts between these ends."""
    if not scope.devices:
        return bool(scope.zone and ends) and all(end.zone == scope.zone for end in ends)
    sides = [_sides(scope, end) for end in ends]
    if any(WorkSide.ANY in named for named in sides):
        return True
    if len(ends) == 1:
        return bool(sides[0])
    return any(
        WorkSide.FROM in one and WorkSide.TO in other
        for place, one in enumerate(sides)
        for at, other in enumerate(sides)
        if at != place
    )


def names_any_end(scope: Scope, ends: Sequence[WorkEnd]) -> bool:
    """Whether a device that the work names is one of these ends."""
    return any(_sides(scope, end) for end in ends)


def _sides(scope: Scope, end: WorkEnd) -> set[str]:
    return {device.side for device in scope.devices if device.is_end(end)}
