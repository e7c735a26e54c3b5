"""What the property names of automation rules mean on an incident with its alerts and entities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

# Property name -> (entity kind, member of the entity's properties).
ENTITY_PROPERTIES: dict[str, tuple[str, str]] = {
    "AccountAadTenantId": ("Account", "aadTenantId"),
    "AccountAadUserId": ("Account", "aadUserId"),
    "AccountName": ("Account", "accountName"),
    "AccountNTDomain": ("Account", "ntDomain"),
    "AccountPUID": ("Account", "puid"),
    "AccountSid": ("Account", "sid"),
    "AccountObjectGuid": ("Account", "objectGuid"),
    "AccountUPNSuffix": ("Account", "upnSuffix"),
    "AzureResourceResourceId": ("AzureResource", "resourceId"),
    "AzureResourceSubscriptionId": ("AzureResource", "subscriptionId"),
    "CloudApplicationAppId": ("CloudApplication", "appId"),
    "CloudApplicationAppName": ("CloudApplication", "appName"),
    "DNSDomainName": ("DnsResolution", "domainName"),
    "FileDirectory": ("File", "directory"),
    "FileName": ("File", "fileName"),
    "FileHashValue": ("FileHash", "hashValue"),
    "HostAzureID": ("Host", "azureID"),
    "HostName": ("Host", "hostName"),
    "HostNetBiosName": ("Host", "netBiosName"),
    "HostNTDomain": ("Host", "ntDomain"),
    "HostOSVersion": ("Host", "osVersion"),
    "IoTDeviceId": ("IoTDevice", "deviceId"),
    "IoTDeviceName": ("IoTDevice", "deviceName"),
    "IoTDeviceType": ("IoTDevice", "deviceType"),
    "IoTDeviceVendor": ("IoTDevice", "vendor"),
    "IoTDeviceModel": ("IoTDevice", "model"),
    "IoTDeviceOperatingSystem": ("IoTDevice", "operatingSystem"),
    "IPAddress": ("Ip", "address"),
    "MailboxDisplayName": ("Mailbox", "displayName"),
    "MailboxPrimaryAddress": ("Mailbox", "mailboxPrimaryAddress"),
    "MailboxUPN": ("Mailbox", "upn"),
    "MailMessageDeliveryAction": ("MailMessage", "deliveryAction"),
    "MailMessageDeliveryLocation": ("MailMessage", "deliveryLocation"),
    "MailMessageRecipient": ("MailMessage", "recipient"),
    "MailMessageSenderIP": ("MailMessage", "senderIP"),
    "MailMessageSubject": ("MailMessage", "subject"),
    "MailMessageP1Sender": ("MailMessage", "p1Sender"),
    "MailMessageP2Sender": ("MailMessage", "p2Sender"),
    "MalwareCategory": ("Malware", "category"),
    "MalwareName": ("Malware", "malwareName"),
    "ProcessCommandLine": ("Process", "commandLine"),
    "ProcessId": ("Process", "processId"),
    "RegistryKey": ("RegistryKey", "key"),
    "RegistryValueData": ("RegistryValue", "valueData"),
    "Url": ("Url", "url"),
}
INCIDENT_PROPERTIES = frozenset(
    {
        "IncidentTitle",
        "IncidentDescription",
        "IncidentSeverity",
        "IncidentStatus",
        "IncidentRelatedAnalyticRuleIds",
        "IncidentTactics",
        "IncidentLabel",
        "IncidentProviderName",
        "IncidentUpdatedBySource",
        "IncidentCustomDetailsKey",
        "IncidentCustomDetailsValue",
        "IncidentCustomDetectionRuleIds",
        "IncidentAlertTitle",
        "AlertProductNames",
        "AlertAnalyticRuleIds",
    }
)


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
    found: dict[str, list[str]] = {}
    for alert in alerts:
        bag = (alert.get("properties") or {}).get("additionalData") or {}
        told = bag.get("Custom Details") or bag.get("customDetails") or {}
        if isinstance(told, str):
            try:
                told = orjson.loads(told)
            except orjson.JSONDecodeError:
                continue
        for key, values in told.items() if isinstance(told, dict) else ():
            held = values if isinstance(values, list) else [values]
            found.setdefault(str(key), []).extend(str(value) for value in held)
    return found


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
    told = view.properties
    more = told.get("additionalData") or {}
    alerts = [alert.get("properties") or {} for alert in view.alerts]
    readers: dict[str, list[Any]] = {
        "IncidentTitle": [told.get("title")],
        "IncidentDescription": [told.get("description")],
        "IncidentSeverity": [told.get("severity")],
        "IncidentStatus": [told.get("status")],
        "IncidentRelatedAnalyticRuleIds": told.get("relatedAnalyticRuleIds") or [],
        "AlertAnalyticRuleIds": told.get("relatedAnalyticRuleIds") or [],
        "IncidentTactics": more.get("tactics") or [],
        "IncidentLabel": labels_of(told),
        "IncidentProviderName": [told.get("providerName")],
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
