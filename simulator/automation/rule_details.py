"""Custom details of alerts as the analytics rules of a workspace yield them: those that a rule
declares, from the columns that its query keeps, and no others.
"""

from typing import Any

import orjson

from simulator.azure import Azure
from simulator.plant.catalogue import MDIOT
from simulator.plant.records import PlantWorkspace

Json = dict[str, Any]


def with_details_of_rules(
    azure: Azure, workspace: PlantWorkspace, alerts: list[Json], *, recipe: str | None
) -> list[Json]:
    """The alerts; in those that a rule of the solution made, the custom details of that rule as it
    is in the workspace now. A rule that is not there yields none.
    """
    rules: dict[str, Json] = {}
    for resource in azure.store.resources.all(workspace.key, "alertRules"):
        properties = resource.body["properties"]
        rules[str(properties.get("alertRuleTemplateName") or resource.name).lower()] = properties
        rules[resource.name.lower()] = properties
    rows = azure.plant.details(recipe)[0] if recipe else []  # whatever title a rule gave them
    columns = {alert["name"]: columns_of(alert) for alert in rows}
    return [_with_details(alert, rules, columns.get(alert["name"])) for alert in alerts]


def _with_details(alert: Json, rules: dict[str, Json], row: dict[str, str] | None) -> Json:
    properties = alert.get("properties") or {}
    bag = properties.get("additionalData") or {}
    ids = _parsed(bag.get("Analytic Rule Ids"), [])
    if not ids:
        return alert
    rule = rules.get(str(ids[0]).lower(), {})
    columns = columns_of(alert) if row is None else row
    details = {
        name: [columns[column]]
        for name, column in (rule.get("customDetails") or {}).items()
        if columns.get(column)
    }
    more = {**bag, "Custom Details": orjson.dumps(details).decode()}
    return {**alert, "properties": {**properties, "additionalData": more}}


def columns_of(alert: Json) -> dict[str, str]:
    """The columns of the row behind an alert that a rule of the solution made."""
    properties = alert.get("properties") or {}
    bag = properties.get("additionalData") or {}
    return _columns(properties, _parsed(bag.get("Custom Details"), {}))


def _columns(properties: Json, details: Json) -> dict[str, str]:
    """The columns of the row behind an alert that the queries of the solution keep."""
    columns = {name: str(values[0]) for name, values in details.items() if values}
    if "Sensor" in columns:
        columns["DeviceId"] = columns["Sensor"]
    columns["AlertName"] = str(properties.get("alertDisplayName") or "").removeprefix(MDIOT)
    return columns


def _parsed(text: Any, empty: Any) -> Any:
    try:
        return orjson.loads(text) if isinstance(text, str) else text or empty
    except orjson.JSONDecodeError:
        return empty
