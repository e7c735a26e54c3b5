"""What could end a routine pattern, and the reasons for and against each way.

Five ways: a flag of the inventory, learning or muting at the sensor, a suppression rule of Defender
for IoT, and a rule of ours. The first four act at the source and leave no trace here; ours leaves
one, has an end and is watched, but where a close reaches the sensor the same traffic fires again.
None is recommended before the others: decision 0049.
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


@dataclass(frozen=True, slots=True)
class RemedyOption:
    """One remedy: whether it can be had, and why (a code)."""

    remedy: PatternRemedy
    is_possible: bool
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


def options_for(situation: Situation) -> list[RemedyOption]:
    """Return every remedy, those that can be had first."""
    options = [_inventory(situation), _learn(situation), _our_rule(situation)]
    options += [_source_rule(situation), _mute(situation)]
    fitting = [
        option
        for option in options
        if option.is_possible
        or option.remedy != PatternRemedy.INVENTORY  # a flag that fits nothing
    ]
    return sorted(fitting, key=lambda option: not option.is_possible)


def unlearnable(titles: Iterable[str]) -> list[str]:
    """Return the alert types that no sensor can learn, or that the catalogue lacks."""
    types = {title: alert_type_for(title) for title in titles}
    return [t for t, alert_type in types.items() if not (alert_type and alert_type.learnable)]


def _inventory(situation: Situation) -> RemedyOption:
    flag = _FLAGS.get(situation.purpose)
    if situation.cause == "nms-polling":
        flag = Flag.SCANNER
    if flag is None:
        return RemedyOption(PatternRemedy.INVENTORY, False, "no-flag")
    why = "strict-flag" if situation.is_strict and situation.cause not in _FLAG_CAUSES else "cause"
    return RemedyOption(PatternRemedy.INVENTORY, True, why, flag)


def _learn(situation: Situation) -> RemedyOption:
    if unlearnable(situation.titles):
        return RemedyOption(PatternRemedy.LEARN, False, "not-learnable")
    if situation.is_strict:
        return RemedyOption(PatternRemedy.LEARN, True, "strict-learn")
    if not situation.is_any_time:
        return RemedyOption(PatternRemedy.LEARN, True, "hours-learn")
    return RemedyOption(PatternRemedy.LEARN, True, "learn")


def _our_rule(situation: Situation) -> RemedyOption:
    if situation.has_obstacles:
        return RemedyOption(PatternRemedy.OUR_RULE, False, "obstacles")
    return RemedyOption(
        PatternRemedy.OUR_RULE, True, "loop" if situation.closes_at_source else "trace"
    )


def _source_rule(situation: Situation) -> RemedyOption:
    why = "hours-source" if not situation.is_any_time else "no-trace"
    return RemedyOption(PatternRemedy.SOURCE_RULE, situation.is_any_time, why)


def _mute(situation: Situation) -> RemedyOption:
    return RemedyOption(
        PatternRemedy.MUTE,
        not situation.is_strict,
        "strict-mute" if situation.is_strict else "mute",
    )
