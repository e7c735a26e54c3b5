"""What could end a routine pattern, and which of it is the better one.

Five ways: a flag of the inventory, learning or muting at the sensor, a suppression rule of Defender
for IoT, and a rule of ours. The first four act at the source and leave no trace here; ours leaves
one, has an end and is watched, but each close of it may let the same traffic fire again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.patterns.engine.purpose import DevicePurpose


class PatternRemedy(StrEnum):
    """A way to end a pattern."""

    INVENTORY = "inventory"
    LEARN = "learn"
    MUTE = "mute"
    SOURCE_RULE = "source-rule"
    OUR_RULE = "our-rule"


class Flag(StrEnum):
    """What the inventory of Defender for IoT can say of a device."""

    SCANNER = "scanner"
    PROGRAMMING = "programming"
    AUTHORISED = "authorised"


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts of a pattern. `closes_at_source` is None where that was never recorded."""

    titles: tuple[str, ...]
    purpose: DevicePurpose
    is_strict: bool  # only inside hours, by name (S1)
    is_any_time: bool
    has_obstacles: bool  # no rule of ours can come of it
    cause: str  # the most frequent one that OT named; may be empty
    closes_at_source: bool | None
    closed: int  # recurrence after close
    came_again: int


@dataclass(frozen=True, slots=True)
class RemedyOption:
    """One remedy: whether it can be had, whether it is the better one, and why (a code)."""

    remedy: PatternRemedy
    is_possible: bool
    is_recommended: bool
    why: str
    flag: Flag | None = None


_FLAGS: Final = {
    DevicePurpose.SCAN: Flag.SCANNER,
    DevicePurpose.PROGRAM: Flag.PROGRAMMING,
    DevicePurpose.COPY_PROGRAM: Flag.PROGRAMMING,
    DevicePurpose.APPEAR: Flag.AUTHORISED,
}
# Causes that say themselves that the inventory is wrong.
_FLAG_CAUSES: Final = frozenset(
    {
        "ews-not-flagged",
        "vulnerability-scanner",
        "engineering-tool-browse",
        "commissioning-new-asset",
    }
)
RECURS_OFTEN: Final = 0.5  # of closes after which the same pattern came again
FEW_CLOSES: Final = 5  # below this the share says nothing


def options_for(situation: Situation) -> list[RemedyOption]:
    """Return every remedy, the better one first and marked; at most one is."""
    options = [_inventory(situation), _learn(situation), _our_rule(situation)]
    options += [_source_rule(situation), _mute(situation)]
    best = _best(situation, {option.remedy: option for option in options if option.is_possible})
    marked = [
        RemedyOption(o.remedy, o.is_possible, o.remedy == best, o.why, o.flag)
        for o in options
        if o.is_possible
        or o.remedy != PatternRemedy.INVENTORY  # a flag that fits nothing is no option
    ]
    return sorted(marked, key=lambda o: (not o.is_recommended, not o.is_possible))


def recurs_often(situation: Situation) -> bool:
    """Whether closing has been seen not to end it."""
    enough = situation.closed >= FEW_CLOSES
    return enough and situation.came_again >= RECURS_OFTEN * situation.closed


def feeds_the_loop(situation: Situation) -> bool:
    """Whether a rule that closes would let the same traffic fire again and again."""
    return situation.closes_at_source is True or recurs_often(situation)


def unlearnable(titles: Iterable[str]) -> list[str]:
    """Return the alert types that no sensor can learn, or that the catalogue lacks."""
    types = {title: alert_type_for(title) for title in titles}
    return [t for t, alert_type in types.items() if not (alert_type and alert_type.learnable)]


def _best(
    situation: Situation, possible: dict[PatternRemedy, RemedyOption]
) -> PatternRemedy | None:
    is_flag_set = situation.cause in _FLAG_CAUSES
    if PatternRemedy.INVENTORY in possible and (is_flag_set or not situation.is_strict):
        return PatternRemedy.INVENTORY
    if PatternRemedy.LEARN in possible and not situation.is_strict and situation.is_any_time:
        return PatternRemedy.LEARN
    if PatternRemedy.OUR_RULE in possible:
        return PatternRemedy.OUR_RULE
    return None if situation.is_strict else PatternRemedy.MUTE


def _inventory(situation: Situation) -> RemedyOption:
    flag = _FLAGS.get(situation.purpose)
    if situation.cause == "nms-polling":
        flag = Flag.SCANNER
    if flag is None:
        return RemedyOption(PatternRemedy.INVENTORY, False, False, "no-flag")
    why = "strict-flag" if situation.is_strict and situation.cause not in _FLAG_CAUSES else "cause"
    return RemedyOption(PatternRemedy.INVENTORY, True, False, why, flag)


def _learn(situation: Situation) -> RemedyOption:
    if unlearnable(situation.titles):
        return RemedyOption(PatternRemedy.LEARN, False, False, "not-learnable")
    if situation.is_strict:
        return RemedyOption(PatternRemedy.LEARN, True, False, "strict-learn")
    if not situation.is_any_time:
        return RemedyOption(PatternRemedy.LEARN, True, False, "hours-learn")
    return RemedyOption(PatternRemedy.LEARN, True, False, "learn")


def _our_rule(situation: Situation) -> RemedyOption:
    if situation.has_obstacles:
        return RemedyOption(PatternRemedy.OUR_RULE, False, False, "obstacles")
    return RemedyOption(
        PatternRemedy.OUR_RULE, True, False, "loop" if feeds_the_loop(situation) else "trace"
    )


def _source_rule(situation: Situation) -> RemedyOption:
    why = "hours-source" if not situation.is_any_time else "no-trace"
    return RemedyOption(PatternRemedy.SOURCE_RULE, situation.is_any_time, False, why)


def _mute(situation: Situation) -> RemedyOption:
    return RemedyOption(
        PatternRemedy.MUTE,
        not situation.is_strict,
        False,
        "strict-mute" if situation.is_strict else "mute",
    )
