"""Whether the conditions of an automation rule hold for an incident, and what their property names
mean.

This is an independent reading of Sentinel's documented semantics. What Tagout compiles is compared
with it, so it must never import or imitate the compiler. Where the documents warn of something it
is read in the strict way: analytics rules are compared by their whole id, as members of a list; a
negative comparison of tags outside a collection holds as soon as one tag differs; a condition on
what the Defender portal changes afterwards (`unreliable`) holds for no incident.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.documents import document

# Property name -> entity kind and member of the entity's properties.
ENTITY_PROPERTIES: dict[str, list[str]] = document("entity_properties")
Json = dict[str, Any]
RULE_IDS = frozenset({"IncidentRelatedAnalyticRuleIds", "AlertAnalyticRuleIds"})
POSITIVE: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, asked: value == asked,
    "Contains": lambda value, asked: asked in value,
    "StartsWith": lambda value, asked: value.startswith(asked),
    "EndsWith": lambda value, asked: value.endswith(asked),
}
NEGATIVE = {f"Not{name}": name for name in POSITIVE}
OPERATORS = frozenset({*POSITIVE, *NEGATIVE})


@dataclass(frozen=True)
class View:
    """An incident as rules see it: its ARM properties, its alerts and its entities."""

    properties: dict[str, Any]
    alerts: list[dict[str, Any]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)


def labels_of(properties: dict[str, Any]) -> list[str]:
    """The names of the labels of an incident."""
    return [str(label.get("labelName", "")) for label in properties.get("labels") or []]


def custom_details_of(alerts: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The custom details that analytics rules put on the alerts, joined over all alerts."""
    details: dict[str, list[str]] = {}
    for alert in alerts:
        bag = (alert.get("properties") or {}).get("additionalData") or {}
        custom = bag.get("Custom Details") or bag.get("customDetails") or {}
        if isinstance(custom, str):
            try:
                custom = orjson.loads(custom)
            except orjson.JSONDecodeError:
                continue
        for key, values in custom.items() if isinstance(custom, dict) else ():
            texts = values if isinstance(values, list) else [values]
            details.setdefault(str(key), []).extend(str(value) for value in texts)
    return details


def values_of(name: str, view: View, *, source: str = "") -> list[str]:
    """Every value that a property has on an incident; none when it has none."""
    if name in ENTITY_PROPERTIES:
        return list(_entity_values(name, view.entities))
    return [str(value) for value in _incident_values(name, view, source) if value is not None]


def _entity_values(name: str, entities: list[dict[str, Any]]) -> Iterator[str]:
    kind, member = ENTITY_PROPERTIES[name]
    for entity in entities:
        if str(entity.get("kind", "")).lower() != kind.lower():
            continue
        value = (entity.get("properties") or {}).get(member)
        if value is not None:
            yield str(value)


def _incident_values(name: str, view: View, source: str) -> list[Any]:
    properties = view.properties
    more = properties.get("additionalData") or {}
    alerts = [alert.get("properties") or {} for alert in view.alerts]
    readers: dict[str, list[Any]] = {
        "IncidentTitle": [properties.get("title")],
        "IncidentDescription": [properties.get("description")],
        "IncidentSeverity": [properties.get("severity")],
        "IncidentStatus": [properties.get("status")],
        "IncidentRelatedAnalyticRuleIds": properties.get("relatedAnalyticRuleIds") or [],
        "AlertAnalyticRuleIds": properties.get("relatedAnalyticRuleIds") or [],
        "IncidentTactics": more.get("tactics") or [],
        "IncidentLabel": labels_of(properties),
        "IncidentProviderName": [properties.get("providerName")],
        "IncidentUpdatedBySource": [source] if source else [],
        "AlertProductNames": more.get("alertProductNames") or [],
        "IncidentAlertTitle": [alert.get("alertDisplayName") for alert in alerts],
    }
    if name.startswith("IncidentCustomDetails"):
        details = custom_details_of(view.alerts)
        if name.endswith("Key"):
            return list(details)
        return [value for values in details.values() for value in values]
    return readers.get(name, [])


def owner_values(properties: dict[str, Any]) -> list[str]:
    """Every way to name the owner of an incident."""
    owner = properties.get("owner") or {}
    members = ("objectId", "userPrincipalName", "email", "assignedTo")
    return [str(owner[member]) for member in members if owner.get(member)]


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


