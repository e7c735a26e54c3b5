"""The names that automation rules are written in, as Sentinel's interface documents them. A rule
with anything else is not understood.
"""

from typing import Final

PROPERTIES: Final = frozenset(
    [
        "IncidentTitle",
        "IncidentDescription",
        "IncidentSeverity",
        "IncidentStatus",
        "IncidentLabel",
        "IncidentTactics",
        "IncidentRelatedAnalyticRuleIds",
        "IncidentProviderName",
        "IncidentUpdatedBySource",
        "IncidentAlertTitle",
        "IncidentCustomDetailsKey",
        "IncidentCustomDetailsValue",
        "IncidentCustomDetectionRuleIds",
        "AlertProductNames",
        "AlertAnalyticRuleIds",
        "AccountAadTenantId",
        "AccountAadUserId",
        "AccountName",
        "AccountNTDomain",
        "AccountPUID",
        "AccountSid",
        "AccountObjectGuid",
        "AccountUPNSuffix",
        "AzureResourceResourceId",
        "AzureResourceSubscriptionId",
        "CloudApplicationAppId",
        "CloudApplicationAppName",
        "DNSDomainName",
        "FileDirectory",
        "FileName",
        "FileHashValue",
        "HostAzureID",
        "HostName",
        "HostNetBiosName",
        "HostNTDomain",
        "HostOSVersion",
        "IoTDeviceId",
        "IoTDeviceName",
        "IoTDeviceType",
        "IoTDeviceVendor",
        "IoTDeviceModel",
        "IoTDeviceOperatingSystem",
        "IPAddress",
        "MailboxDisplayName",
        "MailboxPrimaryAddress",
        "MailboxUPN",
        "MailMessageDeliveryAction",
        "MailMessageDeliveryLocation",
        "MailMessageRecipient",
        "MailMessageSenderIP",
        "MailMessageSubject",
        "MailMessageP1Sender",
        "MailMessageP2Sender",
        "MalwareCategory",
        "MalwareName",
        "ProcessCommandLine",
        "ProcessId",
        "RegistryKey",
        "RegistryValueData",
        "Url",
    ]
)
OPERATORS: Final = frozenset(
    [
        "Equals",
        "NotEquals",
        "Contains",
        "NotContains",
        "StartsWith",
        "NotStartsWith",
        "EndsWith",
        "NotEndsWith",
    ]
)
CHANGING: Final = frozenset({"IncidentSeverity", "IncidentStatus", "IncidentOwner"})
CHANGES: Final = frozenset({"ChangedFrom", "ChangedTo"})
GROWING: Final = frozenset({"Alerts", "Labels", "Tactics", "Comments"})
ARRAYS: Final = frozenset({"CustomDetails", "CustomDetailValues", "IncidentLabels"})
ANY_OR_ALL: Final = frozenset({"AnyItem", "AllItems"})
AND_OR: Final = frozenset({"And", "Or"})
TRIGGERS: Final = frozenset(
    {("Incidents", "Created"), ("Incidents", "Updated"), ("Alerts", "Created")}
)
RULE_MEMBERS: Final = frozenset(
    [
        "displayName",
        "order",
        "triggeringLogic",
        "actions",
        "lastModifiedTimeUtc",
        "createdTimeUtc",
        "lastModifiedBy",
        "createdBy",
    ]
)
LOGIC_MEMBERS: Final = frozenset(
    ["isEnabled", "expirationTimeUtc", "triggersOn", "triggersWhen", "conditions"]
)
ACTION_MEMBERS: Final = frozenset({"order", "actionType", "actionConfiguration"})
CONFIGURATIONS: Final = {
    "ModifyProperties": frozenset(
        [
            "severity",
            "status",
            "classification",
            "classificationReason",
            "classificationComment",
            "owner",
            "labels",
        ]
    ),
    "RunPlaybook": frozenset({"logicAppResourceId", "tenantId"}),
    "AddIncidentTask": frozenset({"title", "description"}),
}
OWNER_MEMBERS: Final = frozenset(
    ["objectId", "email", "assignedTo", "userPrincipalName", "ownerType"]
)
LABEL_MEMBERS: Final = frozenset({"labelName", "labelType"})
