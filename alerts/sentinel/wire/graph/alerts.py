"""Alerts as Graph sends them (alerts_v2), put into Sentinel's own words."""

import re
from typing import Any, Final

import orjson

from alerts.sentinel.wire.alerts import RULE_IDS, RULE_PREFIX
from alerts.sentinel.wire.graph.values import (
    SENTINEL_ALERT_STATUS,
    SENTINEL_SEVERITY,
    bags_of,
    graph_text,
    texts_of,
)
from alerts.sentinel.wire.records import Bag

_PREFIXED_GUID: Final = re.compile(
    r"[a-z]{2}(?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE
)
_EVIDENCE: Final = "#microsoft.graph.security."
_D4IOT_SOURCE: Final = "microsoftdefenderforiot"
_SENTINEL: Final = "microsoftsentinel"
_CUSTOM_DETAILS: Final = ("customdetails", "custom details")


def is_from_d4iot(alert: Bag) -> bool:
    """Whether Defender for IoT raised it, itself or through an analytics rule. Graph has no service
    of that name: the title, the source, the product or a device of the plant shows it.
    """
    return (
        graph_text(alert.get("title")).startswith(RULE_PREFIX)
        or graph_text(alert.get("detectionSource")).casefold() == _D4IOT_SOURCE
        or "iot" in graph_text(alert.get("productName")).casefold()
        or any(
            evidence_type(part) == "ioTDeviceEvidence" for part in bags_of(alert.get("evidence"))
        )
    )


def evidence_type(evidence: Bag) -> str:
    """The class of a piece of evidence, without its namespace."""
    return graph_text(evidence.get("@odata.type")).removeprefix(_EVIDENCE)


def alert_document(alert: Bag, *, product: str) -> Bag:
    """The alert as Sentinel would have sent it, with all of Graph's under `graph`."""
    alert_id = graph_text(alert.get("id"))
    prefixed = _PREFIXED_GUID.fullmatch(alert_id)
    system_id = prefixed["guid"] if prefixed else alert_id
    provider_id = graph_text(alert.get("providerAlertId"))
    recommended = graph_text(alert.get("recommendedActions"))
    category = graph_text(alert.get("category"))
    properties: Bag = {
        "systemAlertId": system_id,
        # The same id once more says nothing, and would stand for the product's own.
        "providerAlertId": provider_id if provider_id.casefold() != system_id.casefold() else None,
        "alertDisplayName": alert.get("title"),
        "description": alert.get("description"),
        "severity": _word(alert.get("severity"), SENTINEL_SEVERITY),
        "status": _word(alert.get("status"), SENTINEL_ALERT_STATUS),
        "productName": product,
        "vendorName": "Microsoft",
        "providerName": alert.get("serviceSource"),
        "alertLink": alert.get("alertWebUrl"),
        "startTimeUtc": alert.get("firstActivityDateTime"),
        "endTimeUtc": alert.get("lastActivityDateTime"),
        "timeGenerated": alert.get("createdDateTime"),
        "processingEndTime": alert.get("lastUpdateDateTime"),
        "tactics": [category] if category else [],
        "techniques": texts_of(alert.get("mitreTechniques")),
        "remediationSteps": [recommended] if recommended else [],
        "additionalData": _bag_of(alert),
    }
    return {
        "name": system_id,
        "kind": "SecurityAlert",
        "type": "Microsoft.SecurityInsights/Entities",
        "properties": {name: value for name, value in properties.items() if value is not None},
        "graph": alert,
    }


def _word(value: Any, words: dict[str, str]) -> Any:
    return words.get(graph_text(value).casefold(), value)


def _bag_of(alert: Bag) -> Bag:
    """What Sentinel has in its bag of strings: what the source added, what a rule carried over, and
    which way the traffic went, where only the evidence has that.
    """
    more = alert.get("additionalData")
    members = more.items() if isinstance(more, dict) else ()
    bag = {name: value for name, value in members if value is not None}
    details: Bag = {}
    for name in [name for name in bag if name.casefold() in _CUSTOM_DETAILS]:
        details |= _details_of(bag.pop(name))
    details |= _details_of(alert.get("customDetails"))
    ends = _ends_of(bags_of(alert.get("evidence")))
    named = {name.replace(" ", "").casefold() for name in (*bag, *details)}
    bag |= {name: value for name, value in ends.items() if name.casefold() not in named}
    if graph_text(alert.get("serviceSource")).casefold() == _SENTINEL:  # else a detector of its own
        bag[RULE_IDS] = [graph_text(alert.get("detectorId"))]
    if details:
        bag["CustomDetails"] = orjson.dumps(details).decode()
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in bag.items()
    }


def _details_of(value: Any) -> Bag:
    """Custom details: lists of texts by name, each perhaps as JSON in a text, or all of them so."""
    value = _parsed(value)
    if not isinstance(value, dict):
        return {}
    details: Bag = {}
    for name, text in value.items():
        member = _parsed(text)
        if member is not None:
            details[name] = member if isinstance(member, list) else [member]
    return details


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _ends_of(evidence: list[Bag]) -> dict[str, str]:
    """Source and destination, by a connection or by the roles of devices and addresses."""
    ends: dict[str, str] = {}
    for part in evidence:
        kind = evidence_type(part)
        if kind == "networkConnectionEvidence":
            for end in ("source", "destination"):
                address = part.get(f"{end}Address")
                _add(
                    ends,
                    end,
                    "Address",
                    ip_address_of(address if isinstance(address, dict) else {}),
                )
            continue
        for end in {role.casefold() for role in texts_of(part.get("roles"))} & {
            "source",
            "destination",
        }:
            if kind == "ioTDeviceEvidence":
                nested = part.get("ipAddress")
                _add(ends, end, "", graph_text(part.get("deviceName")))
                _add(
                    ends, end, "Address", ip_address_of(nested if isinstance(nested, dict) else {})
                )
            elif kind == "ipEvidence":
                _add(ends, end, "Address", ip_address_of(part))
    return ends


def _add(ends: dict[str, str], end: str, what: str, value: str) -> None:
    if value:
        ends.setdefault(f"{end.capitalize()}Device{what}", value)


def ip_address_of(evidence: Bag) -> str:
    """The address that an ipEvidence names."""
    return graph_text(evidence.get("ipAddress"))
