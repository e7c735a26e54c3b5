"""The words Sentinel uses for fixed choices, and how an unfamiliar one is met."""

from __future__ import annotations

MAX_WORD_LENGTH = 100


def _spellings(*words: str) -> dict[str, str]:
    return {word: word for word in words} | {word.casefold(): word for word in words}


INCIDENT_STATUS = _spellings("New", "Active", "Closed")
SEVERITY = _spellings("High", "Medium", "Low", "Informational")
CLASSIFICATION = _spellings("Undetermined", "TruePositive", "BenignPositive", "FalsePositive")
CLASSIFICATION_REASON = _spellings(
    "SuspiciousActivity", "SuspiciousButExpected", "IncorrectAlertLogic", "InaccurateData"
)
OWNER_KIND = _spellings("Unknown", "User", "Group")
LABEL_KIND = _spellings("User", "AutoAssigned")
ALERT_STATUS = _spellings(
    "Unknown", "New", "Resolved", "Dismissed", "InProgress", "Active", "Closed"
)
ENTITY_KIND = _spellings(
    *("Account", "Host", "File", "AzureResource", "CloudApplication", "DnsResolution", "FileHash"),
    *("Ip", "Malware", "Process", "RegistryKey", "RegistryValue", "SecurityGroup", "Url"),
    *("IoTDevice", "SecurityAlert", "Bookmark", "MailCluster", "MailMessage", "Mailbox"),
    *("SubmissionMail", "Nic"),
)
ENGINE = _spellings("MALWARE", "ANOMALY", "PROTOCOL_VIOLATION", "POLICY_VIOLATION", "OPERATIONAL")

# Both names of one product: what the interface has always sent, and what its pages show.
D4IOT_PRODUCTS = frozenset(
    {"azure security center for iot", "microsoft defender for iot", "azure defender for iot"}
)

# What products are called today. Sentinel's interface goes on sending the names they began with.
_CURRENT_PRODUCTS = {
    **dict.fromkeys(D4IOT_PRODUCTS, "Microsoft Defender for IoT"),
    "azure active directory identity protection": "Microsoft Entra ID Protection",
    "azure advanced threat protection": "Microsoft Defender for Identity",
    "azure security center": "Microsoft Defender for Cloud",
    "azure sentinel": "Microsoft Sentinel",
    "microsoft 365 defender": "Microsoft Defender XDR",
    "microsoft cloud app security": "Microsoft Defender for Cloud Apps",
    "microsoft defender advanced threat protection": "Microsoft Defender for Endpoint",
    "office 365 advanced threat protection": "Microsoft Defender for Office 365",
}


def current_product(name: str) -> str:
    """Return what a product is called today; a name that is not known as it came."""
    return _CURRENT_PRODUCTS.get(name.strip().casefold(), name)


def read_choice(
    value: object, choices: dict[str, str], name: str, flags: list[str], *, required: bool = False
) -> str | None:
    """The familiar spelling of a choice; an unfamiliar word is kept as it came, and flagged."""
    if value.__class__ is str:
        if word := choices.get(value):
            return word
        return _unfamiliar(str(value), choices, name, flags)
    if value is not None:
        flags.append(f"{name}:not_text")
    elif required:
        flags.append(f"{name}:missing")
    return None


def _unfamiliar(value: str, choices: dict[str, str], name: str, flags: list[str]) -> str | None:
    if word := choices.get(value.strip().casefold()):
        return word
    flags.append(f"{name}:unknown" if value else f"{name}:empty")
    return value[:MAX_WORD_LENGTH] or None
