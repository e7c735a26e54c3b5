"""The Defender for IoT solution in the content hub: its package and the templates of its rules."""

from typing import Any

from simulator.plant.catalogue import AnalyticsRule, alert_types

Json = dict[str, Any]
PACKAGE_NAME = "azuresentinel.azure-sentinel-solution-unifiedmicrosoftsoc"
DISPLAY_NAME, VERSION, TEMPLATE_VERSION = "Microsoft Defender for IoT", "3.0.2", "1.0.4"
# Severity, tactic and technique of the fifteen rules that come with it.
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


def package() -> Json:
    """The properties of the package once it is installed."""
    return {
        "contentId": PACKAGE_NAME,
        "contentProductId": f"{PACKAGE_NAME}-sl-3oxgbnw5qlhqy",
        "contentKind": "Solution",
        "contentSchemaVersion": "3.0.0",
        "version": VERSION,
        "displayName": DISPLAY_NAME,
    }


def product_packages(*, is_installed: bool) -> list[Json]:
    """The catalogue of the content hub as a workspace sees it: two solutions of its thousands."""
    other = {
        "contentId": "azuresentinel.azure-sentinel-solution-dns",
        "contentProductId": "azuresentinel.azure-sentinel-solution-dns-sl-aa2yfw7ndxg5c",
        "contentKind": "Solution",
        "contentSchemaVersion": "3.0.0",
        "version": "3.0.4",
        "displayName": "Windows Server DNS",
    }
    ours = package() | ({"installedVersion": VERSION} if is_installed else {})
    return [
        {"name": properties["contentProductId"], "properties": properties}
        for properties in (other, ours)
    ]


def solution_rules() -> dict[str, AnalyticsRule]:
    """The rules of the solution by their id, which is that of the template."""
    return {
        alert_type.rule.id: alert_type.rule
        for alert_type in alert_types().values()
        if alert_type.rule
    }


def templates() -> list[Json]:
    """The templates of the fifteen rules; each holds the rule as an ARM template would make it."""
    return [
        {
            "name": rule.id,
            "properties": {
                "contentId": rule.id,
                "contentKind": "AnalyticsRule",
                "contentProductId": f"{PACKAGE_NAME}-ar-{rule.id[:13]}",
                "displayName": f"{rule.name} (Microsoft Defender for IoT)",
                "packageId": PACKAGE_NAME,
                "packageName": DISPLAY_NAME,
                "packageVersion": VERSION,
                "version": TEMPLATE_VERSION,
                "mainTemplate": {
                    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/"
                    "deploymentTemplate.json#",
                    "contentVersion": TEMPLATE_VERSION,
                    "resources": [
                        {
                            "type": "Microsoft.SecurityInsights/AlertRuleTemplates",
                            "name": rule.id,
                            "apiVersion": "2023-02-01-preview",
                            "kind": "Scheduled",
                            "location": "[parameters('workspace-location')]",
                            "properties": scheduled_rule(rule, is_enabled=False),
                        }
                    ],
                },
            },
        }
        for rule in solution_rules().values()
    ]


# The one of the fifteen that maps two addresses; the others pass on the entities of the alert.
ADDRESS_RULE = "Unauthorized remote access to the network"
_ADDRESSES = ("SourceDeviceAddress", "DestDeviceAddress")
_DYNAMIC = ("ProductName", "RemediationSteps", "Techniques", "ProductComponentName", "AlertLink")


def _mapping(rule: AnalyticsRule) -> Json:
    """How a rule gives its alerts entities."""
    if rule.name != ADDRESS_RULE:
        return {"entityMappings": None, "sentinelEntitiesMappings": [{"columnName": "Entities"}]}
    mappings = [
        {
            "entityType": "IP",
            "fieldMappings": [{"identifier": "Address", "columnName": column}],
        }
        for column in _ADDRESSES
    ]
    return {"entityMappings": mappings, "sentinelEntitiesMappings": None}


