"""The condition parts of Sentinel automation rules that Tagout writes, and how they are counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from alerts.outbox.engine.labels import GATE_LABEL
from alerts.suppression.engine.fields import SEVERITIES

type Json = dict[str, Any]

PRODUCTS: Final = ("Azure Security Center for IoT", "Microsoft Defender for IoT")
OTHER_PRODUCTS: Final = (
    "Azure Active Directory Identity Protection",
    "Azure Advanced Threat Protection",
    "Microsoft 365 Defender",
    "Microsoft Cloud App Security",
    "Microsoft Defender Advanced Threat Protection",
    "Microsoft Defender XDR",
    "Microsoft Defender for Cloud",
    "Microsoft Defender for Cloud Apps",
    "Microsoft Defender for Endpoint",
    "Microsoft Defender for Identity",
    "Microsoft Defender for Office 365",
    "Microsoft Entra ID Protection",
    "Office 365 Advanced Threat Protection",
)
TITLE_PREFIX: Final = "(MDIoT) "
MAX_CONDITIONS, MAX_NAME_LENGTH = 50, 500
PROBED: Final = frozenset(
    {
        "IncidentTitle",
        "AlertProductNames",
        "IncidentAlertTitle",
        "IoTDeviceName",
        "IPAddress",
        "IncidentTactics",
        "IncidentSeverity",
        "IncidentStatus",
        "IncidentLabel",
    }
)


def condition(name: str, values: Iterable[str], *, unless: bool = False) -> Json:
    """One property: some value equals one of these or, with `unless`, none does."""
    texts = sorted(set(values))
    if name not in PROBED or not texts:
        raise ValueError(f"no condition can be made of {name} and {len(texts)} values")
    return {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": name,
            "operator": "NotEquals" if unless else "Equals",
            "propertyValues": texts,
        },
    }


def titles(alert_types: Iterable[str]) -> list[str]:
    """Each title as the connector and as the analytics rules of the solution write it."""
    return [text for title in alert_types for text in (title, TITLE_PREFIX + title)]


def no_gate() -> Json:
    """No label is the gate's, in the collection form: true also where there are no labels."""
    return {
        "conditionType": "PropertyArray",
        "conditionProperties": {
            "arrayType": "IncidentLabels",
            "arrayConditionType": "AllItems",
            "itemConditions": [condition("IncidentLabel", [GATE_LABEL], unless=True)],
        },
    }


def probing(name: str) -> Json:
    """The form in which we would use this property, with a value that is a word there."""
    if name == "IncidentLabel":
        return no_gate()
    words = {
        "IncidentSeverity": "Informational",
        "IncidentStatus": "New",
        "IncidentTactics": "InitialAccess",
        "IPAddress": "192.0.2.1",
    }
    return condition(name, [words.get(name, "Tagout probe")])


def every_incident() -> Json:
    """True for each incident; the gate's own rule needs it, because no condition is refused."""
    return condition("IncidentSeverity", SEVERITIES[1:])


def properties_of(conditions: Iterable[Json]) -> frozenset[str]:
    """Return the names of all properties that the conditions compare, inner ones included."""
    found = set[str]()
    for part in conditions:
        inner = part["conditionProperties"]
        found |= properties_of(inner.get("itemConditions", ()))
        if name := inner.get("propertyName"):
            found.add(name)
    return frozenset(found)


def count(conditions: Iterable[Json]) -> int:
    """How many conditions Sentinel counts, inner ones included."""
    total = 0
    for part in conditions:
        properties = part["conditionProperties"]
        total += (
            1
            + count(properties.get("itemConditions", ()))
            + count(properties.get("innerConditions", ()))
        )
    return total
