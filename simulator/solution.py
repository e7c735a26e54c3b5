"""The Defender for IoT solution in the content hub: its package and the templates of its rules."""

from typing import Any

from simulator.documents import document
from simulator.plant.catalogue import AnalyticsRule, alert_types

Json = dict[str, Any]
PACKAGE_NAME = "azuresentinel.azure-sentinel-solution-unifiedmicrosoftsoc"
TEMPLATE_VERSION = "1.0.4"
# How the rules title their alerts as they ship: as the plant writes them.
TITLE_FORMAT: str = document("scheduled_rule")["alertDetailsOverride"]["alertDisplayNameFormat"]


def product_packages(*, is_installed: bool) -> list[Json]:
    """The catalogue of the content hub as a workspace sees it: two solutions of its thousands."""
    products: list[Json] = document("content_hub")
    if is_installed:
        for properties in products:
            if properties["contentId"] == PACKAGE_NAME:
                properties["installedVersion"] = properties["version"]
    return [
        {"name": properties["contentProductId"], "properties": properties}
        for properties in products
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
    made = []
    for rule in solution_rules().values():
        template = document("rule_template", id=rule.id, name=rule.name, start=rule.id[:13])
        (resource,) = template["properties"]["mainTemplate"]["resources"]
        resource["properties"] = scheduled_rule(rule, is_enabled=False)
        made.append(template)
    return made


# The one of the fifteen that maps two addresses; the others pass on the entities of the alert.
ADDRESS_RULE = "Unauthorized remote access to the network"
_ADDRESSES = ("SourceDeviceAddress", "DestDeviceAddress")


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
    every = "PT1H" if rule.minutes == 60 else f"PT{rule.minutes}M"
    properties: Json = document("scheduled_rule")
    return properties | {
        "displayName": rule.name,
        "severity": rule.severity,
        "enabled": is_enabled,
        "tactics": [rule.tactic],
        "techniques": [rule.technique],
        "query": query_of(rule),
        "queryFrequency": every,
        "queryPeriod": every,
        **_mapping(rule),
    }
