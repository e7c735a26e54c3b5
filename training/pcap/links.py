"""Link layers: from the first byte of a frame to the protocol that it carries."""

from .cursor import Cursor
from .dissection import Dissection, Endpoint
from .errors import ShortMessageError

# Link types of pcap (LINKTYPE_…) → the layer's name. Raw IP has no layer of its own.
LINK_TYPES = {
    0: "null",
    1: "ether",
    12: "rawip",
    14: "rawip",
    101: "rawip",
    108: "loop",
    113: "linux-sll",
    228: "rawip4",
    229: "rawip6",
    276: "linux-sll2",
}
ETHERNET, IPV4, IPV6, ARP = "ethernet", 0x0800, 0x86DD, 0x0806
_VLAN_TAGS = {0x8100: "vlan", 0x88A8: "ieee8021ad", 0x9100: "vlan"}
_MAX_TAGS = 4


def mac(address: bytes) -> str:
    """Return a hardware address as people write it."""
    return address.hex(":")


def enter_link(link_type: int, data: bytes, result: Dissection) -> tuple[int, int]:
    """Add the link layer to `result`; return the EtherType of what it carries and where.

    The EtherType is 0 where the link layer carries nothing that has one. Raises
    ShortMessageError.
    """
    if link_type == 1:
        return _ethernet(data, result)
    if link_type in {0, 108}:
        return _loopback(data, result, "big" if link_type == 108 else "little")
    if link_type == 113:
        return _cooked(data, result)
    if link_type == 276:
        return _cooked_2(data, result)
    if LINK_TYPES.get(link_type, "").startswith("rawip"):
        return _raw(data)
    return 0, 0


def _ethernet(data: bytes, result: Dissection) -> tuple[int, int]:
    cursor = Cursor(data)
    destination = mac(cursor.octets(6))
    source = mac(cursor.octets(6))
    cursor.note("Destination", destination, 0, 6)
    cursor.note("Source", source, 6, 6)
    kind = cursor.number(2, "Type or length", hexa=True)
    result.add("eth", 0, 14, cursor.fields)
    result.transport = ETHERNET
    result.source, result.destination = Endpoint(source), Endpoint(destination)
    return _through_tags(kind, cursor, result)


def _through_tags(kind: int, cursor: Cursor, result: Dissection) -> tuple[int, int]:
    """Step over VLAN tags and an LLC header."""
    for _ in range(_MAX_TAGS):
        if kind not in _VLAN_TAGS:
            break
        start = cursor.at
        tag = Cursor(cursor.data, start)
        control = tag.number(2)
        tag.note("VLAN", str(control & 0x0FFF), start, 2)
        tag.note("Priority", str(control >> 13), start, 2)
        name, kind = _VLAN_TAGS[kind], tag.number(2, "Type", hexa=True)
        result.add(name, start, 4, tag.fields)
        cursor.at = tag.at
    if kind >= 0x0600:
        return kind, cursor.at
    cursor.end = min(cursor.end, cursor.at + kind)
    return _logical_link(cursor, result)


def _logical_link(cursor: Cursor, result: Dissection) -> tuple[int, int]:
    """Read an IEEE 802.2 header: spanning tree, or a SNAP header with an EtherType."""
    start = cursor.at
    head = Cursor(cursor.data, start, cursor.end)
    target = head.number(1, "DSAP", hexa=True)
    head.number(1, "SSAP", hexa=True)
    head.number(1, "Control", hexa=True)
    if target == 0xAA and head.left >= 5:
        head.octets(3, "Organisation")
        kind = head.number(2, "Type", hexa=True)
        result.add("llc", start, head.at - start, head.fields)
        return kind, head.at
    result.add("llc", start, head.at - start, head.fields)
    if target == 0x42:
        result.add("stp", head.at, head.left)
    return 0, head.end


def _loopback(data: bytes, result: Dissection, order: str) -> tuple[int, int]:
    """Read the address family in front of a packet; each system has its own number for IPv6."""
    if len(data) < 4:
        raise ShortMessageError
    family = int.from_bytes(data[:4], "big" if order == "big" else "little")
    if family > 0xFFFF:  # written on a machine of the other byte order
        family = int.from_bytes(data[:4][::-1], "big" if order == "big" else "little")
    cursor = Cursor(data)
    cursor.note("Family", str(family), 0, 4)
    result.add("null", 0, 4, cursor.fields)
    if family == 2:
        return IPV4, 4
    return (IPV6, 4) if family in {10, 23, 24, 28, 30} else (0, 4)


def _cooked(data: bytes, result: Dissection) -> tuple[int, int]:
    """Read the Linux cooked header, version 1."""
    cursor = Cursor(data)
    cursor.number(2, "Packet type")
    cursor.number(2, "Link type")
    length = cursor.number(2)
    address = cursor.octets(8)
    cursor.note("Source", mac(address[: min(length, 8)]), 6, 8)
    kind = cursor.number(2, "Protocol", hexa=True)
    result.add("sll", 0, 16, cursor.fields)
    return _through_tags(kind, cursor, result) if kind in _VLAN_TAGS else (kind, 16)


def _cooked_2(data: bytes, result: Dissection) -> tuple[int, int]:
    """Read the Linux cooked header, version 2."""
    cursor = Cursor(data)
    kind = cursor.number(2, "Protocol", hexa=True)
    cursor.number(2)
    cursor.number(4, "Interface")
    cursor.number(2, "Link type")
    cursor.number(1, "Packet type")
    length = cursor.number(1)
    address = cursor.octets(8)
    cursor.note("Source", mac(address[: min(length, 8)]), 12, 8)
    result.add("sll", 0, 20, cursor.fields)
    return _through_tags(kind, cursor, result) if kind in _VLAN_TAGS else (kind, 20)


def _raw(data: bytes) -> tuple[int, int]:
    if not data:
        raise ShortMessageError
    return (IPV6 if data[0] >> 4 == 6 else IPV4), 0
