"""How Microsoft Graph and Sentinel call the same values, both ways."""

from typing import Any, Final
from uuid import UUID, uuid5

from alerts.sentinel.wire.records import Bag

SENTINEL_STATUS: Final = {
    "active": "New",
    "inprogress": "Active",
    "resolved": "Closed",
    "redirected": "Closed",
}
GRAPH_STATUS: Final = {"New": "active", "Active": "inProgress", "Closed": "resolved"}

SENTINEL_SEVERITY: Final = {
    "high": "High",
    "medium": "Medium",
    "low": "Low",
    "informational": "Informational",
}
GRAPH_SEVERITY: Final = {word: name for name, word in SENTINEL_SEVERITY.items()}

# Classification with the reason that Sentinel shows for it.
SENTINEL_CLASSIFICATION: Final = {
    "truepositive": ("TruePositive", "SuspiciousActivity"),
    "falsepositive": ("FalsePositive", "InaccurateData"),
    "informationalexpectedactivity": ("BenignPositive", "SuspiciousButExpected"),
}
GRAPH_CLASSIFICATION: Final = {
    "TruePositive": "truePositive",
    "FalsePositive": "falsePositive",
    "BenignPositive": "informationalExpectedActivity",
    "Undetermined": "unknown",
}
# Why an expected activity is one. Other classifications keep the determination they have.
EXPECTED_DETERMINATION: Final = "confirmedActivity"
LOST_REASON: Final = "IncorrectAlertLogic"  # comes back as InaccurateData

SENTINEL_ALERT_STATUS: Final = {
    "unknown": "Unknown",
    "new": "New",
    "inprogress": "InProgress",
    "resolved": "Resolved",
}

# The last five are spellings of older pages: read, never sent.
DETERMINATIONS: Final = frozenset(
    word.casefold()
    for word in (
        *("unknown", "apt", "malware", "securityPersonnel", "securityTesting"),
        *("unwantedSoftware", "other", "multiStagedAttack", "compromisedAccount", "phishing"),
        *("maliciousUserActivity", "notMalicious", "notEnoughDataToValidate"),
        *("confirmedActivity", "lineOfBusinessApplication"),
        *("compromisedUser", "clean", "insufficientData", "confirmedUserActivity"),
    )
)
UNSET_WORDS: Final = frozenset({"", "unknown"})  # a choice that nobody has made


_NAMESPACE: Final = UUID("3d0f5b52-8a4e-5c7d-b1c5-2f6f2b9e7a10")


def name_for(*parts: str) -> str:
    """A GUID for what Graph gives no id: the same for the same parts, whenever asked."""
    return str(uuid5(_NAMESPACE, "\x1f".join(parts)))


def graph_text(value: Any) -> str:
    """A text member; empty where it is none."""
    return value if isinstance(value, str) else ""


def bags_of(value: Any) -> list[Bag]:
    """The objects of a list; anything else in it is left out."""
    return (
        [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []
    )


def texts_of(value: Any) -> list[str]:
    """The texts of a list that are not empty."""
    found = value if isinstance(value, list) else []
    return [member for member in found if isinstance(member, str) and member]
