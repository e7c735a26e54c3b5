"""The parts of a workflow check in Sentinel: a rule that makes one test alert, and an automation
rule that acts on its incident alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from alerts.suppression.engine.rule import instant
from alerts.suppression.engine.sentinel_forms import NAME_PREFIX

type Json = dict[str, Any]

LABEL: Final = "tagout-check"
ORDER: Final = 600  # before the rules that people make here
STAGES: Final = ("rule", "alert", "incident", "fired", "playbook", "cleanup")
FINISHED: Final = frozenset({"Succeeded", "Failed", "TimedOut", "Aborted", "Cancelled"})


def alert_rule_body(marker: str) -> Json:
    """An analytics rule over one row that it brings itself. It is started by hand, and by itself
    runs as seldom as Sentinel lets it.
    """
    return {
        "kind": "Scheduled",
        "properties": {
            "displayName": f"{NAME_PREFIX}workflow check {marker}",
            "description": "A test by Tagout. It is deleted when the check has ended.",
            "severity": "Informational",
            "enabled": True,
            "query": f'datatable(Marker:string)["{marker}"]',
            "queryFrequency": "P14D",
            "queryPeriod": "P14D",
            "triggerOperator": "GreaterThan",
            "triggerThreshold": 0,
            "suppressionDuration": "P1D",
            "suppressionEnabled": False,
            "tactics": [],
            "eventGroupingSettings": {"aggregationKind": "SingleAlert"},
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


def automation_rule_body(
    marker: str, *, alert_rule: str, playbook: str, tenant_id: str, ends_at: datetime
) -> Json:
    """The automation rule: it labels the incident of that analytics rule, whose name is enough of
    its address, and runs the playbook where one is given.
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
        "displayName": f"{NAME_PREFIX}workflow check {marker}",
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
