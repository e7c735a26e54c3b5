"""What Azure refuses when an automation rule is stored."""

from __future__ import annotations

from typing import Any

from simulator.automation.conditions import ENTITY_PROPERTIES, INCIDENT_PROPERTIES, OPERATORS
from simulator.clock import parse_time
from simulator.incident_records import check_closing, check_enum
from simulator.replies import bad_request

Json = dict[str, Any]
RULES_PER_WORKSPACE = 512
MAX_CONDITIONS, MAX_ACTIONS, MAX_NAME_LENGTH = 50, 20, 500
_CHANGED = ("IncidentSeverity", "IncidentStatus", "IncidentOwner")
_ARRAYS = ("CustomDetails", "CustomDetailValues", "IncidentLabels")


def check_rule(properties: Any) -> Json:
    """The properties of a rule when Azure would take them; refuses with 400 otherwise."""
    if not isinstance(properties, dict):
        raise bad_request("Required property 'properties' not found in JSON.")
    name, order = properties.get("displayName"), properties.get("order")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise bad_request(f"displayName must have 1 to {MAX_NAME_LENGTH} characters.")
    if not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= 1000:
        raise bad_request("order must be a number from 1 to 1000.")
    _check_trigger(properties.get("triggeringLogic"))
    actions = properties.get("actions")
    if not isinstance(actions, list) or not 1 <= len(actions) <= MAX_ACTIONS:
        raise bad_request(f"A rule has 1 to {MAX_ACTIONS} actions.")
    for action in actions:
        _check_action(action)
    return properties


def _check_trigger(logic: Any) -> None:
    if not isinstance(logic, dict) or not isinstance(logic.get("isEnabled"), bool):
        raise bad_request("triggeringLogic.isEnabled is required.")
    check_enum("triggersOn", logic.get("triggersOn"), ("Incidents", "Alerts"))
    check_enum("triggersWhen", logic.get("triggersWhen"), ("Created", "Updated"))
    if logic.get("expirationTimeUtc") is not None:
        try:
            parse_time(str(logic["expirationTimeUtc"]))
        except ValueError:
            raise bad_request("expirationTimeUtc is not a valid time.") from None
    conditions = logic.get("conditions") or []
    if not isinstance(conditions, list) or _count(conditions) > MAX_CONDITIONS:
        raise bad_request(f"A rule has at most {MAX_CONDITIONS} conditions.")
    for condition in conditions:
        _check_condition(condition, logic)


def _count(conditions: list[Any]) -> int:
    total = 0
    for condition in conditions:
        properties = (
            (condition.get("conditionProperties") or {}) if isinstance(condition, dict) else {}
        )
        total += (
            1
            + _count(properties.get("innerConditions") or [])
            + _count(properties.get("itemConditions") or [])
        )
    return total


def _check_condition(condition: Any, logic: Json) -> None:
    properties = condition.get("conditionProperties") if isinstance(condition, dict) else None
    if not isinstance(properties, dict):
        raise bad_request("conditionProperties is required.")
    kind = condition.get("conditionType")
    if kind == "Property":
        _check_property(properties, ENTITY_PROPERTIES.keys() | INCIDENT_PROPERTIES)
    elif kind in {"PropertyChanged", "PropertyArrayChanged"} and logic["triggersWhen"] != "Updated":
        raise bad_request(f"{kind} conditions need triggersWhen Updated.")
    elif kind == "PropertyChanged":
        check_enum("propertyName", properties.get("propertyName"), _CHANGED)
        if properties.get("changeType") is not None:
            check_enum("changeType", properties["changeType"], ("ChangedFrom", "ChangedTo"))
            _check_property(properties, frozenset(_CHANGED))
    elif kind == "PropertyArrayChanged":
        check_enum(
            "arrayType", properties.get("arrayType"), ("Alerts", "Labels", "Tactics", "Comments")
        )
        check_enum("changeType", properties.get("changeType"), ("Added",))
    elif kind == "PropertyArray":
        check_enum("arrayType", properties.get("arrayType"), _ARRAYS)
        check_enum(
            "arrayConditionType", properties.get("arrayConditionType"), ("AnyItem", "AllItems")
        )
        _check_inner(properties.get("itemConditions"), "itemConditions", logic)
    elif kind == "Boolean":
        check_enum("operator", properties.get("operator"), ("And", "Or"))
        _check_inner(properties.get("innerConditions"), "innerConditions", logic)
    else:
        raise bad_request(f"Unknown conditionType '{kind}'.")


def _check_inner(inner: Any, member: str, logic: Json) -> None:
    if not isinstance(inner, list) or not inner:
        raise bad_request(f"{member} must not be empty.")
    for condition in inner:
        _check_condition(condition, logic)


def _check_property(properties: Json, allowed: frozenset[str] | set[str]) -> None:
    check_enum("propertyName", properties.get("propertyName"), allowed)
    check_enum("operator", properties.get("operator"), OPERATORS)
    values = properties.get("propertyValues")
    if not isinstance(values, list) or not values:
        raise bad_request("propertyValues must not be empty.")
    if not all(isinstance(value, str) for value in values):
        raise bad_request("propertyValues must be strings.")


def _check_action(action: Any) -> None:
    kind = action.get("actionType") if isinstance(action, dict) else None
    configuration = action.get("actionConfiguration") if isinstance(action, dict) else None
    if not isinstance(configuration, dict) or not isinstance(action.get("order"), int):
        raise bad_request("An action needs order and actionConfiguration.")
    if kind == "ModifyProperties":
        if not configuration:
            raise bad_request("ModifyProperties changes nothing.")
        check_closing(configuration, required=("status",) if configuration.get("status") else ())
    elif kind == "RunPlaybook":
        if not configuration.get("logicAppResourceId"):
            raise bad_request("logicAppResourceId is required.")
    elif kind == "AddIncidentTask":
        if not configuration.get("title"):
            raise bad_request("A task needs a title.")
    else:
        raise bad_request(f"Unknown actionType '{kind}'.")
