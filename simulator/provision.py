"""What stands in every pretend workspace from the first day: rules, connectors, content."""

from __future__ import annotations

from typing import Any

from simulator.azure import Azure
from simulator.clock import iso
from simulator.people import PEOPLE
from simulator.plant import PlantWorkspace
from simulator.plant.catalogue import AnalyticsRule, alert_types
from simulator.store.resources import Resource

Json = dict[str, Any]
PRODUCT = "Azure Security Center for IoT"
# Severity, tactic and technique of the fifteen rules that come with the D4IoT solution.
SOLUTION_RULES = {
    "Unauthorized PLC changes": ("Medium", "Persistence", "T0839"),
    "Suspicious malware found in the network": ("High", "Impact", "T0882"),
    "Illegal Function Codes for ICS traffic": ("Medium", "ImpairProcessControl", "T0855"),
    "PLC Stop Command": ("Medium", "DefenseEvasion", "T0858"),
    "Firmware Updates": ("Medium", "Persistence", "T0857"),
    "Multiple scans in the network": ("High", "Discovery", "T0842"),
    "Excessive Login Attempts": ("High", "ImpairProcessControl", "T0806"),
    "High bandwidth in the network": ("Low", "Discovery", "T0842"),
    "Internet Access": ("High", "LateralMovement", "T0886"),
    "Unauthorized device in the network": ("Medium", "Discovery", "T0842"),
    "Unauthorized remote access to the network": ("Medium", "InitialAccess", "T0886"),
    "Unauthorized DHCP configuration": ("Medium", "Discovery", "T0842"),
    "Denial of Service": ("High", "InhibitResponseFunction", "T0814"),
    "No traffic on Sensor Detected": ("High", "InhibitResponseFunction", "T0881"),
    "PLC unsecure key state": ("Low", "Execution", "T0858"),
}
# What each does, and its steps: by name, connector and path, as their designer writes them.
PLAYBOOKS = (
    (
        "notify-ot-owner",
        "Mails the owner of the device",
        ("Send_an_email", "office365", "/v2/Mail"),
    ),
    (
        "enrich-with-cve",
        "Adds known weaknesses of the device as a comment",
        ("Add_comment_to_incident", "azuresentinel", "/Incidents/Comment"),
    ),
    (
        "sync-alert-status",
        "Closes the alert at its source when the incident is closed",
        ("Update_alert_in_Defender_for_IoT", "http", "/Microsoft.IoTSecurity/alerts"),
    ),
    (
        "isolate-device",
        "Blocks the port of the device on the plant switch",
        ("Shut_port_on_switch", "http", "/switches/ports/disable"),
    ),
)
CONNECTOR, CREATION_RULE, PACKAGE = "iot connector", "creation rule", "package"


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
    rules = {
        alert_type.rule.id: alert_type.rule
        for alert_type in alert_types().values()
        if alert_type.rule
    }
    resources += [("alertRules", name, _scheduled(rule, at)) for name, rule in rules.items()]
    resources.append(("alertRules", workspace.uid(CREATION_RULE), _creation_rule(at)))
    resources.append(
        (
            "alertRules",
            "BuiltInFusion",
            {
                "kind": "Fusion",
                "properties": {
                    "displayName": "Advanced Multistage Attack Detection",
                    "enabled": True,
                    "severity": "High",
                    "lastModifiedUtc": at,
                    "alertRuleTemplateName": "f71aba3d-28fb-450b-b192-4e76a83015c8",
                },
            },
        )
    )
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
    resources.append(
        (
            "contentPackages",
            "azuresentinel.azure-sentinel-solution-unifiedmicrosoftsoc",
            {
                "properties": {
                    "contentId": "azuresentinel.azure-sentinel-solution-unifiedmicrosoftsoc",
                    "contentKind": "Solution",
                    "contentSchemaVersion": "3.0.0",
                    "version": "3.0.2",
                    "displayName": "Microsoft Defender for IoT",
                },
            },
        )
    )
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
    resources += [
        ("workflows", name, _playbook(name, does, step, at)) for name, does, step in PLAYBOOKS
    ]
    resources.append(("automationRules", workspace.uid("foreign rule"), _foreign_rule(at)))
    return resources


def _playbook(name: str, does: str, step: tuple[str, str, str], at: str) -> Json:
    title, connector, path = step
    connection = f"@parameters('$connections')['{connector}']['connectionId']"
    inputs = {"host": {"connection": {"name": connection}}, "method": "post", "path": path}
    listens = {"body": {"callback_url": "@{listCallbackUrl()}"}, "path": "/incident-creation"}
    properties = {
        "state": "Enabled",
        "createdTime": at,
        "changedTime": at,
        "version": "08585000000000000001",
        "definition": {
            "contentVersion": "1.0.0.0",
            "metadata": {"notes": does},
            "triggers": {
                "Microsoft_Sentinel_incident": {"type": "ApiConnectionWebhook", "inputs": listens}
            },
            "actions": {title: {"type": "ApiConnection", "inputs": inputs}},
        },
    }
    tags = {"hidden-SentinelTemplateName": name}
    return {"location": "westeurope", "tags": tags, "properties": properties}


def _scheduled(rule: AnalyticsRule, at: str) -> Json:
    severity, tactic, technique = SOLUTION_RULES.get(rule.name, ("Medium", "Impact", "T0882"))
    every = "PT1H" if rule.minutes == 60 else f"PT{rule.minutes}M"
    return {
        "kind": "Scheduled",
        "properties": {
            "displayName": rule.name,
            "description": "",
            "severity": severity,
            "enabled": True,
            "tactics": [tactic],
            "techniques": [technique],
            "query": "SecurityAlert",
            "queryFrequency": every,
            "queryPeriod": every,
            "triggerOperator": "GreaterThan",
            "triggerThreshold": 0,
            "suppressionDuration": "PT5H",
            "suppressionEnabled": False,
            "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
            "customDetails": {
                "Sensor": "DeviceId",
                "Protocol": "Protocol",
                "VendorOriginalId": "VendorOriginalId",
            },
            "incidentConfiguration": {
                "createIncident": True,
                "groupingConfiguration": {
                    "enabled": False,
                    "reopenClosedIncident": False,
                    "lookbackDuration": "PT5H",
                    "matchingMethod": "AllEntities",
                },
            },
            "templateVersion": "1.0.4",
            "lastModifiedUtc": at,
        },
    }


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
