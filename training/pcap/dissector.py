"""Takes frames apart, one after the other: link, network, transport, then the OT protocols."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from training.pcap.capture_file import CaptureFile, CaptureFrame
from training.pcap.cursor import ByteCursor, ConnectionState, Context
from training.pcap.messages import (
    ConversationEnd,
    Dissection,
    Limits,
    NotThisProtocolError,
    ShortMessageError,
)
from training.pcap.network import (
    ARP,
    IPV4,
    IPV6,
    LINK_TYPES,
    TCP,
    UDP,
    Fragments,
    Packet,
    enter_ipv4,
    enter_ipv6,
    enter_link,
)
from training.pcap.protocols import (
    bacnet,
    dnp3,
    enip,
    goose,
    iec104,
    it_protocols,
    modbus,
    opcua,
    profinet,
    s7comm,
)
from training.pcap.streams import Flows, Segment, TcpFlow, is_opening

Measure = Callable[[bytes, int], int]
Read = Callable[[bytes, int, int, Context], None]


@dataclass(frozen=True, slots=True)
class StreamProtocol:
    """A protocol on TCP: how long its messages are, and how they are read."""

    name: str
    measure: Measure
    read: Read


STREAMS = {
    modbus.PORT: StreamProtocol("Modbus", modbus.measure, modbus.read),
    s7comm.PORT: StreamProtocol("S7", s7comm.measure, s7comm.read),
    dnp3.PORT: StreamProtocol("DNP3", dnp3.measure, dnp3.read),
    enip.PORT: StreamProtocol("EtherNet/IP", enip.measure, enip.read),
    iec104.PORT: StreamProtocol("IEC 104", iec104.measure, iec104.read),
    opcua.PORT: StreamProtocol("OPC UA", opcua.measure, opcua.read),
}
DATAGRAMS: dict[int, tuple[str, Read]] = {
    bacnet.PORT: ("BACnet", bacnet.read),
    enip.PORT: ("EtherNet/IP", enip.read_datagram),
    2222: ("EtherNet/IP", enip.read_implicit),
    dnp3.PORT: ("DNP3", dnp3.read_datagram),
    it_protocols.NETBIOS_PORT: ("NetBIOS", it_protocols.read_netbios),
}
LAYER_2: dict[int, tuple[str, Read]] = {
    profinet.ETHERTYPE: ("PROFINET", profinet.read),
    goose.ETHERTYPE: ("GOOSE", goose.read),
}
# Protocols that are named and not opened.
_NAMED_DATAGRAMS = {53: "dns", 67: "dhcp", 68: "dhcp", 123: "ntp", 161: "snmp", 5353: "mdns"}
_NAMED_ETHERTYPES = {ARP: "arp", 0x88CC: "lldp", 0x88BA: "sv", 0x88A4: "ecatf"}
_NAMED_PACKETS = {1: "icmp", 2: "igmp", 58: "icmpv6"}
MALFORMED = "_ws.malformed"


class Dissector:
    """Remembers connections and fragments between frames; give it the frames in their order."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._fragments = Fragments(self.limits.fragments)
        self._flows = Flows(self.limits.flows, frozenset(STREAMS))
        self._memory = ConnectionState()

    def dissect(self, frame: CaptureFrame) -> Dissection:
        """Return the dissection of the frame. Never raises: what cannot be read is `problem`."""
        result = Dissection(frame.number, frame.time_ns, frame.wire_length)
        try:
            if frame.link_type in LINK_TYPES:
                self._link(frame, result)
        except ShortMessageError:
            self._mark(frame, result, "a header")
        return result

    def finish(self) -> Iterator[Dissection]:
        """Yield what waited for a segment that never came."""
        for flow in self._flows.all():
            for source, direction in flow.directions.items():
                for segment in direction.give_up():
                    late = Dissection(segment.number, segment.time_ns, 0, is_late=True)
                    destination = flow.server if source == flow.client else flow.client
                    late.transport = "tcp"
                    late.source, late.destination = (
                        ConversationEnd(*source),
                        ConversationEnd(*destination),
                    )
                    segment.start = None
                    self._read_segment(flow, source, segment, late, b"")
                    yield late

    def _link(self, frame: CaptureFrame, result: Dissection) -> None:
        kind, at = enter_link(frame.link_type, frame.data, result)
        if kind == IPV4:
            packet = enter_ipv4(frame.data, at, result, self._fragments)
        elif kind == IPV6:
            packet = enter_ipv6(frame.data, at, result, self._fragments)
        else:
            self._layer_2(kind, frame, at, result)
            return
        if packet is not None:
            self._transport(packet, frame, result)

    def _layer_2(self, kind: int, frame: CaptureFrame, at: int, result: Dissection) -> None:
        if kind in _NAMED_ETHERTYPES:
            result.add(_NAMED_ETHERTYPES[kind], at, len(frame.data) - at)
        elif kind in LAYER_2:
            name, read = LAYER_2[kind]
            self._try(name, read, (frame.data, at, len(frame.data)), Context(result), frame)
        elif kind and at < len(frame.data):
            result.add("data", at, len(frame.data) - at)

    def _transport(self, packet: Packet, frame: CaptureFrame, result: Dissection) -> None:
        if packet.protocol == TCP:
            self._tcp(packet, frame, result)
        elif packet.protocol == UDP:
            self._udp(packet, frame, result)
        elif packet.protocol in _NAMED_PACKETS:
            layer = result.add(
                _NAMED_PACKETS[packet.protocol], packet.begin, packet.end - packet.begin
            )
            layer.buffer = packet.data if packet.is_joined else None
        elif packet.begin < packet.end:
            result.add("data", packet.begin, packet.end - packet.begin)

    def _udp(self, packet: Packet, frame: CaptureFrame, result: Dissection) -> None:
        head = ByteCursor(packet.data, packet.begin, packet.end)
        source, destination = head.number(2, "Source port"), head.number(2, "Destination port")
        length = head.number(2, "Length")
        head.number(2)
        buffer = packet.data if packet.is_joined else None
        context = Context(result, buffer=buffer)
        context.layer("udp", head, packet.begin)
        end = min(packet.end, packet.begin + length) if length >= 8 else packet.end
        self._ports(result, "udp", source, destination)
        span = (packet.data, head.at, end)
        for port in (destination, source):
            if port in DATAGRAMS:
                name, read = DATAGRAMS[port]
                context.from_client = port == destination
                result.from_client = context.from_client
                context.state = self._memory
                self._try(name, read, span, context, frame)
                return
            if port in _NAMED_DATAGRAMS and head.at < end:
                context.layer(_NAMED_DATAGRAMS[port], ByteCursor(*span), head.at, end)
                return
        if head.at < end:
            name = "dns" if it_protocols.is_dns_query(*span) else "data"
            context.layer(name, ByteCursor(*span), head.at, end)

    def _ports(self, result: Dissection, transport: str, source: int, destination: int) -> None:
        assert result.source and result.destination
        result.transport = transport
        result.source = ConversationEnd(result.source.address, source)
        result.destination = ConversationEnd(result.destination.address, destination)

    def _tcp(self, packet: Packet, frame: CaptureFrame, result: Dissection) -> None:
        head = ByteCursor(packet.data, packet.begin, packet.end)
        ports = head.number(2, "Source port"), head.number(2, "Destination port")
        sequence = head.number(4, "Sequence")
        head.number(4, "Acknowledgment")
        size = (head.number(1) >> 4) * 4
        flags = head.number(1, "Flags", hexa=True)
        if size < 20 or packet.begin + size > packet.end:
            raise ShortMessageError
        head.at = packet.begin + size
        Context(result, buffer=packet.data if packet.is_joined else None).layer(
            "tcp", head, packet.begin
        )
        self._ports(result, "tcp", *ports)
        assert result.source and result.destination
        source = (result.source.address, ports[0])
        flow = self._flows.find(source, (result.destination.address, ports[1]), flags)
        result.from_client = source == flow.client
        direction = flow.directions[source]
        if is_opening(flags):
            direction.open(sequence)
            return
        start = None if packet.is_joined else head.at
        payload = packet.data[head.at : packet.end]
        arrived = Segment(frame.number, frame.time_ns, sequence, payload, start)
        for segment in direction.accept(arrived):
            if segment.number != frame.number:
                segment.start = None
            self._read_segment(flow, source, segment, result, frame.data)

    def _read_segment(
        self,
        flow: TcpFlow,
        source: tuple[str, int],
        segment: Segment,
        result: Dissection,
        frame: bytes,
    ) -> None:
        """Cut the bytes of one segment, behind what was pending, into messages."""
        protocol, direction = _protocol_of(flow), flow.directions[source]
        carried = len(direction.pending)
        view = bytes(direction.pending) + segment.payload
        direction.pending.clear()
        at = 0
        while at < len(view):
            try:
                length = protocol.measure(view, at) if protocol else -1
            except NotThisProtocolError:
                length = -1
            if length < 0 or length > self.limits.pending_bytes:
                self._rest_is_data(segment, at - carried, len(view) - at, result)
                return
            if not length or at + length > len(view):
                direction.pending += view[at:]
                return
            assert protocol
            context = Context(result, source == flow.client, self._memory, flow.serial)
            span = (view[at : at + length], 0, length)
            if at >= carried and segment.start is not None:
                start = segment.start + at - carried
                span = (frame, start, start + length)
            else:
                context.buffer = span[0]
            self._try(protocol.name, protocol.read, span, context, None)
            at += length

    def _rest_is_data(self, segment: Segment, at: int, length: int, result: Dissection) -> None:
        start = 0 if segment.start is None or at < 0 else segment.start + at
        result.add("data", start, length)

    def _try(
        self,
        name: str,
        read: Read,
        span: tuple[bytes, int, int],
        context: Context,
        frame: CaptureFrame | None,
    ) -> None:
        """Let a protocol read a message; whatever its bytes are, the frame survives."""
        try:
            read(*span, context)
        except ShortMessageError:
            self._mark(frame, context.result, f"the {name} message", span[1])
        except NotThisProtocolError:
            context.layer("data", ByteCursor(*span), span[1], span[2])

    def _mark(self, frame: CaptureFrame | None, result: Dissection, part: str, at: int = 0) -> None:
        """Note that something ends too early: the capture cut it, or the bytes are wrong."""
        is_cut = frame is not None and len(frame.data) < frame.wire_length
        result.add("_ws.short" if is_cut else MALFORMED, at, 0)
        result.problem = (
            f"Frame {result.number}: {part} at byte {at} ends before its fields do."
            if not is_cut
            else f"Frame {result.number}: the capture kept only its first {len(frame.data)} bytes."
            if frame
            else ""
        )


def _protocol_of(flow: TcpFlow) -> StreamProtocol | None:
    """The server's port decides; where no SYN shows who that is, either port may."""
    protocol = STREAMS.get(flow.server[1])
    if protocol is None and not flow.is_certain:
        protocol = STREAMS.get(flow.client[1])
    return protocol


def dissect_file(
    path: Path, limits: Limits | None = None
) -> Iterator[tuple[CaptureFrame, Dissection]]:
    """Yield the frames of a file with what they say. Raises CaptureError."""
    capture = CaptureFile(path, limits or Limits())
    dissector = Dissector(capture.limits)
    for frame in capture.frames():
        yield frame, dissector.dissect(frame)
