"""What a fresh reading of an automation rule means for what is wanted of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from alerts.sentinel.wire.automation import differing_places, is_switched_off_by_time

type Body = dict[str, Any]


class Action(Enum):
    """What to do."""

    AS_WANTED = auto()
    WRITE = auto()
    HOLD = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and what a person has to know about it."""

    action: Action
    note: str = ""


def decide_about(
    *,
    desired: Body | None,
    ours: Iterable[Body | None],
    was_there: bool,
    found: Body | None,
    insists: bool,
    now: datetime,
) -> Decision:
    """Compare wanted, landed and found; a person's change is kept unless we insist."""
    if found is None and desired is None:
        return Decision(Action.AS_WANTED)
    if found is not None and desired is not None and not differing_places(desired, found):
        return Decision(Action.AS_WANTED)
    note = _foreign(ours, was_there=was_there, found=found, now=now)
    if note and not insists:
        return Decision(Action.HOLD, note)
    return Decision(Action.WRITE, note)


def _foreign(
    ours: Iterable[Body | None], *, was_there: bool, found: Body | None, now: datetime
) -> str:
    """What somebody else did to it since we wrote it; empty where nobody did."""
    if found is None:
        return "Somebody deleted this rule in Sentinel." if was_there else ""
    bodies = [body for body in ours if body is not None]
    if not bodies:
        return "Sentinel has a rule under this name that Tagout did not write."
    found = _before_its_end(found, now=now)
    changes = [differing_places(body, found) for body in bodies]
    if not all(changes):
        return ""
    return f"Somebody changed this rule in Sentinel: {', '.join(changes[0])}."


def _before_its_end(found: Body, *, now: datetime) -> Body:
    """As it was before the service disabled it because its lease was over."""
    if not is_switched_off_by_time(found, now=now):
        return found
    return found | {"triggeringLogic": found["triggeringLogic"] | {"isEnabled": True}}