@dataclass(frozen=True)
class Portal:
    """Names of properties that the Defender portal passes over as true, or has no firm value of."""

    ignored: frozenset[str] = frozenset()
    unreliable: frozenset[str] = frozenset()


def conditions_hold(
    conditions: list[Json] | None,
    view: View,
    change: Change | None = None,
    *,
    ignored: frozenset[str] = frozenset(),
    unreliable: frozenset[str] = frozenset(),
) -> bool:
    """Whether all hold. None at all hold always; names in `ignored` are passed over as true, and a
    condition on one in `unreliable` never holds, negative or not.
    """
    rests = Portal(ignored, unreliable)
    return all(_holds(condition, view, change, None, rests) for condition in conditions or [])


def compare(operator: str, values: list[str], wished: list[str]) -> bool:
    """Whether some value meets some asked one; for a negative operator, that none does."""
    if operator in NEGATIVE:
        return not compare(NEGATIVE[operator], values, wished)
    meets = POSITIVE.get(operator)
    if meets is None:
        return False
    return any(meets(value.casefold(), other.casefold()) for value in values for other in wished)


def _holds(
    condition: Json,
    view: View,
    change: Change | None,
    item: _Item | None,
    portal: Portal,
) -> bool:
    properties = condition.get("conditionProperties") or {}
    kind = condition.get("conditionType")
    if kind == "Property":
        name = properties.get("propertyName")
        if name in portal.ignored or name in portal.unreliable:
            return name in portal.ignored
        return _property(properties, view, change, item)
    if kind == "PropertyChanged":
        return change is not None and _property_changed(properties, view, change)
    if kind == "PropertyArrayChanged":
        return change is not None and _array_changed(properties, view, change)
    if kind == "PropertyArray":
        return _array(properties, view, change, item, portal)
    if kind == "Boolean":
        joined = any if properties.get("operator") == "Or" else all
        inner = properties.get("innerConditions") or []
        return joined(
            _holds(inner_condition, view, change, item, portal) for inner_condition in inner
        )
    return False


def _property_values(properties: Json) -> list[str]:
    return [str(value) for value in properties.get("propertyValues") or []]


def _property(properties: Json, view: View, change: Change | None, item: _Item | None) -> bool:
    name = str(properties.get("propertyName"))
    if item is not None and name in item.values:
        values = item.values[name]
    else:
        values = values_of(name, view, source=change.source if change else "")
    operator, wished = str(properties.get("operator")), _property_values(properties)
    if name in RULE_IDS:
        return _is_member(operator, values, wished)
    if name == "IncidentLabel" and operator in NEGATIVE and values:
        return any(compare(operator, [value], wished) for value in values)
    return compare(operator, values, wished)


def _is_member(operator: str, ids: list[str], wished: list[str]) -> bool:
    """Whether one of the wished ids is in the list, whole; with a negative operator, that none is.
    A part of an id, such as its GUID, is no member.
    """
    if operator not in ("Equals", "Contains", "NotEquals", "NotContains"):
        return False
    is_there = compare("Equals", ids, wished)
    return not is_there if operator in NEGATIVE else is_there


def _property_changed(definition: Json, view: View, change: Change) -> bool:
    readers: dict[str, Callable[[Json], list[str]]] = {
        "IncidentSeverity": lambda properties: [str(properties.get("severity"))],
        "IncidentStatus": lambda properties: [str(properties.get("status"))],
        "IncidentOwner": owner_values,
    }
    read = readers.get(str(definition.get("propertyName")))
    if read is None:
        return False
    before, after = read(change.before), read(view.properties)
    if before == after:
        return False
    if not definition.get("changeType") or not definition.get("propertyValues"):
        return True
    looked_at = before if definition["changeType"] == "ChangedFrom" else after
    return compare(
        str(definition.get("operator") or "Equals"), looked_at, _property_values(definition)
    )


def _array_changed(properties: Json, view: View, change: Change) -> bool:
    array = properties.get("arrayType")
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
    properties: Json, view: View, change: Change | None, item: _Item | None, portal: Portal
) -> bool:
    array, inner = properties.get("arrayType"), properties.get("itemConditions") or []
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
        details_values = every if item is None else item.arrays.get("CustomDetailValues", [])
        items = [_Item({"IncidentCustomDetailsValue": [value]}) for value in details_values]
    else:
        return False
    joined = all if properties.get("arrayConditionType") == "AllItems" else any
    return joined(
        all(_holds(condition, view, change, array_item, portal) for condition in inner)
        for array_item in items
    )
