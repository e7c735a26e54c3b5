"""The portal's words beside those of Sentinel, and what is lost between the two."""

from typing import Any

from simulator.people import person_by_email

Json = dict[str, Any]
STATUSES = {"New": "active", "Active": "inProgress", "Closed": "resolved"}
CLASSIFICATIONS = {
    "TruePositive": "truePositive",
    "FalsePositive": "falsePositive",
    "BenignPositive": "informationalExpectedActivity",
    "Undetermined": "unknown",
}
REASONS = {
    "truePositive": ("TruePositive", "SuspiciousActivity"),
    "falsePositive": ("FalsePositive", "InaccurateData"),  # the other reason does not survive
    "informationalExpectedActivity": ("BenignPositive", "SuspiciousButExpected"),
    "unknown": ("Undetermined", None),
}
DETERMINATIONS = (
    *("unknown", "apt", "malware", "securityPersonnel", "securityTesting", "unwantedSoftware"),
    *("other", "multiStagedAttack", "compromisedAccount", "phishing", "maliciousUserActivity"),
    *("notMalicious", "notEnoughDataToValidate", "confirmedActivity", "lineOfBusinessApplication"),
)
SEVERITIES = ("informational", "low", "medium", "high")
# Members before `unknownFutureValue`; later ones are shown only to who asks for them.
FIRST_STATUSES = frozenset({"active", "inProgress", "resolved", "redirected"})
FIRST_SERVICE_SOURCES = frozenset(
    {
        *("unknown", "microsoftDefenderForEndpoint", "microsoftDefenderForIdentity"),
        *("microsoftDefenderForCloudApps", "microsoftDefenderForOffice365"),
        *("microsoft365Defender", "azureAdIdentityProtection", "microsoftAppGovernance"),
        "dataLossPrevention",
    }
)
FIRST_DETECTION_SOURCES = frozenset(
    {
        *("unknown", "microsoftDefenderForEndpoint", "antivirus", "smartScreen", "customTi"),
        *("microsoftDefenderForOffice365", "automatedInvestigation", "microsoftThreatExperts"),
        *("customDetection", "microsoftDefenderForIdentity", "cloudAppSecurity"),
        *("microsoft365Defender", "azureAdIdentityProtection", "manual"),
        *("microsoftDataLossPrevention", "appGovernancePolicy", "appGovernanceDetection"),
    }
)
FIRST_REMEDIATIONS = frozenset(
    {"none", "remediated", "prevented", "blocked", "notFound", "unknown"}
)
FUTURE = "unknownFutureValue"


def severity_of(properties: Json) -> str:
    """The portal's severity of an incident or alert with these ARM properties."""
    severity = str(properties.get("severity") or "").lower()
    return severity if severity in SEVERITIES else "unknown"


def status_of(properties: Json) -> str:
    """The portal's status of an incident with these ARM properties."""
    return STATUSES.get(str(properties.get("status")), "active")


def classification_of(properties: Json) -> str:
    """The portal's classification of an incident with these ARM properties."""
    return CLASSIFICATIONS.get(str(properties.get("classification")), "unknown")


def assignee_of(properties: Json) -> str | None:
    """Who an incident is assigned to, as free text; the object id is lost."""
    owner = properties.get("owner") or {}
    text = owner.get("userPrincipalName") or owner.get("email") or owner.get("assignedTo")
    return str(text) if text else None


def owner_for(assignee: str | None) -> Json:
    """Return the ARM owner for the portal's text of an assignee; an unknown one stays a name."""
    if not assignee:
        return {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}
    person = person_by_email(assignee)
    if person is not None:
        return person.owner()
    return {
        "objectId": None,
        "email": assignee if "@" in assignee else None,
        "assignedTo": assignee,
        "userPrincipalName": assignee if "@" in assignee else None,
    }


def tags_of(properties: Json) -> tuple[list[str], list[str]]:
    """Custom tags and system tags: the labels of people, and those that Azure set by itself."""
    custom: list[str] = []
    system: list[str] = []
    for label in properties.get("labels") or []:
        tags = custom if label.get("labelType", "User") == "User" else system
        tags.append(str(label.get("labelName")))
    return custom, system


def one_of(value: Any, allowed: tuple[str, ...]) -> str | None:
    """The member of an enumeration that a text names in any case of letters; None for others."""
    by_folded = {member.casefold(): member for member in allowed}
    return by_folded.get(value.casefold()) if isinstance(value, str) else None
