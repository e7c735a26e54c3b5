"""What every pretend workspace has from the first day: rules, connectors, content."""

from typing import Any

from simulator.azure import Azure
from simulator.clock import iso
from simulator.people import PEOPLE
from simulator.plant.catalogue import AnalyticsRule
from simulator.plant.records import PlantWorkspace
from simulator.playbooks import connections_of, playbooks_of
from simulator.solution import (
    PACKAGE_NAME,
    TEMPLATE_VERSION,
    package,
    scheduled_rule,
    solution_rules,
)
from simulator.store.resources import Resource

Json = dict[str, Any]
PRODUCT = "Azure Security Center for IoT"
CONNECTOR, CREATION_RULE = "iot connector", "creation rule"
_WHAT_PEOPLE_ADD = (
    "alertRules",
    "automationRules",
    "contentPackages",
    "dataConnectors",
    "settings",
    "watchlists",
)


def provision(azure: Azure) -> None:
    """Fill workspaces that were never filled before."""
    if azure.store.fact("provisioned"):
        return
    at = azure.clock.ticks()
    with azure.store.transaction():
        for workspace in azure.workspaces:
            for kind, name, body in _resources(workspace, iso(at)):
                resource = Resource(name, azure.store.next_etag(at), body)
                azure.store.resources.put(workspace.key, kind, resource)
        azure.store.keep("provisioned", True)


def _resources(workspace: PlantWorkspace, at: str) -> list[tuple[str, str, Json]]:
    resources: list[tuple[str, str, Json]] = []
    rules = solution_rules()
    resources += [("alertRules", name, _scheduled(rule, at)) for name, rule in rules.items()]
    resources.append(("alertRules", workspace.uid(CREATION_RULE), _creation_rule(at)))
    resources.append(("alertRules", "BuiltInFusion", _fusion(at)))
    resources.append(
        (
            "dataConnectors",
            workspace.uid(CONNECTOR),
            {
                "kind": "IOT",
                "properties": {
                    "subscriptionId": workspace.subscription_id,
                    "dataTypes": {"alerts": {"state": "Enabled"}},
                },
            },
        )
    )
    resources.append(("contentPackages", PACKAGE_NAME, {"properties": package()}))
    resources += [("settings", name, body) for name, body in _settings().items()]
    resources.append(
        (
            "watchlists",
            "PlantSensors",
            {
                "properties": {
                    "displayName": "Sensors of the plants",
                    "provider": "Plant",
                    "source": "sensors.csv",
                    "sourceType": "Local",
                    "itemsSearchKey": "Sensor",
                    "watchlistAlias": "PlantSensors",
                    "provisioningState": "Succeeded",
                    "created": at,
                    "updated": at,
                }
            },
        )
    )
    resources += [("workflows", name, body) for name, body in playbooks_of(workspace, at).items()]
    resources += [("connections", name, body) for name, body in connections_of(workspace).items()]
    resources.append(("automationRules", workspace.uid("foreign rule"), _foreign_rule(at)))
    return resources


def _fusion(at: str) -> Json:
    return {
        "kind": "Fusion",
        "properties": {
            "displayName": "Advanced Multistage Attack Detection",
            "enabled": True,
            "severity": "High",
            "lastModifiedUtc": at,
            "alertRuleTemplateName": "f71aba3d-28fb-450b-b192-4e76a83015c8",
        },
    }


def _settings() -> dict[str, Json]:
    """The settings of a workspace by name. One that is off is not listed."""
    sources = ["AuditLogs", "AzureActivity", "SecurityEvent", "SigninLogs"]
    return {
        "Anomalies": {"kind": "Anomalies", "properties": {"isEnabled": True}},
        "EntityAnalytics": {
            "kind": "EntityAnalytics",
            "properties": {"entityProviders": ["AzureActiveDirectory"]},
        },
        "Ueba": {"kind": "Ueba", "properties": {"dataSources": sources}},
    }


def empty_workspace(azure: Azure, workspace: PlantWorkspace, *, at: int) -> None:
    """Leave a workspace as it is on the day on which Sentinel is switched on: the plan is there and
    linked, but no connector, content, rule or setting is; only Fusion is on from the start.
    """
    for kind in _WHAT_PEOPLE_ADD:
        for resource in azure.store.resources.all(workspace.key, kind):
            azure.store.resources.remove(workspace.key, kind, resource.name)
    fusion = Resource("BuiltInFusion", azure.store.next_etag(at), _fusion(iso(at)))
    azure.store.resources.put(workspace.key, "alertRules", fusion)
    switches = azure.store.fact(f"workspace:{workspace.key}", {})
    bare = {"connector": "Disabled", "emptied": True, "playbook_permission": False}
    azure.store.keep(f"workspace:{workspace.key}", {**switches, **bare})


def _scheduled(rule: AnalyticsRule, at: str) -> Json:
    origin = {"alertRuleTemplateName": rule.id, "templateVersion": TEMPLATE_VERSION}
    properties = {**scheduled_rule(rule, is_enabled=True), **origin, "lastModifiedUtc": at}
    return {"kind": "Scheduled", "properties": properties}


def _creation_rule(at: str) -> Json:
    return {
        "kind": "MicrosoftSecurityIncidentCreation",
        "properties": {
            "displayName": "Create incidents based on all alerts of Defender for IoT",
            "productFilter": PRODUCT,
            "severitiesFilter": None,
            "displayNamesFilter": None,
            "displayNamesExcludeFilter": None,
            "enabled": False,
            "lastModifiedUtc": at,
        },
    }


def _foreign_rule(at: str) -> Json:
    """A rule that the customer's SOC made by hand: it closes what a sensor's self-test raises."""
    author = PEOPLE[0].author()
    return {
        "properties": {
            "displayName": "Close sensor self tests",
            "order": 900,
            "triggeringLogic": {
                "isEnabled": True,
                "triggersOn": "Incidents",
                "triggersWhen": "Created",
                "conditions": [
                    {
                        "conditionType": "Property",
                        "conditionProperties": {
                            "propertyName": "IncidentTitle",
                            "operator": "StartsWith",
                            "propertyValues": ["Sensor self test"],
                        },
                    }
                ],
            },
            "actions": [
                {
                    "order": 1,
                    "actionType": "ModifyProperties",
                    "actionConfiguration": {
                        "status": "Closed",
                        "classification": "BenignPositive",
                        "classificationReason": "SuspiciousButExpected",
                    },
                }
            ],
            "createdTimeUtc": at,
            "lastModifiedTimeUtc": at,
            "createdBy": author,
            "lastModifiedBy": author,
        }
    }
