"""How much rules may close before they stop (S6): a multiple of what their back-tests had at most.

Counted by when incidents came, not by when they were closed: after an hour without a sync a whole
hour of them is closed in one minute, and nothing has changed at the plant.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

type Brake = Literal["rule-day", "workspace-hour", "workspace-day"]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# reliability.md, S6
RULE_LEAST, RULE_TIMES = 5, 3
WORKSPACE_LEAST, WORKSPACE_TIMES = 20, 1.5
COUNTED: Final = ("busiest", "closed_per_day")  # of the body of a back-test


@dataclass(frozen=True, slots=True)
class Busiest:
    """The most incidents that came within any hour, and within any 24 hours, of a back-test, of
    those that the rule matches and no guard keeps open.
    """

    hour: int = 0
    day: int = 0


NOTHING_COUNTED: Final = Busiest()


@dataclass(frozen=True, slots=True)
class Cap:
    """`limit` incidents may be closed of those that came within `span`; `most` were in history."""

    brake: Brake
    span: timedelta
    most: int
    limit: int


def busiest_of(moments: Iterable[datetime]) -> Busiest:
    """Return the busiest hour and 24 hours of incidents that came at these moments."""
    ordered = sorted(moments)
    return Busiest(_most_within(ordered, HOUR), _most_within(ordered, DAY))


def busiest_in(body: Mapping[str, Any]) -> Busiest:
    """Return what a frozen back-test had at most. One from before hours were counted has days only:
    its busiest day may have been one hour.
    """
    if busiest := body.get("busiest"):
        return Busiest(int(busiest["hour"]), int(busiest["day"]))
    most = max((int(count) for _, count in body.get("closed_per_day") or ()), default=0)
    return Busiest(most, most)


def cap_of_rule(busiest: Busiest) -> Cap:
    """Return what one rule may close."""
    return Cap("rule-day", DAY, busiest.day, max(RULE_LEAST, RULE_TIMES * busiest.day))


def caps_of_workspace(rules: Iterable[Busiest]) -> tuple[Cap, Cap]:
    """Return what the live rules of a workspace may close together."""
    live = list(rules)
    hour, day = sum(rule.hour for rule in live), sum(rule.day for rule in live)
    return (
        Cap("workspace-hour", HOUR, hour, _limit_of_workspace(hour)),
        Cap("workspace-day", DAY, day, _limit_of_workspace(day)),
    )


def _limit_of_workspace(most: int) -> int:
    return max(WORKSPACE_LEAST, int(WORKSPACE_TIMES * most))


def _most_within(ordered: list[datetime], span: timedelta) -> int:
    """Return the most of these moments that are within one span."""
    return max(
        (bisect_left(ordered, moment + span) - place for place, moment in enumerate(ordered)),
        default=0,
    )
