"""The parts of a workflow check in Sentinel: a rule that makes one test alert, and an automation
rule that acts on its incident alone.
"""

from datetime import datetime
from typing import Any, Final

import orjson

from alerts.rules.rule import instant
from alerts.sentinel.wire.values import CHECK_MARK

type Json = dict[str, Any]

LABEL: Final = "tagout-check"
ORDER: Final = 600  # before the rules that people make here
STAGES: Final = ("rule", "alert", "incident", "fired", "playbook", "cleanup")
FINISHED: Final = frozenset({"Succeeded", "Failed", "TimedOut", "Aborted", "Cancelled"})


_PRODUCT: Final = "Azure Security Center for IoT"  # as its alerts name it
# A device that no plant has: a locally administered MAC and an address for documentation only.
_ENTITIES: Final = [
    {
        "$id": "1",
        "Type": "iotdevice",
        "DeviceId": "tagout-workflow-check",
        "DeviceName": "Tagout workflow check",
        "DeviceType": "PLC",
        "MacAddress": "02:00:00:00:00:01",
    },
    {"$id": "2", "Type": "ip", "Address": "192.0.2.1"},
]


def alert_rule_body(marker: str) -> Json:
    """Return an analytics rule over one row that it brings itself and that is like an alert of
    Defender for IoT: product and entities come from the row, as in the rules of the solution, so
    that conditions on product, device and address are exercised. The provider of what it makes is
    Sentinel, as of all rules: what queries raw alerts by provider does not take it for a second
    alert. It is started by hand, and by itself runs as seldom as Sentinel lets it.
    """
    return {
        "kind": "Scheduled",
        "properties": {
            "displayName": f"{CHECK_MARK}{marker}",
            "description": "A test by Tagout. It is deleted when the check has ended.",
            "severity": "Informational",
            "enabled": True,
            "query": _row_query(marker),
            "queryFrequency": "P14D",
            "queryPeriod": "P14D",
            "triggerOperator": "GreaterThan",
            "triggerThreshold": 0,
            "suppressionDuration": "P1D",
            "suppressionEnabled": False,
            "tactics": [],
            "eventGroupingSettings": {"aggregationKind": "SingleAlert"},
            "alertDetailsOverride": {
                "alertDynamicProperties": [
                    {"alertProperty": "ProductName", "value": "ProductName"},
                    {"alertProperty": "ProductComponentName", "value": "ProductComponentName"},
                ],
            },
            "sentinelEntitiesMappings": [{"columnName": "Entities"}],
            "customDetails": {"TagoutCheck": "Marker"},
            "incidentConfiguration": {
                "createIncident": True,
                "groupingConfiguration": {
                    "enabled": False,
                    "reopenClosedIncident": False,
                    "lookbackDuration": "PT5H",
                    "matchingMethod": "AllEntities",
                },
            },
        },
    }


def _row_query(marker: str) -> str:
    columns = ("Marker", "ProviderName", "ProductName", "ProductComponentName", "Entities")
    values = (
        f'"{marker}"',
        '"IoTSecurity"',
        f'"{_PRODUCT}"',
        '"OPERATIONAL"',
        f"'{orjson.dumps(_ENTITIES).decode()}'",
    )
    declared = ", ".join(f"{column}:string" for column in columns)
    return f"datatable({declared})[\n    {', '.join(values)}\n]"


def automation_rule_body(
    marker: str, *, alert_rule: str, playbook: str, tenant_id: str, ends_at: datetime
) -> Json:
    """Return the automation rule: it labels the incident of that analytics rule, which is named by
    its whole resource id, and runs the playbook where one is given.
    """
    condition = {
        "propertyName": "IncidentRelatedAnalyticRuleIds",
        "operator": "Contains",
        "propertyValues": [alert_rule],
    }
    actions = [_action(1, "ModifyProperties", {"labels": [{"labelName": LABEL}]})]
    if playbook:
        app = {"logicAppResourceId": playbook, "tenantId": tenant_id}
        actions.append(_action(2, "RunPlaybook", app))
    return {
        "displayName": f"{CHECK_MARK}{marker}",
        "order": ORDER,
        "triggeringLogic": {
            "isEnabled": True,
            "expirationTimeUtc": instant(ends_at),
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": [{"conditionType": "Property", "conditionProperties": condition}],
        },
        "actions": actions,
    }


def _action(order: int, kind: str, configuration: Json) -> Json:
    return {"order": order, "actionType": kind, "actionConfiguration": configuration}
