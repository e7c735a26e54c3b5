"""What Azure refuses when an automation rule is stored."""

from typing import Any

from simulator.clock import parse_time
from simulator.incident_records import check_closing
from simulator.replies import bad_request
from simulator.schemas import PREVIEW, schema_of

Json = dict[str, Any]
RULES_PER_WORKSPACE = 512
MAX_CONDITIONS = 50  # those inside of others count


def check_rule(properties: Any, *, version: str = PREVIEW) -> Json:
    """The properties of a rule when Azure would take them in a version; refuses with 400 if not."""
    if not isinstance(properties, dict):
        raise bad_request("Required property 'properties' not found in JSON.")
    schema_of(version).check("automationRules", {"properties": properties})
    if not properties["displayName"]:
        raise bad_request("displayName must have at least 1 character.")
    _check_trigger(properties["triggeringLogic"])
    if not properties["actions"]:
        raise bad_request("A rule has at least 1 action.")
    for action in properties["actions"]:
        _check_action(action)
    return properties


def _check_trigger(logic: Json) -> None:
    if logic.get("expirationTimeUtc") is not None:
        try:
            parse_time(str(logic["expirationTimeUtc"]))
        except ValueError:
            raise bad_request("expirationTimeUtc is not a valid time.") from None
    conditions = logic.get("conditions") or []
    if _count(conditions) > MAX_CONDITIONS:
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


def _check_condition(condition: Json, logic: Json) -> None:
    properties, kind = condition.get("conditionProperties"), condition["conditionType"]
    if not properties:
        raise bad_request("conditionProperties is required.")
    if kind in {"PropertyChanged", "PropertyArrayChanged"} and logic["triggersWhen"] != "Updated":
        raise bad_request(f"{kind} conditions need triggersWhen Updated.")
    if kind == "Property" or properties.get("changeType") in {"ChangedFrom", "ChangedTo"}:
        _require(properties, "propertyName", "operator", "propertyValues")
    elif kind == "PropertyChanged":
        _require(properties, "propertyName")
    elif kind == "PropertyArrayChanged":
        _require(properties, "arrayType", "changeType")
    elif kind == "PropertyArray":
        _require(properties, "arrayType", "arrayConditionType", "itemConditions")
    else:
        _require(properties, "operator", "innerConditions")
    for member in ("itemConditions", "innerConditions"):
        for inner in properties.get(member) or []:
            _check_condition(inner, logic)


def _require(properties: Json, *members: str) -> None:
    for member in members:
        if not properties.get(member):
            raise bad_request(f"{member} must not be empty.")


def _check_action(action: Json) -> None:
    configuration = action.get("actionConfiguration")
    if not configuration:
        raise bad_request("An action needs an actionConfiguration.")
    if action["actionType"] == "ModifyProperties":
        check_closing(configuration, required=("status",) if configuration.get("status") else ())
