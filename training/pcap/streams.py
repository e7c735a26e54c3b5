"""TCP: bytes in their order, so that a message over several segments is read once."""

from collections import OrderedDict
from dataclasses import dataclass, field

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_WRAP = 1 << 32
_MAX_WAITING = 16  # segments that wait for one that is missing


def _distance(later: int, earlier: int) -> int:
    """Return later - earlier on the circle of sequence numbers: negative where it lies behind."""
    return ((later - earlier + _WRAP // 2) % _WRAP) - _WRAP // 2


@dataclass(slots=True)
class Segment:
    """The payload of one TCP segment and its position in its frame (None: joined fragments)."""

    number: int
    time_ns: int
    sequence: int
    payload: bytes
    start: int | None


@dataclass(slots=True)
class Direction:
    """The bytes that one end sends; `pending` are those of a message that is not whole yet."""

    expected: int | None = None
    pending: bytearray = field(default_factory=bytearray)
    waiting: list[Segment] = field(default_factory=list)

    def open(self, sequence: int) -> None:
        """Begin anew after a SYN."""
        self.expected = (sequence + 1) % _WRAP
        self.pending.clear()
        self.waiting.clear()

    def accept(self, segment: Segment) -> list[Segment]:
        """Return the segments that can be read now, in order and without what was read before."""
        if not segment.payload:
            return []
        if self.expected is None:
            self.expected = segment.sequence
        if _distance(segment.sequence, self.expected) > 0:
            self.waiting.append(segment)
            return self.give_up() if len(self.waiting) > _MAX_WAITING else []
        ready = self._advance(segment)
        while self.waiting and ready:
            self.waiting.sort(key=lambda later: _distance(later.sequence, self.expected or 0))
            if _distance(self.waiting[0].sequence, self.expected) > 0:
                break
            ready += self._advance(self.waiting.pop(0))
        return ready

    def give_up(self) -> list[Segment]:
        """Go on behind the gap: return what was waiting, after dropping the half of a message."""
        self.pending.clear()
        ready: list[Segment] = []
        segments, self.waiting = self.waiting, []
        segments.sort(key=lambda segment: _distance(segment.sequence, self.expected or 0))
        for segment in segments:
            if self.expected is None or _distance(segment.sequence, self.expected) > 0:
                self.expected = segment.sequence
            ready += self._advance(segment)
        return ready

    def _advance(self, segment: Segment) -> list[Segment]:
        """Cut off what was read before and move on."""
        repeated = -_distance(segment.sequence, self.expected or 0)
        if repeated >= len(segment.payload):
            return []
        if repeated > 0:
            segment.payload = segment.payload[repeated:]
            segment.sequence = (segment.sequence + repeated) % _WRAP
            segment.start = None if segment.start is None else segment.start + repeated
        self.expected = (segment.sequence + len(segment.payload)) % _WRAP
        return [segment]


@dataclass(slots=True)
class TcpFlow:
    """One TCP connection. Keys are (address, port); `server` follows from a SYN or a port."""

    client: tuple[str, int]
    server: tuple[str, int]
    is_certain: bool  # a SYN said who the server is
    directions: dict[tuple[str, int], Direction]
    serial: int  # tells this connection from all others of the capture


class Flows:
    """All TCP connections of a capture; the oldest is forgotten beyond `limit`."""

    def __init__(self, limit: int, service_ports: frozenset[int]) -> None:
        self._limit = limit
        self._service_ports = service_ports
        self._opened = 0
        self._by_ends: OrderedDict[frozenset[tuple[str, int]], TcpFlow] = OrderedDict()

    def find(self, source: tuple[str, int], destination: tuple[str, int], flags: int) -> TcpFlow:
        """Return the connection of a segment; a fresh SYN decides who is the client."""
        key = frozenset((source, destination))
        flow = self._by_ends.get(key)
        if flow is None:
            flow = self._new(source, destination)
            self._by_ends[key] = flow
            if len(self._by_ends) > self._limit:
                self._by_ends.popitem(last=False)
        else:
            self._by_ends.move_to_end(key)
        if flags & _SYN:
            is_answer = bool(flags & _ACK)
            flow.client, flow.server = (destination, source) if is_answer else (source, destination)
            flow.is_certain = True
        return flow

    def _new(self, source: tuple[str, int], destination: tuple[str, int]) -> TcpFlow:
        client, server = source, destination
        is_known = (source[1] in self._service_ports, destination[1] in self._service_ports)
        if is_known == (True, False) or (is_known[0] == is_known[1] and source[1] < destination[1]):
            client, server = destination, source
        self._opened += 1
        ends = {source: Direction(), destination: Direction()}
        return TcpFlow(client, server, False, ends, self._opened)

    def all(self) -> list[TcpFlow]:
        """Every connection that is still kept."""
        return list(self._by_ends.values())


def is_opening(flags: int) -> bool:
    """Whether a segment opens its direction."""
    return bool(flags & _SYN)
