"""Whether the conditions of an automation rule hold for an incident.

This is an independent reading of Sentinel's documented semantics. What Tagout compiles is compared
with it, so it must never import or imitate the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.automation.properties import (
    View,
    custom_details_of,
    labels_of,
    owner_values,
    values_of,
)

Json = dict[str, Any]
POSITIVE: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, asked: value == asked,
    "Contains": lambda value, asked: asked in value,
    "StartsWith": lambda value, asked: value.startswith(asked),
    "EndsWith": lambda value, asked: value.endswith(asked),
}
NEGATIVE = {f"Not{name}": name for name in POSITIVE}
OPERATORS = frozenset({*POSITIVE, *NEGATIVE})


@dataclass(frozen=True)
class Change:
    """What happened to an incident, for rules that run on updates."""

    before: Json
    source: str = "User"
    alerts_added: int = 0
    comments_added: int = 0


@dataclass(frozen=True)
class _Item:
    """One member of an array while a PropertyArray condition looks at it."""

    values: dict[str, list[str]]
    arrays: dict[str, list[str]] = field(default_factory=dict)


def conditions_hold(
    conditions: list[Json] | None,
    view: View,
    change: Change | None = None,
    *,
    ignored: frozenset[str] = frozenset(),
) -> bool:
    """Whether all hold. None at all hold always; names in `ignored` are passed over as true."""
    return all(_holds(one, view, change, None, ignored) for one in conditions or [])


def compare(operator: str, values: list[str], asked: list[str]) -> bool:
    """Whether some value meets some asked one; for a negative operator, that none does."""
    if operator in NEGATIVE:
        return not compare(NEGATIVE[operator], values, asked)
    meets = POSITIVE.get(operator)
    if meets is None:
        return False
    return any(meets(value.casefold(), one.casefold()) for value in values for one in asked)


def _holds(
    condition: Json,
    view: View,
    change: Change | None,
    item: _Item | None,
    ignored: frozenset[str],
) -> bool:
    told = condition.get("conditionProperties") or {}
    kind = condition.get("conditionType")
    if kind == "Property":
        return told.get("propertyName") in ignored or _property(told, view, change, item)
    if kind == "PropertyChanged":
        return change is not None and _property_changed(told, view, change)
    if kind == "PropertyArrayChanged":
        return change is not None and _array_changed(told, view, change)
    if kind == "PropertyArray":
        return _array(told, view, change, item, ignored)
    if kind == "Boolean":
        joined = any if told.get("operator") == "Or" else all
        inner = told.get("innerConditions") or []
        return joined(_holds(one, view, change, item, ignored) for one in inner)
    return False


def _asked(told: Json) -> list[str]:
    return [str(value) for value in told.get("propertyValues") or []]


def _property(told: Json, view: View, change: Change | None, item: _Item | None) -> bool:
    name = str(told.get("propertyName"))
    if item is not None and name in item.values:
        values = item.values[name]
    else:
        values = values_of(name, view, source=change.source if change else "")
    return compare(str(told.get("operator")), values, _asked(told))


def _property_changed(told: Json, view: View, change: Change) -> bool:
    readers: dict[str, Callable[[Json], list[str]]] = {
        "IncidentSeverity": lambda properties: [str(properties.get("severity"))],
        "IncidentStatus": lambda properties: [str(properties.get("status"))],
        "IncidentOwner": owner_values,
    }
    read = readers.get(str(told.get("propertyName")))
    if read is None:
        return False
    before, after = read(change.before), read(view.properties)
    if before == after:
        return False
    if not told.get("changeType") or not told.get("propertyValues"):
        return True
    looked_at = before if told["changeType"] == "ChangedFrom" else after
    return compare(str(told.get("operator") or "Equals"), looked_at, _asked(told))


def _array_changed(told: Json, view: View, change: Change) -> bool:
    array = told.get("arrayType")
    if array == "Alerts":
        return change.alerts_added > 0
    if array == "Comments":
        return change.comments_added > 0
    if array == "Labels":
        return bool(set(labels_of(view.properties)) - set(labels_of(change.before)))
    if array == "Tactics":
        return bool(_tactics(view.properties) - _tactics(change.before))
    return False


def _tactics(properties: Json) -> set[str]:
    return set((properties.get("additionalData") or {}).get("tactics") or [])


def _array(
    told: Json, view: View, change: Change | None, item: _Item | None, ignored: frozenset[str]
) -> bool:
    array, inner = told.get("arrayType"), told.get("itemConditions") or []
    if array == "IncidentLabels":
        items = [_Item({"IncidentLabel": [label]}) for label in labels_of(view.properties)]
    elif array == "CustomDetails":
        items = [
            _Item(
                {"IncidentCustomDetailsKey": [key], "IncidentCustomDetailsValue": values},
                {"CustomDetailValues": values},
            )
            for key, values in custom_details_of(view.alerts).items()
        ]
    elif array == "CustomDetailValues":
        details = custom_details_of(view.alerts)
        every = [value for values in details.values() for value in values]
        held = every if item is None else item.arrays.get("CustomDetailValues", [])
        items = [_Item({"IncidentCustomDetailsValue": [value]}) for value in held]
    else:
        return False
    joined = all if told.get("arrayConditionType") == "AllItems" else any
    return joined(
        all(_holds(condition, view, change, one, ignored) for condition in inner) for one in items
    )
