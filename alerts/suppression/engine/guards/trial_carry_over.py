"""S4: when a new version keeps the trial of the version that it replaces: what it would close was
tried already, but for devices that it lists by name, and a person meets each of those first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.facts import SEVERITIES
from alerts.suppression.engine.fields import Operator
from alerts.suppression.engine.guards.never import is_strict
from alerts.suppression.engine.rule import Rule

BY_NAME: Final = ("source_device", "destination_device")
_LISTING: Final = (Operator.IS, Operator.IS_ONE_OF)


@dataclass(frozen=True, slots=True)
class TrialCarryOver:
    """The trial of the version before counts. `newcomers` are the names of devices that only the
    new version covers, in lower case.
    """

    newcomers: frozenset[str] = frozenset()


def trial_carry_over(old: Rule, new: Rule) -> TrialCarryOver | None:
    """Return what is left to be met where the new version keeps the trial of the old one; None
    where it closes something else, or where what it closes must stay inside hours (S1).

    It keeps it where each line of the old one still stands, as narrow as it was, and only lists of
    device names grew: by no more names than they had. A device that is excepted no more is a
    newcomer, too. Addresses and groups may not grow: what they stand for moves. Nor may Sentinel
    close by itself: it introduces nobody.
    """
    if is_strict(old) or is_strict(new) or "sentinel" in (old.enforcement, new.enforcement):
        return None
    newcomers = set[str]()
    for line in old.all_of:
        same_field = [each for each in new.all_of if each.field == line.field]
        if any(_is_within(each, line) for each in same_field):
            continue
        grown = next((each for each in same_field if _grew(each, line)), None)
        if grown is None:
            return None
        newcomers |= set(grown.texts) - set(line.texts)
    for line in old.except_any:
        lifted = _lifted(line, new)
        if lifted and line.field not in BY_NAME:
            return None
        newcomers |= lifted
    return TrialCarryOver(frozenset(name.casefold() for name in newcomers))


def _is_within(new: Clause, old: Clause) -> bool:
    """Whether one line holds for nothing for which the other does not."""
    if new.operator == Operator.AT_MOST and old.operator == Operator.AT_MOST:
        return _size(new) <= _size(old)
    is_alike = new.operator == old.operator or {new.operator, old.operator} <= {*_LISTING}
    return is_alike and set(new.values) <= set(old.values)


def _size(line: Clause) -> int:
    value = line.values[0]
    return SEVERITIES.index(value) if isinstance(value, str) else value


def _grew(new: Clause, old: Clause) -> bool:
    """Whether a list of device names has more of them, at most twice as many."""
    return (
        new.field in BY_NAME
        and new.operator in _LISTING
        and old.operator in _LISTING
        and len(set(new.values) - set(old.values)) <= len(old.values)
    )


def _lifted(line: Clause, new: Rule) -> set[str]:
    """Return what was excepted and is no more."""
    still = {
        value
        for each in new.except_any
        if each.field == line.field and each.operator in _LISTING
        for value in each.texts
    }
    if line.operator in _LISTING:
        return set(line.texts) - still
    return set() if line in new.except_any else {"?"}
