"""What a capture contains: protocols, conversations, OT operations and what is wrong with it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from training.pcap.capture_file import CaptureFile, CaptureFrame
from training.pcap.dissector import MALFORMED, Dissector
from training.pcap.messages import Dissection, ExchangeSide, Limits, Message, OperationKind
from training.pcap.network import LINK_TYPES

_LISTED_HOSTS = 20
_MAX_HOSTS = 50_000
_MAX_KEYS = 2_000
_MAX_PROBLEMS = 20
_COUNTERS = {
    OperationKind.WRITE: "writes",
    OperationKind.STOP: "stops",
    OperationKind.START: "starts",
    OperationKind.PROGRAM: "downloads",
    OperationKind.UPLOAD: "uploads",
    OperationKind.RESTART: "restarts",
}


@dataclass(slots=True)
class OperationCount:
    """How often one operation was asked for, answered and refused.

    `count` are requests, and messages that nobody asked for; an operation of which only the answer
    was captured has a count of 0.
    """

    protocol: str
    code: str
    name: str
    kind: OperationKind
    count: int = 0
    responses: int = 0
    errors: int = 0


@dataclass(slots=True)
class Conversation:
    """The traffic between two ends; of IP and Ethernet where there is no port."""

    transport: str
    client: str
    client_port: int | None
    server: str
    server_port: int | None
    protocols: set[str] = field(default_factory=set)
    frames: int = 0
    bytes: int = 0
    first_ns: int = 0
    last_ns: int = 0
    operations: int = 0
    writes: int = 0
    downloads: int = 0
    stops: int = 0
    starts: int = 0
    uploads: int = 0
    restarts: int = 0

    def add(self, result: Dissection) -> None:
        """Count one frame, or the late part of one."""
        if not result.is_late:
            self.frames += 1
            self.bytes += result.wire_length
            self.last_ns = result.time_ns
        for message in result.messages:
            self.protocols.add(message.protocol)
            if message.role is ExchangeSide.RESPONSE or not message.is_first:
                continue
            self.operations += 1
            if message.kind in _COUNTERS:
                name = _COUNTERS[message.kind]
                setattr(self, name, getattr(self, name) + 1)


@dataclass(slots=True)
class CaptureSummary:
    """The contents of one capture. `problems` are sentences with a place each."""

    format: str = ""
    packets: int = 0
    link_type: str = ""
    first_ns: int = 0
    last_ns: int = 0
    protocol_frames: Counter[str] = field(default_factory=Counter)
    hosts: set[str] = field(default_factory=set)
    decoded: dict[str, Counter[str]] = field(default_factory=dict)
    operations: dict[tuple[str, str, str], OperationCount] = field(default_factory=dict)
    conversations: dict[object, Conversation] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _full: set[str] = field(default_factory=set)

    @property
    def malformed(self) -> int:
        """How many frames hold a malformed message."""
        return self.protocol_frames[MALFORMED]

    def add(self, result: Dissection, limits: Limits) -> None:
        """Count one frame."""
        if not result.is_late:
            self.packets += 1
            self.first_ns = self.first_ns if self.packets > 1 else result.time_ns
            self.last_ns = max(self.last_ns, result.time_ns)
        names = result.names
        if "cotp.segments" in names:
            names.discard("s7comm")  # the ground truth counts a joined message once, as segments
        self.protocol_frames.update(names)
        if result.problem and len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(result.problem)
        if result.source and result.destination:
            if names & {"ip", "ipv6"} and len(self.hosts) < _MAX_HOSTS:
                self.hosts |= {result.source.address, result.destination.address}
            self._converse(result, limits)
        for message in result.messages:
            self._count_codes(message.counters)
            self._count(message, limits, result)
        self._count_codes(result.counters)

    def _converse(self, result: Dissection, limits: Limits) -> None:
        assert result.source and result.destination
        key = (result.transport, frozenset((result.source, result.destination)))
        conversation = self.conversations.get(key)
        if conversation is None:
            if len(self.conversations) >= limits.conversations:
                self._stop_listing("conversations", limits.conversations, result)
                return
            ends = (result.source, result.destination)
            client, server = ends if result.from_client else ends[::-1]
            conversation = Conversation(
                result.transport,
                client.address,
                client.port,
                server.address,
                server.port,
                first_ns=result.time_ns,
                last_ns=result.time_ns,
            )
            self.conversations[key] = conversation
        conversation.add(result)

    def _stop_listing(self, name: str, limit: int, result: Dissection) -> None:
        """Note once that a list is full; what comes later is in the counts by protocol only."""
        if name not in self._full:
            self._full.add(name)
            self.problems.insert(
                0,
                f"Only the first {limit} {name} are listed; the next begins in frame "
                f"{result.number}.",
            )

    def _count(self, message: Message, limits: Limits, result: Dissection) -> None:
        key = (message.protocol, message.code, message.name)
        row = self.operations.get(key)
        if row is None:
            if len(self.operations) >= limits.operations:
                self._stop_listing("operations", limits.operations, result)
                return
            row = OperationCount(message.protocol, message.code, message.name, message.kind)
            self.operations[key] = row
        if message.role is ExchangeSide.RESPONSE:
            row.responses += 1
        else:
            row.count += 1
        row.errors += bool(message.error)

    def _count_codes(self, counters: Iterable[tuple[str, str]]) -> None:
        for member, key in counters:
            counter = self.decoded.setdefault(member, Counter())
            if key in counter or len(counter) < _MAX_KEYS:
                counter[key] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the document of `capture summary --json`."""
        return {
            "format": self.format,
            "packets": self.packets,
            "duration_s": round((self.last_ns - self.first_ns) / 1e9, 6),
            "started_at": captured_at(self.first_ns) if self.packets else None,
            "link_type": self.link_type,
            "protocol_frames": dict(self.protocol_frames.most_common()),
            "ip_hosts": sorted(self.hosts)[:_LISTED_HOSTS],
            "ip_host_count": len(self.hosts),
            "decoded": {
                member: dict(codes.most_common()) for member, codes in self.decoded.items()
            },
            "conversations": [_conversation_row(row) for row in self.conversations.values()],
            "operations": [asdict(row) for row in self.operations.values()],
            "malformed": self.malformed,
            "problems": self.problems,
        }


