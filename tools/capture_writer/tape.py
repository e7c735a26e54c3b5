"""Frames with right lengths and checksums: Ethernet, ARP, IPv4, UDP and TCP connections."""

import struct
import zlib
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from tools.capture_writer.hosts import Host, hardware_address

SECOND = 1_000_000_000
_SYN, _ACK, _PSH, _FIN, _RST = 0x02, 0x10, 0x08, 0x01, 0x04
_BROADCAST = "ff:ff:ff:ff:ff:ff"
_MTU = 1460


def internet_checksum(data: bytes) -> int:
    """Return the checksum of the internet protocols (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass
class Tape:
    """What a mirror port sees, in the order of time.

    `segments` are the beginnings of the subnets behind it. Who is elsewhere comes through the
    firewall: with its hardware address, and one hop less to live. Times are seconds from `began`.
    """

    began: int  # seconds since 1970
    segments: tuple[str, ...]
    router: Host
    vlan: int | None = None
    frames: list[tuple[int, int, bytes]] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    _identity: dict[str, int] = field(default_factory=dict)

    def put(self, at: float, source: str, target: str, kind: int, payload: bytes) -> None:
        """Add one Ethernet frame at a time in seconds."""
        tag = b"" if self.vlan is None else struct.pack(">HH", 0x8100, self.vlan)
        frame = (
            hardware_address(target)
            + hardware_address(source)
            + tag
            + struct.pack(">H", kind)
            + payload
        )
        time_ns = self.began * SECOND + round(at * 1e9) // 1000 * 1000
        self.frames.append((time_ns, len(self.frames), frame.ljust(60, b"\0")))

    def mark(self, label: str) -> None:
        """Name the frame that was added last; do nothing without a label."""
        if label:
            self.marks[label] = len(self.frames) - 1

    def marked_numbers(self) -> dict[str, int]:
        """Return each mark with the number of its frame, counted from 1."""
        numbers = {index: number for number, (_, index, _) in enumerate(sorted(self.frames), 1)}
        return {label: numbers[index] for label, index in self.marks.items()}

    def is_here(self, host: Host) -> bool:
        """Whether a host is in this segment."""
        return host.ip.startswith(self.segments)

    def mac_of(self, host: Host) -> str:
        """The hardware address under which a host's packets are seen here."""
        return host.mac if self.is_here(host) else self.router.mac

    def ip(self, at: float, source: Host, target: Host, protocol: int, payload: bytes) -> None:
        """Add an IPv4 packet."""
        identity = self._identity.get(source.ip, zlib.crc32(source.ip.encode()) & 0x3FFF)
        self._identity[source.ip] = identity + 1 & 0xFFFF
        ttl = source.ttl - (not self.is_here(source))
        ends = IPv4Address(source.ip).packed + IPv4Address(target.ip).packed
        head = struct.pack(
            ">BBHHHBBH", 0x45, 0, 20 + len(payload), identity, 0x4000, ttl, protocol, 0
        )
        head = head[:10] + struct.pack(">H", internet_checksum(head + ends)) + ends
        target_mac = _BROADCAST if target.ip.endswith(".255") else self.mac_of(target)
        self.put(at, self.mac_of(source), target_mac, 0x0800, head + payload)

    def udp(self, at: float, ends: tuple[Host, Host], ports: tuple[int, int], data: bytes) -> None:
        """Add a UDP datagram."""
        source, target = ends
        length = 8 + len(data)
        pseudo = IPv4Address(source.ip).packed + IPv4Address(target.ip).packed
        pseudo += struct.pack(">BBH", 0, 17, length)
        head = struct.pack(">HHHH", *ports, length, 0)
        value = internet_checksum(pseudo + head + data) or 0xFFFF
        self.ip(at, source, target, 17, head[:6] + struct.pack(">H", value) + data)

    def arp(self, at: float, source: Host, target: Host) -> None:
        """Add an ARP request; asking for one's own address announces it."""
        body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + hardware_address(source.mac)
        body += IPv4Address(source.ip).packed + bytes(6) + IPv4Address(target.ip).packed
        self.put(at, source.mac, _BROADCAST, 0x0806, body)

    def arp_answer(self, at: float, source: Host, target: Host) -> None:
        """Add an ARP reply."""
        body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + hardware_address(source.mac)
        body += IPv4Address(source.ip).packed + hardware_address(target.mac)
        self.put(at, source.mac, target.mac, 0x0806, body + IPv4Address(target.ip).packed)

    def pcap(self) -> bytes:
        """Return the frames as a pcap file with microseconds."""
        parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)]
        for time_ns, _, frame in sorted(self.frames):
            seconds, rest = divmod(time_ns, SECOND)
            parts.append(struct.pack("<IIII", seconds, rest // 1000, len(frame), len(frame)))
            parts.append(frame)
        return b"".join(parts)

    def pcapng(self) -> bytes:
        """Return the frames as a pcapng file with nanoseconds."""
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        interface = struct.pack("<HHIHHB3xHH", 1, 0, 262_144, 9, 1, 9, 0, 0)
        parts = [_block(0x0A0D0D0A, section), _block(1, interface)]
        for time_ns, index, frame in sorted(self.frames):
            stamp = time_ns + index * 37 % 1000  # a card that counts nanoseconds fills them
            head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
            parts.append(_block(6, head + frame + b"\0" * (-len(frame) % 4)))
        return b"".join(parts)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


@dataclass
class Tcp:
    """One TCP connection between a client and a server."""

    tape: Tape
    client: Host
    server: Host
    port: int  # the client's
    server_port: int
    sequence: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give both ends a first sequence number that is always the same."""
        for host in (self.client, self.server):
            seed = f"{host.ip} {self.port} {self.server_port}"
            self.sequence[host.name] = zlib.crc32(seed.encode())

    def segment(self, at: float, source: Host, flags: int, data: bytes = b"") -> None:
        """Add one segment."""
        target = self.server if source is self.client else self.client
        ports = (self.port, self.server_port)
        ports = ports if source is self.client else ports[::-1]
        options = struct.pack(">BBH", 2, 4, _MTU) if flags & _SYN else b""
        acknowledged = self.sequence[target.name] if flags & _ACK else 0
        size = (20 + len(options)) // 4 << 4
        head = struct.pack(
            ">HHIIBBHHH", *ports, self.sequence[source.name], acknowledged, size, flags, 8192, 0, 0
        )
        body = head + options + data
        pseudo = IPv4Address(source.ip).packed + IPv4Address(target.ip).packed
        pseudo += struct.pack(">BBH", 0, 6, len(body))
        body = body[:16] + struct.pack(">H", internet_checksum(pseudo + body)) + body[18:]
        self.tape.ip(at, source, target, 6, body)
        length = len(data) + bool(flags & (_SYN | _FIN))
        self.sequence[source.name] = self.sequence[source.name] + length & 0xFFFFFFFF

    def open(self, at: float) -> float:
        """Shake hands; return when that is done."""
        self.segment(at, self.client, _SYN)
        self.segment(at + 0.0004, self.server, _SYN | _ACK)
        self.segment(at + 0.0006, self.client, _ACK)
        return at + 0.001

    def send(self, at: float, source: Host, data: bytes) -> float:
        """Send a message, cut where it is longer than a segment; return when it is sent."""
        pieces = [data[start : start + _MTU] for start in range(0, len(data), _MTU)]
        for index, piece in enumerate(pieces):
            is_last = index == len(pieces) - 1
            self.segment(at, source, _ACK | (_PSH if is_last else 0), piece)
            at += 0.00012
        return at

    def acknowledge(self, at: float, source: Host) -> None:
        """Send an empty acknowledgment."""
        self.segment(at, source, _ACK)

    def close(self, at: float) -> None:
        """End the connection in an orderly way."""
        self.segment(at, self.client, _FIN | _ACK)
        self.segment(at + 0.0004, self.server, _FIN | _ACK)
        self.segment(at + 0.0006, self.client, _ACK)

    def reset(self, at: float, source: Host) -> None:
        """Break off."""
        self.segment(at, source, _RST | _ACK)


def write_file(path: Path, content: bytes | str) -> None:
    """Write a file where its content differs."""
    raw = content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != raw:
        path.write_bytes(raw)


def jitter(seed: str, number: int, spread: float) -> float:
    """Return a small delay that looks accidental and is always the same, in seconds."""
    return (zlib.crc32(f"{seed} {number}".encode()) % 1000) / 1000 * spread
