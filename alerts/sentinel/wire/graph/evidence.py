"""Evidence of alerts as the entities that Sentinel would have sent for an incident."""

from collections.abc import Iterable
from typing import Final

import orjson

from alerts.sentinel.wire.graph.alerts import evidence_type, ip_address_of
from alerts.sentinel.wire.graph.values import bags_of, graph_text, name_for, texts_of
from alerts.sentinel.wire.records import Bag

_ID: Final = "/graph/entities/"
_COPIED: Final = (
    *("deviceId", "deviceName", "deviceType", "deviceSubType", "macAddress", "model"),
    *("serialNumber", "operatingSystem", "protocols", "owners", "purdueLayer", "sensor", "site"),
    *("zone", "source", "isAuthorized", "isProgramming", "isScanner"),
)


def entity_documents(alerts: Iterable[Bag]) -> Bag:
    """The answer that Sentinel would give to the question for entities. A class of evidence that is
    not known keeps its name, and all of it.
    """
    entities: dict[str, Bag] = {}
    for alert in alerts:
        for evidence in bags_of(alert.get("evidence")):
            for entity in _entities_of(evidence):
                entities.setdefault(entity["name"], entity)
    counts: dict[str, int] = {}
    for entity in entities.values():
        counts[entity["kind"]] = counts.get(entity["kind"], 0) + 1
    meta = [{"entityKind": kind, "count": n} for kind, n in counts.items()]
    return {"entities": list(entities.values()), "metaData": meta}


def _entities_of(evidence: Bag) -> Iterable[Bag]:
    match evidence_type(evidence):
        case "ioTDeviceEvidence":
            yield from _device(evidence)
        case "ipEvidence":
            yield from _address(evidence)
        case "networkConnectionEvidence":
            yield from _address(evidence.get("sourceAddress"))
            yield from _address(evidence.get("destinationAddress"))
        case "deviceEvidence":
            host = {
                "hostName": evidence.get("hostName") or evidence.get("deviceDnsName"),
                "azureID": evidence.get("azureAdDeviceId"),
                "osFamily": evidence.get("osPlatform"),
                "friendlyName": evidence.get("deviceDnsName") or evidence.get("hostName"),
            }
            yield _entity("Host", host, graph_text(host["friendlyName"]) or evidence)
        case kind:
            yield _entity(kind or "unknown", evidence, evidence)


def _device(evidence: Bag) -> Iterable[Bag]:
    properties = {name: evidence[name] for name in _COPIED if evidence.get(name) is not None}
    properties["vendor"] = evidence.get("manufacturer")
    properties["importance"] = graph_text(evidence.get("importance")).capitalize() or None
    properties["friendlyName"] = evidence.get("deviceName")
    for address in _address(evidence.get("ipAddress")):
        properties["ipAddressEntityId"] = address["id"]
        yield address
    nics = []
    for nic in bags_of(evidence.get("nics")):
        members: Bag = {"macAddress": nic.get("macAddress"), "vlans": texts_of(nic.get("vlans"))}
        for address in _address(nic.get("ipAddress")):
            members["ipAddressEntityId"] = address["id"]
            yield address
        entity = _entity("Nic", members, members)
        nics.append(entity["id"])
        yield entity
    properties["nicEntityIds"] = nics
    members = {name: value for name, value in properties.items() if value is not None}
    yield _entity("IoTDevice", members, graph_text(evidence.get("deviceId")) or members)


def _address(evidence: object) -> Iterable[Bag]:
    address = ip_address_of(evidence) if isinstance(evidence, dict) else ""
    if address:
        yield _entity("Ip", {"address": address, "friendlyName": address}, address)


def _entity(kind: str, properties: Bag, key: object) -> Bag:
    """An entity under a name of our own, the same for the same thing whenever it is asked for."""
    text = key if isinstance(key, str) else orjson.dumps(key, option=orjson.OPT_SORT_KEYS).decode()
    name = name_for("entity", kind, text)
    return {
        "id": _ID + name,
        "name": name,
        "kind": kind,
        "type": "Microsoft.SecurityInsights/Entities",
        "properties": properties,
    }
