"""What a fresh reading of an automation rule means for what is wanted of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from alerts.sentinel.wire.automation import differing_places, is_switched_off_by_time

type Body = dict[str, Any]


class Taken(Enum):
    """What to do."""

    AS_WANTED = auto()
    WRITE = auto()
    HOLD = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and what a person has to know about it."""

    taken: Taken
    note: str = ""


def decide_about(
    *,
    wanted: Body | None,
    known: Iterable[Body | None],
    was_there: bool,
    found: Body | None,
    insists: bool,
    now: datetime,
) -> Decision:
    """Compare what is wanted, what we know to be ours, and what was found. What a person changed,
    made or deleted under our name is not written over unless we insist, and never without a word.
    """
    if found is None and wanted is None:
        return Decision(Taken.AS_WANTED)
    if found is not None and wanted is not None and not differing_places(wanted, found):
        return Decision(Taken.AS_WANTED)
    note = _foreign(known, was_there=was_there, found=found, now=now)
    if note and not insists:
        return Decision(Taken.HOLD, note)
    return Decision(Taken.WRITE, note)


def _foreign(
    known: Iterable[Body | None], *, was_there: bool, found: Body | None, now: datetime
) -> str:
    """What somebody else did to it since we wrote it; empty where nobody did."""
    if found is None:
        return "Somebody deleted this rule in Sentinel." if was_there else ""
    ours = [body for body in known if body is not None]
    if not ours:
        return "Sentinel has a rule under this name that Tagout did not write."
    found = _before_its_end(found, now=now)
    changes = [differing_places(body, found) for body in ours]
    if not all(changes):
        return ""
    return f"Somebody changed this rule in Sentinel: {', '.join(changes[0])}."


def _before_its_end(found: Body, *, now: datetime) -> Body:
    """As it was before the service disabled it because its lease was over."""
    if not is_switched_off_by_time(found, now=now):
        return found
    return found | {"triggeringLogic": found["triggeringLogic"] | {"isEnabled": True}}
