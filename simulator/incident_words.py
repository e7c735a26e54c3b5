"""The words an incident may use, and what Azure refuses in a PUT of one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simulator.words import bad_request, parse_time

Json = dict[str, Any]
SEVERITIES = ("High", "Medium", "Low", "Informational")
STATUSES = ("New", "Active", "Closed")
REASONS: dict[str, tuple[str | None, ...]] = {
    "TruePositive": ("SuspiciousActivity",),
    "BenignPositive": ("SuspiciousButExpected",),
    "FalsePositive": ("IncorrectAlertLogic", "InaccurateData"),
    "Undetermined": (None,),
}
CLOSING = ("classification", "classificationReason", "classificationComment")
WRITABLE = (
    "title",
    "description",
    "severity",
    "status",
    *CLOSING,
    "owner",
    "labels",
    "firstActivityTimeUtc",
    "lastActivityTimeUtc",
)
NO_OWNER: Json = {
    "objectId": None,
    "email": None,
    "assignedTo": None,
    "userPrincipalName": None,
}
MAX_DESCRIPTION_LENGTH, MAX_COMMENT_LENGTH = 5_000, 30_000
MAX_ALERTS, MAX_COMMENTS, MAX_TASKS = 150, 100, 40


def check_enum(member: str, value: Any, allowed: Collection[str]) -> None:
    """Refuse a value that Azure does not know, naming the member."""
    if not isinstance(value, str) or value not in allowed:
        raise bad_request(f"Invalid value for property '{member}': '{value}'.")


def check_closing(told: Json, *, required: Collection[str]) -> None:
    """Refuse unknown severities and states, and a closing without a fitting classification."""
    if "severity" in required or told.get("severity"):
        check_enum("severity", told.get("severity"), SEVERITIES)
    if "status" in required or told.get("status"):
        check_enum("status", told.get("status"), STATUSES)
    if told.get("status") != "Closed":
        return
    if not told.get("classification"):
        raise bad_request("Classification is required when the status is Closed.")
    check_enum("classification", told["classification"], REASONS)
    reason = told.get("classificationReason") or None
    if reason not in REASONS[told["classification"]]:
        raise bad_request(
            f"classificationReason '{reason}' does not fit classification"
            f" '{told['classification']}'."
        )


def check_incident(properties: Any) -> Json:
    """The properties of a PUT when Azure would take them; refuses with 400 otherwise."""
    if not isinstance(properties, dict):
        raise bad_request("Required property 'properties' not found in JSON.")
    title = properties.get("title")
    if not isinstance(title, str) or not title:
        raise bad_request("Required property 'title' not found in JSON.")
    check_closing(properties, required=("severity", "status"))
    if len(properties.get("description") or "") > MAX_DESCRIPTION_LENGTH:
        raise bad_request(f"description is longer than {MAX_DESCRIPTION_LENGTH} characters.")
    labels = properties.get("labels") or []
    if not isinstance(labels, list) or not all(
        isinstance(label, dict) and isinstance(label.get("labelName"), str) and label["labelName"]
        for label in labels
    ):
        raise bad_request("labels must be a list of objects with a labelName.")
    if not isinstance(properties.get("owner") or {}, dict):
        raise bad_request("owner must be an object.")
    for member in ("firstActivityTimeUtc", "lastActivityTimeUtc"):
        if properties.get(member) is not None:
            try:
                parse_time(str(properties[member]))
            except ValueError:
                raise bad_request(f"{member} is no time.") from None
    return properties


def merge_labels(kept: list[Json], wanted: list[Any]) -> list[Json]:
    """Labels by name, each once whatever its case; auto-assigned ones always stay."""
    found = {str(one["labelName"]).casefold(): one for one in kept}
    for label in wanted:
        name = str(label["labelName"])
        found.setdefault(name.casefold(), {"labelName": name, "labelType": "User"})
    return list(found.values())
