"""What an alert of Graph shows as evidence: devices, addresses, and who spoke to whom.

Whether alerts of Defender for IoT come with all of it is documented nowhere, so it can be set:
`devices`, `addresses` alone, or `none`.
"""

import ipaddress
from typing import Any

Json = dict[str, Any]
Sides = tuple[str, str, int | None]
_NAMESPACE = "#microsoft.graph.security."


def evidence_of(
    alert: Json, entities: list[Json], *, created: str, how: str, sides: Sides | None
) -> list[Json]:
    """The evidence of an ARM alert, out of the entities of its incident."""
    if how == "none":
        return []
    writer = _Writer(entities, created)
    properties = alert.get("properties") or {}
    if properties.get("productName") == "Microsoft Defender for Endpoint":
        return [writer.host(str(properties.get("compromisedEntity") or ""))]
    source, destination, port = sides or _sides_in(properties)
    if not source and not destination:
        return writer.without_sides(how)
    found: list[Json] = []
    for address, role in ((source, "source"), (destination, "destination")):
        if not address:
            continue
        device = writer.device(address) if how == "devices" else None
        if device is not None:
            found.append(writer.iot(device, role))
        elif _is_ip(address):
            found.append(writer.ip(address, role))
    if how == "devices" and _is_ip(source) and _is_ip(destination):
        found.append(writer.connection(source, destination, port))
    return found


def _sides_in(properties: Json) -> Sides:
    bag = properties.get("additionalData") or {}
    port = str(bag.get("Port") or "")
    return (
        str(bag.get("SourceDeviceAddress") or ""),
        str(bag.get("DestinationDeviceAddress") or ""),
        int(port) if port.isdecimal() else None,
    )


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


class _Writer:
    """Writes evidence of one alert from the entities of its incident."""

    def __init__(self, entities: list[Json], created: str) -> None:
        self._created = created
        self._addresses = {
            entity.get("id"): str(entity["properties"].get("address"))
            for entity in entities
            if entity.get("kind") == "Ip"
        }
        self._devices = [entity for entity in entities if entity.get("kind") == "IoTDevice"]

    def device(self, address: str) -> Json | None:
        """The IoT device that has this address, or this MAC address."""
        for entity in self._devices:
            properties = entity["properties"]
            ip = self._addresses.get(properties.get("ipAddressEntityId"))
            if address in {ip, properties.get("macAddress"), properties.get("deviceName")}:
                return dict(properties)
        return None

    def without_sides(self, how: str) -> list[Json]:
        """The devices of the incident, or their addresses, where nothing shows who began."""
        if how == "devices":
            return [self.iot(dict(entity["properties"]), "") for entity in self._devices]
        return [self.ip(address) for address in self._addresses.values()]

    def _evidence(self, kind: str, role: str = "", **members: Any) -> Json:
        return {
            "@odata.type": _NAMESPACE + kind,
            "createdDateTime": self._created,
            "verdict": "unknown",
            "remediationStatus": "none",
            "remediationStatusDetails": None,
            "roles": [role] if role else [],
            "detailedRoles": [],
            "tags": [],
            **members,
        }

    def ip(self, address: str, role: str = "") -> Json:
        """A plain address."""
        return self._evidence(
            "ipEvidence",
            role,
            ipAddress=address,
            countryLetterCode=None,
            location=None,
            stream=None,
        )

    def host(self, name: str) -> Json:
        """A host of another product."""
        return self._evidence(
            "deviceEvidence",
            deviceDnsName=name,
            hostName=name,
            mdeDeviceId=None,
            azureAdDeviceId=None,
            lastIpAddress=None,
            ipInterfaces=[],
            osPlatform="Windows",
            rbacGroupName=None,
        )

    def connection(self, source: str, destination: str, port: int | None) -> Json:
        """Who spoke to whom."""
        return self._evidence(
            "networkConnectionEvidence",
            sourceAddress=self.ip(source),
            sourcePort=49152,
            destinationAddress=self.ip(destination),
            destinationPort=port,
            protocol="tcp",
        )

    def iot(self, device: Json, role: str) -> Json:
        """A device of the plant; its firmware is not among the members."""
        address = self._addresses.get(device.get("ipAddressEntityId"))
        mac = device.get("macAddress")
        return self._evidence(
            "ioTDeviceEvidence",
            role,
            deviceId=device.get("deviceId"),
            deviceName=device.get("deviceName"),
            deviceType=device.get("deviceType"),
            deviceSubType=device.get("deviceSubType"),
            devicePageLink=None,
            importance=str(device.get("importance") or "unknown").lower(),
            ioTHub=None,
            ioTSecurityAgentId=None,
            ipAddress=self.ip(address) if address else None,
            macAddress=mac,
            manufacturer=device.get("vendor"),
            model=device.get("model"),
            serialNumber=device.get("serialNumber"),
            operatingSystem=device.get("operatingSystem") or None,
            nics=[
                self._evidence(
                    "nicEvidence",
                    ipAddress=self.ip(address) if address else None,
                    macAddress=mac,
                    vlans=[],
                )
            ],
            protocols=list(device.get("protocols") or []),
            owners=list(device.get("owners") or []),
            purdueLayer=device.get("purdueLayer"),
            sensor=device.get("sensor"),
            site=device.get("site"),
            zone=device.get("zone"),
            source="Microsoft Defender for IoT",
            sourceRef=None,
            isAuthorized=device.get("isAuthorized"),
            isProgramming=device.get("isProgramming"),
            isScanner=device.get("isScanner"),
        )
