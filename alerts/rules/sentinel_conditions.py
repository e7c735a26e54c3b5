"""The condition parts of Sentinel automation rules that Tagout writes, and how they are counted."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from alerts.outbox.engine.labels import GATE_LABEL
from alerts.rules.fields import SEVERITIES

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
        "IncidentRelatedAnalyticRuleIds",
        "IncidentCustomDetailsKey",
        "IncidentCustomDetailsValue",
        "IncidentLabel NotContains",
    }
)
LABELS: Final = "IncidentLabel"
PLAIN_LABEL: Final = "IncidentLabel NotContains"
GATE_FORMS: Final = frozenset({LABELS, PLAIN_LABEL})  # one of them is enough
_NO_RULE: Final = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tagout/providers"
    "/Microsoft.OperationalInsights/workspaces/tagout/providers/Microsoft.SecurityInsights"
    "/alertRules/00000000-0000-0000-0000-000000000000"
)


def property_condition(name: str, values: Iterable[str], *, unless: bool = False) -> Json:
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


def no_gate(accepts: Collection[str] = (LABELS,)) -> Json:
    """No label is the gate's, in the collection form: true also where there are no labels. Where a
    workspace takes only the plain form, that: it holds as soon as one of several labels is not the
    gate's, but a new incident has no other label yet when our rules run.
    """
    if LABELS not in accepts and PLAIN_LABEL in accepts:
        return {
            "conditionType": "Property",
            "conditionProperties": {
                "propertyName": "IncidentLabel",
                "operator": "NotContains",
                "propertyValues": [GATE_LABEL],
            },
        }
    return _array(
        "IncidentLabels", "AllItems", property_condition(LABELS, [GATE_LABEL], unless=True)
    )


def detail_condition(name: str, values: Iterable[str]) -> Json:
    """The custom detail of this name has one of these values on some alert."""
    value = property_condition("IncidentCustomDetailsValue", values)
    return _array(
        "CustomDetails",
        "AnyItem",
        property_condition("IncidentCustomDetailsKey", [name]),
        _array("CustomDetailValues", "AnyItem", value),
    )


def no_detail_value(values: Iterable[str]) -> Json:
    """No custom detail has one of these values on any alert."""
    value = property_condition("IncidentCustomDetailsValue", values, unless=True)
    return _array("CustomDetailValues", "AllItems", value)


def _array(kind: str, which: str, *inner: Json) -> Json:
    return {
        "conditionType": "PropertyArray",
        "conditionProperties": {
            "arrayType": kind,
            "arrayConditionType": which,
            "itemConditions": list(inner),
        },
    }


def probing(name: str) -> Json:
    """The form in which we would use this property, with a value that is a word there."""
    match name:
        case "IncidentLabel":
            return no_gate()
        case "IncidentLabel NotContains":
            return no_gate((PLAIN_LABEL,))
        case "IncidentCustomDetailsKey":
            return detail_condition("Tagout probe", ["Tagout probe"])
        case "IncidentCustomDetailsValue":
            return no_detail_value(["Tagout probe"])
    words = {
        "IncidentSeverity": "Informational",
        "IncidentStatus": "New",
        "IncidentTactics": "InitialAccess",
        "IPAddress": "192.0.2.1",
        "IncidentRelatedAnalyticRuleIds": _NO_RULE,
    }
    return property_condition(name, [words.get(name, "Tagout probe")])


def every_incident() -> Json:
    """True for each incident; the gate's own rule needs it, because no condition is refused."""
    return property_condition("IncidentSeverity", SEVERITIES[1:])


def properties_of(conditions: Iterable[Json]) -> frozenset[str]:
    """Return the names of all properties that the conditions compare, inner ones included, as a
    probe names their forms.
    """
    found = set[str]()
    for part in conditions:
        inner = part["conditionProperties"]
        found |= properties_of(inner.get("itemConditions", ()))
        if name := inner.get("propertyName"):
            is_plain = name == LABELS and inner["operator"] == "NotContains"
            found.add(PLAIN_LABEL if is_plain else name)
    return frozenset(found)


def count_conditions(conditions: Iterable[Json]) -> int:
    """How many conditions Sentinel counts, inner ones included."""
    total = 0
    for part in conditions:
        properties = part["conditionProperties"]
        total += (
            1
            + count_conditions(properties.get("itemConditions", ()))
            + count_conditions(properties.get("innerConditions", ()))
        )
    return total
