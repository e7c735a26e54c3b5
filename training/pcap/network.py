"""Link layers and IP: from the first byte of a frame to its transport, fragments put together
again.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field

from training.pcap.cursor import ByteCursor
from training.pcap.messages import ConversationEnd, Dissection, ShortMessageError

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
    cursor = ByteCursor(data)
    destination = mac(cursor.octets(6))
    source = mac(cursor.octets(6))
    cursor.note("Destination", destination, 0, 6)
    cursor.note("Source", source, 6, 6)
    kind = cursor.number(2, "Type or length", hexa=True)
    result.add("eth", 0, 14, cursor.fields)
    result.transport = ETHERNET
    result.source, result.destination = ConversationEnd(source), ConversationEnd(destination)
    return _through_tags(kind, cursor, result)


def _through_tags(kind: int, cursor: ByteCursor, result: Dissection) -> tuple[int, int]:
    """Step over VLAN tags and an LLC header."""
    for _ in range(_MAX_TAGS):
        if kind not in _VLAN_TAGS:
            break
        start = cursor.at
        tag = ByteCursor(cursor.data, start)
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


def _logical_link(cursor: ByteCursor, result: Dissection) -> tuple[int, int]:
    """Read an IEEE 802.2 header: spanning tree, or a SNAP header with an EtherType."""
    start = cursor.at
    head = ByteCursor(cursor.data, start, cursor.end)
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
    cursor = ByteCursor(data)
    cursor.note("Family", str(family), 0, 4)
    result.add("null", 0, 4, cursor.fields)
    if family == 2:
        return IPV4, 4
    return (IPV6, 4) if family in {10, 23, 24, 28, 30} else (0, 4)


def _cooked(data: bytes, result: Dissection) -> tuple[int, int]:
    """Read the Linux cooked header, version 1."""
    cursor = ByteCursor(data)
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
    cursor = ByteCursor(data)
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


TCP, UDP = 6, 17
_NEXT_HEADERS = {0: "ipv6.hopopts", 43: "ipv6.routing", 60: "ipv6.dstopts"}
_MAX_EXTENSIONS = 8
_MAX_DATAGRAM = 65_535
_MAX_PIECES = 256


@dataclass(slots=True)
class Packet:
    """What an IP packet carries: the protocol's number and its bytes.

    `start` is where `data[begin:end]` is in the frame, or None where fragments were joined.
    """

    protocol: int
    data: bytes
    begin: int
    end: int
    is_joined: bool = False


@dataclass(slots=True)
class _Pieces:
    by_offset: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    total: int | None = None


class Fragments:
    """Keeps fragments until their datagram is whole; at most `limit` datagrams at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[tuple[object, ...], _Pieces] = OrderedDict()

    def join(self, key: tuple[object, ...], offset: int, piece: bytes, more: bool) -> bytes | None:
        """Add a fragment; return the whole payload once all of it is there."""
        pieces = self._waiting.setdefault(key, _Pieces())
        if offset not in pieces.by_offset:
            pieces.by_offset[offset] = piece
            pieces.size += len(piece)
        if not more:
            pieces.total = offset + len(piece)
        is_too_big = pieces.size > _MAX_DATAGRAM or offset + len(piece) > _MAX_DATAGRAM
        if is_too_big or len(pieces.by_offset) > _MAX_PIECES:
            del self._waiting[key]
            return None
        whole = _whole(pieces)
        if whole is not None:
            del self._waiting[key]
        while len(self._waiting) > self._limit:
            self._waiting.popitem(last=False)
        return whole


def _whole(pieces: _Pieces) -> bytes | None:
    """Return the payload if the pieces cover it without a gap; overlaps keep what came first."""
    if pieces.total is None or pieces.size < pieces.total:
        return None
    payload = b""
    for offset in sorted(pieces.by_offset):
        if offset > len(payload):
            return None
        payload += pieces.by_offset[offset][len(payload) - offset :]
    return payload[: pieces.total] if len(payload) >= pieces.total else None


def enter_ipv4(data: bytes, start: int, result: Dissection, fragments: Fragments) -> Packet | None:
    """Add the IPv4 layer; return what it carries, or None where that is incomplete."""
    cursor = ByteCursor(data, start)
    first = cursor.number(1)
    size = (first & 0x0F) * 4
    if first >> 4 != 4 or size < 20:
        raise ShortMessageError
    cursor.number(1)
    total = cursor.number(2, "Total length")
    identity = cursor.number(2, "Identification", hexa=True)
    flags = cursor.number(2)
    cursor.number(1, "Time to live")
    protocol = cursor.number(1, "Protocol")
    cursor.number(2)
    source, destination = cursor.ipv4("Source"), cursor.ipv4("Destination")
    cursor.take(size - 20)
    result.add("ip", start, size, cursor.fields)
    _name_ends(result, source, destination)
    # A length of zero is what a card with segmentation offload leaves behind.
    end = min(start + total, len(data)) if total >= size else len(data)
    offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
    if not offset and not more:
        return Packet(protocol, data, start + size, end)
    key = (source, destination, protocol, identity)
    whole = fragments.join(key, offset, data[start + size : end], more)
    return None if whole is None else Packet(protocol, whole, 0, len(whole), is_joined=True)


def enter_ipv6(data: bytes, start: int, result: Dissection, fragments: Fragments) -> Packet | None:
    """Add the IPv6 layer and its extension headers; return what it carries."""
    cursor = ByteCursor(data, start)
    if cursor.number(4) >> 28 != 6:
        raise ShortMessageError
    length = cursor.number(2, "Payload length")
    protocol = cursor.number(1, "Next header")
    cursor.number(1, "Hop limit")
    source = str(ipaddress.IPv6Address(cursor.take(16)))
    destination = str(ipaddress.IPv6Address(cursor.take(16)))
    cursor.note("Source", source, start + 8, 16)
    cursor.note("Destination", destination, start + 24, 16)
    result.add("ipv6", start, 40, cursor.fields)
    _name_ends(result, source, destination)
    end = min(start + 40 + length, len(data)) if length else len(data)
    cursor = ByteCursor(data, cursor.at, end)
    for _ in range(_MAX_EXTENSIONS):
        if protocol in _NEXT_HEADERS:
            at, name = cursor.at, _NEXT_HEADERS[protocol]
            protocol, units = cursor.number(1), cursor.number(1)
            cursor.take(units * 8 + 6)
            result.add(name, at, cursor.at - at)
        elif protocol == 44:
            at = cursor.at
            protocol = cursor.number(1)
            cursor.number(1)
            control, identity = cursor.number(2), cursor.number(4)
            result.add("ipv6.fraghdr", at, 8)
            key = (source, destination, identity)
            piece = data[cursor.at : end]
            whole = fragments.join(key, control & 0xFFF8, piece, bool(control & 1))
            return None if whole is None else Packet(protocol, whole, 0, len(whole), True)
        else:
            break
    return Packet(protocol, data, cursor.at, end)


def _name_ends(result: Dissection, source: str, destination: str) -> None:
    result.transport = "ip"
    result.source, result.destination = ConversationEnd(source), ConversationEnd(destination)
