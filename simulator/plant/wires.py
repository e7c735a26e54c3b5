"""On which protocol and port a sensor sees an alert."""

from .catalogue import AlertType
from .flows import Side

PORTS = {
    "BACnet": 47808,
    "Beckhoff AMS": 48898,
    "CIP": 44818,
    "CODESYS V3": 11740,
    "DNP3": 20000,
    "DNS": 53,
    "DNS/NetBIOS": 137,
    "EtherNet/IP": 44818,
    "FTP": 21,
    "HTTP": 80,
    "HTTPS": 443,
    "IEC 60870-5-104": 2404,
    "IEC 61850 MMS": 102,
    "MQTT": 8883,
    "Modbus/TCP": 502,
    "OPC UA": 4840,
    "RPC": 135,
    "SMB": 445,
    "SNMP": 161,
    "SQL (TDS/TNS)": 1433,
    "SSH": 22,
    "Siemens S7": 102,
    "Siemens S7-Plus": 102,
    "Telnet": 23,
}
"""What has no port runs below TCP and UDP: ARP, GOOSE, LLDP, PROFINET."""

_WSUS = ("HTTP", 8530)
_SEEN_IN_ALL = ("Address Scan", "Port Scan", "New Asset", "Illegal IP", "Multicast")
_SIGNED_IN_BY = {"database": "SQL (TDS/TNS)", "files": "SMB", "gateway": "SSH", "historian": "SMB"}
_PROGRAMMED_BY = {"plc-cip": "CIP", "skid": "CODESYS V3"}
_PROGRAMMING = ("PLC Program", "PLC Configuration")
_SIGNING_IN = ("Login Attempts", "Password Guessing")


def wire_of(
    kind: AlertType, source: Side, destination: Side, *, function: str, protocol: str
) -> tuple[str, int | None]:
    """Return the protocol and the port of an alert: what its type says, then its function where
    that is a protocol, then what the table says (`protocol`), then what its devices speak.
    """
    if protocol == "WSUS":
        return _WSUS
    found = kind.protocol or (function if function in PORTS else "") or protocol
    found = found or _spoken(kind.title, source, destination)
    return found, PORTS.get(found)


def _spoken(title: str, source: Side, destination: Side) -> str:
    device = destination.device or source.device
    if device is None or any(word in title for word in _SEEN_IN_ALL):
        return ""
    if any(word in title for word in _SIGNING_IN):
        return _SIGNED_IN_BY.get(device.role, device.protocols[0])
    if any(word in title for word in _PROGRAMMING):
        return _PROGRAMMED_BY.get(device.role, device.protocols[0])
    return device.protocols[0]
