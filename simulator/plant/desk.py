"""What the analysts at the SOC desk had done with an incident by the end of a history."""

from typing import Any

from .casebook import chance_of_bits
from .fleet import guid
from .recipes import stamp

DAY_US = 86_400_000_000
_ANALYSTS = ("Jonas Brandt", "Marta Kowalczyk", "Tiago Nunes", "Elif Demir", "Henrik Sand")
_EXPECTED = ("BenignPositive", "SuspiciousButExpected")
_BAD_DATA = ("FalsePositive", "InaccurateData")
_BAD_LOGIC = ("FalsePositive", "IncorrectAlertLogic")
_OPEN_END = ("Undetermined", None)
_BAD_NEWS = ("TruePositive", "SuspiciousActivity")

# Per cent of closings, by what was really behind the incident.
_BENIGN = ((72, _EXPECTED), (86, _BAD_DATA), (91, _BAD_LOGIC), (100, _OPEN_END))
_STRAY = ((58, _BAD_NEWS), (76, _EXPECTED), (82, _BAD_DATA), (100, _OPEN_END))
_ATTACK = ((20, _BAD_NEWS), (78, _EXPECTED), (100, _OPEN_END))

_COMMENTS = {
    "BenignPositive": ("Known traffic, checked with the plant.", "Planned work.", ""),
    "FalsePositive": ("Inventory on the sensor is out of date.", "Noise.", ""),
    "Undetermined": ("No answer from the plant.", "", ""),
    "TruePositive": ("Host isolated by OT IT, ticket open.", "Handed to incident response.", ""),
}


def owner(which: int) -> dict[str, Any]:
    """One analyst, as the owner of an incident."""
    name = _ANALYSTS[which]
    mail = f"{name.lower().replace(' ', '.')}@soc.baltaqua.example"
    return {
        "objectId": guid("analyst", name),
        "email": mail,
        "assignedTo": name,
        "userPrincipalName": mail,
        "ownerType": "User",
    }


_OWNERS = tuple(owner(which) for which in range(len(_ANALYSTS)))


def analysts() -> tuple[dict[str, Any], ...]:
    """Everybody at the SOC desk, as owners of incidents."""
    return _OWNERS


def settle(
    properties: dict[str, Any], created_us: int, end_us: int, bits: int, *, kind: str
) -> int:
    """Let the desk work on an incident until `end_us`; says when it was touched last.

    `kind` is benign, stray or attack: the desk does not know it, but its mistakes depend on it.
    """
    age = end_us - created_us
    mood = chance_of_bits(bits, 40, 1000)
    closes = mood < (955 if age > 5 * DAY_US else 30 * age // DAY_US)
    touched = closes or mood > (985 if age > 5 * DAY_US else 700)
    if not touched:
        return created_us
    wait = 600_000_000 + chance_of_bits(bits, 20, 1000) ** 2 * 250_000
    touched_us = created_us + min(wait, age * 9 // 10)
    properties["owner"] = dict(_OWNERS[chance_of_bits(bits, 12, len(_OWNERS))])
    properties["status"] = "Active"
    properties["lastModifiedTimeUtc"] = stamp(touched_us)
    if closes:
        table = {"benign": _BENIGN, "stray": _STRAY, "attack": _ATTACK}[kind]
        draw = chance_of_bits(bits, 30, 100)
        classification, reason = next(how for limit, how in table if draw < limit)
        comments = _COMMENTS[classification]
        properties["status"] = "Closed"
        properties["classification"] = classification
        properties["classificationComment"] = comments[chance_of_bits(bits, 4, len(comments))]
        if reason:
            properties["classificationReason"] = reason
        if mood % 29 == 0:
            properties["labels"] = [{"labelName": "ot-asked", "labelType": "User"}]
    return touched_us