# How the published rules choose alerts where they do not compare whole titles: by words in them,
# so that a title nobody knows yet is taken, too. Two also look into other columns.
_BY_WORDS = {
    "Firmware Updates": 'AlertName has_any ("Beckhoff Software Changed", "Firmware Change",'
    ' "Firmware Version Changed", "Firmware Changed", "Firmware Update")',
    "Internet Access": 'AlertName has "Internet"',
    "Multiple scans in the network": 'AlertName has "Scan"',
    "PLC unsecure key state": 'AlertName has "PLC Operating Mode Changed"',
}
_BEHIND_THE_LIST = {
    "Suspicious malware found in the network": ' or AlertName contains "Malware"'
    ' or AlertName contains "Suspicion of Malicious Activity"',
    "Illegal Function Codes for ICS traffic": ' or AlertName contains "Slave Device Received'
    ' Illegal"',
    "Unauthorized PLC changes": ' or ExtendedProperties has "Illegal Beckhoff AMS Command"'
    ' or ExtendedProperties has "Beckhoff AMS Command Failure"',
}
# These read the bag of properties again for each column, the others once.
_READ_AGAIN = ("Unauthorized PLC changes", "Suspicious malware found in the network")


def query_of(rule: AnalyticsRule) -> str:
    """The query of one of the fifteen rules, in own words: the alert types that it watches."""
    bag = "parse_json(ExtendedProperties)"
    read_once = "" if rule.name in _READ_AGAIN else f"| extend ExtendedProperties = {bag}\n"
    bag = "ExtendedProperties" if read_once else bag
    lists, chosen = _choice_of(rule)
    return f"""{lists}SecurityAlert
| where ProviderName == "IoTSecurity"
| where {chosen}
{read_once}| where tostring({bag}.isNew) == "True"
| extend DeviceId = tostring({bag}.DeviceId), Protocol = tostring({bag}.Protocol),
    SourceDeviceAddress = tostring({bag}.SourceDeviceAddress),
    DestDeviceAddress = tostring({bag}.DestinationDeviceAddress),
    AlertManagementUri = tostring({bag}.AlertManagementUri)
| project TimeGenerated, DeviceId, ProductName, ProductComponentName, AlertSeverity, AlertName,
    Description, Protocol, SourceDeviceAddress, DestDeviceAddress, RemediationSteps, Tactics,
    Entities, VendorOriginalId, AlertLink, AlertManagementUri"""


def _choice_of(rule: AnalyticsRule) -> tuple[str, str]:
    """The list of titles that a rule begins with, if it does, and its condition."""
    if rule.name in _BY_WORDS:
        return "", _BY_WORDS[rule.name]
    kinds = (kind.title for kind in alert_types().values() if kind.rule == rule)
    titles = ", ".join(f'"{title}"' for title in sorted(kinds))
    if rule.name in _BEHIND_THE_LIST:
        lists = f"let alertList = dynamic([{titles}]);\n"
        return lists, f"AlertName has_any (alertList){_BEHIND_THE_LIST[rule.name]}"
    return "", f"AlertName in ({titles})"


def scheduled_rule(rule: AnalyticsRule, *, is_enabled: bool) -> Json:
    """The properties of one of the fifteen rules."""
    severity, tactic, technique = SOLUTION_RULES.get(rule.name, ("Medium", "Impact", "T0882"))
    every = "PT1H" if rule.minutes == 60 else f"PT{rule.minutes}M"
    return {
        "displayName": rule.name,
        "description": "",
        "severity": severity,
        "enabled": is_enabled,
        "tactics": [tactic],
        "techniques": [technique],
        "query": query_of(rule),
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
            "AlertManagementUri": "AlertManagementUri",
        },
        **_mapping(rule),
        "alertDetailsOverride": {
            "alertDisplayNameFormat": "(MDIoT) {{AlertName}}",
            "alertDescriptionFormat": "(MDIoT) {{Description}}",
            "alertTacticsColumnName": "Tactics",
            "alertSeverityColumnName": "AlertSeverity",
            "alertDynamicProperties": [{"alertProperty": name, "value": name} for name in _DYNAMIC],
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
    }
