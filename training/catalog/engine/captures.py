"""How many packets a capture holds, without reading into them."""

import struct

_PCAP = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\xa1\xb2\x3c\x4d": ">",
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_PACKET_BLOCKS = {2, 3, 6}  # obsolete, simple and enhanced packet block


def frame_count(data: bytes) -> int:
    """Return the number of packets in a PCAP or PCAPNG file. Raises ValueError if it is neither,
    or ends in the middle.
    """
    if (order := _PCAP.get(data[:4])) is not None:
        return _pcap_frames(data, order)
    if data[:4] == _PCAPNG:
        return _pcapng_frames(data)
    raise ValueError("it is neither PCAP nor PCAPNG")


def _pcap_frames(data: bytes, order: str) -> int:
    at, count = 24, 0
    while at < len(data):
        if at + 16 > len(data):
            raise ValueError("it ends in the middle of a packet")
        (length,) = struct.unpack_from(f"{order}I", data, at + 8)
        at += 16 + length
        count += 1
    if at != len(data):
        raise ValueError("it ends in the middle of a packet")
    return count


def _pcapng_frames(data: bytes) -> int:
    at, count, order = 0, 0, "<"
    while at < len(data):
        if at + 12 > len(data):
            raise ValueError("it ends in the middle of a block")
        if data[at : at + 4] == _PCAPNG:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack_from(f"{order}II", data, at)
        if length < 12 or at + length > len(data):
            raise ValueError("it ends in the middle of a block")
        count += kind in _PACKET_BLOCKS
        at += length
    return count
