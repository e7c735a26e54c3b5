"""The conditions of an automation rule, read from their JSON, ours and those of others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from alerts.automation.engine.loose_json import (
    Json,
    bag_of,
    json_of,
    list_of,
    loose_text,
    members_beyond,
)
from alerts.automation.engine.rule_terms import (
    AND_OR,
    ANY_OR_ALL,
    ARRAYS,
    CHANGES,
    CHANGING,
    GROWING,
    OPERATORS,
    PROPERTIES,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: `name` and `operator` are Sentinel's own. `joined` is how the conditions of
    a group belong together: "And" or "Or"; for members of an array "AnyItem" or "AllItems".
    `change` is "Changed", "ChangedFrom" or "ChangedTo" where a change is asked for. With
    `not_understood`, its JSON, everything else is empty.
    """

    name: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()
    joined: str = ""
    inner: tuple[Condition, ...] = ()
    change: str = ""
    not_understood: str = ""

    @property
    def is_understood(self) -> bool:
        """Whether it is, with all that it holds."""
        return not self.not_understood and all(inner.is_understood for inner in self.inner)


def read_conditions(found: Any) -> tuple[Condition, ...]:
    """Read the conditions of a rule, or of a group. Raises nothing, however odd they are."""
    if found is None:
        return ()
    if not isinstance(found, list):
        return (Condition(not_understood=json_of(found)),)
    return tuple(map(_condition, found))


def _condition(found: Any) -> Condition:
    condition = bag_of(found)
    read = _READERS.get(loose_text(condition.get("conditionType")))
    whole = {"conditionType", "conditionProperties"}
    understood = None
    if read is not None and not members_beyond(condition, whole):
        understood = read(bag_of(condition.get("conditionProperties")))
    return understood or Condition(not_understood=json_of(found))


def _property(bag: Json) -> Condition | None:
    name, operator = _word(bag, "propertyName", PROPERTIES), _word(bag, "operator", OPERATORS)
    values = _values(bag)
    if not (name and operator and values):
        return None
    return _unless_more(
        bag, Condition(name, operator, values), "propertyName operator propertyValues"
    )


def _changed(bag: Json) -> Condition | None:
    """Return a property that changed, at all, or from or to the comparison's values."""
    name, change = _word(bag, "propertyName", CHANGING), _word(bag, "changeType", CHANGES)
    operator, values = _word(bag, "operator", OPERATORS), _values(bag)
    names = "propertyName changeType operator propertyValues"
    if not name:
        return None
    if change and values and (operator or bag.get("operator") is None):
        found = Condition(name, operator or "Equals", values, change=change)
        return _unless_more(bag, found, names)
    if any(bag.get(member) for member in ("changeType", "operator", "propertyValues")):
        return None
    return _unless_more(bag, Condition(name, change="Changed"), names)


def _grown(bag: Json) -> Condition | None:
    name = _word(bag, "arrayType", GROWING)
    if not name or bag.get("changeType") != "Added":
        return None
    return _unless_more(bag, Condition(name, change="Added"), "arrayType changeType")


def _array(bag: Json) -> Condition | None:
    name, joined = _word(bag, "arrayType", ARRAYS), _word(bag, "arrayConditionType", ANY_OR_ALL)
    inner = read_conditions(bag.get("itemConditions"))
    if not (name and joined and inner):
        return None
    found = Condition(name, joined=joined, inner=inner)
    return _unless_more(bag, found, "arrayType arrayConditionType itemConditions")


def _boolean(bag: Json) -> Condition | None:
    joined, inner = _word(bag, "operator", AND_OR), read_conditions(bag.get("innerConditions"))
    if not (joined and inner):
        return None
    return _unless_more(bag, Condition(joined=joined, inner=inner), "operator innerConditions")


_READERS: Final[dict[str, Callable[[Json], Condition | None]]] = {
    "Property": _property,
    "PropertyChanged": _changed,
    "PropertyArrayChanged": _grown,
    "PropertyArray": _array,
    "Boolean": _boolean,
}


def _unless_more(bag: Json, found: Condition, names: str) -> Condition | None:
    """The condition, unless there is a member in it that nobody has read."""
    return None if members_beyond(bag, names.split()) else found


def _values(bag: Json) -> tuple[str, ...]:
    """The values that are compared with; empty where they are none, or not all texts."""
    found = list_of(bag.get("propertyValues"))
    return tuple(map(loose_text, found)) if all(isinstance(value, str) for value in found) else ()


def _word(bag: Json, name: str, words: Collection[str]) -> str:
    """A member that is one of these words, else empty."""
    value = bag.get(name)
    return value if isinstance(value, str) and value in words else ""
