"""IPv4 and IPv6: headers, addresses and fragments put together again."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field

from .cursor import Cursor
from .dissection import Dissection, Endpoint
from .errors import ShortMessageError

TCP, UDP = 6, 17
_NEXT_HEADERS = {0: "ipv6.hopopts", 43: "ipv6.routing", 60: "ipv6.dstopts"}
_MAX_EXTENSIONS = 8
_MAX_DATAGRAM = 65_535
_MAX_PIECES = 256


@dataclass(slots=True)
class Packet:
    """What an IP packet carries: the protocol's number and its bytes.

    `start` is where `data[begin:end]` stands in the frame, or None where fragments were joined.
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
    cursor = Cursor(data, start)
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
    cursor = Cursor(data, start)
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
    cursor = Cursor(data, cursor.at, end)
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
    result.source, result.destination = Endpoint(source), Endpoint(destination)