def _conversation_row(row: Conversation) -> dict[str, Any]:
    fields = asdict(row)
    first, last = fields.pop("first_ns"), fields.pop("last_ns")
    return fields | {
        "protocols": sorted(row.protocols),
        "started_at": captured_at(first),
        "duration_s": round((last - first) / 1e9, 6),
    }


def captured_at(time_ns: int) -> datetime | None:
    """Return a frame's time, or None where the file gives one that no calendar has."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)
    except OverflowError:
        return None


type FrameListener = Callable[[CaptureFrame | None, Dissection], None]
"""Takes each frame with what it says while a capture is summarized; None for late layers."""


def summarize(
    path: Path, limits: Limits | None = None, listener: FrameListener | None = None
) -> CaptureSummary:
    """Read a capture and count what is in it. Raises CaptureError where it cannot be read."""
    capture = CaptureFile(path, limits or Limits())
    dissector, summary = Dissector(capture.limits), CaptureSummary()
    for frame in capture.frames():
        result = dissector.dissect(frame)
        summary.add(result, capture.limits)
        if listener:
            listener(frame, result)
    for late in dissector.finish():
        summary.add(late, capture.limits)
        if listener:
            listener(None, late)
    summary.format = capture.format
    names = [LINK_TYPES.get(number, f"unknown ({number})") for number in capture.link_types]
    summary.link_type = names[0] if len(names) == 1 else "per-packet" if names else "unknown"
    summary.problems[:0] = capture.problems  # what ended the reading comes first
    return summary
