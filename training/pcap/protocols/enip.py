"""EtherNet/IP: the encapsulation of CIP on port 44818, and its implicit messages on UDP 2222."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import ExchangeSide, NotThisProtocolError, OperationKind
from training.pcap.protocols import cip

PORT = 44818
COMMANDS: dict[int, tuple[str, OperationKind]] = {
    0x00: ("NOP", OperationKind.SESSION),
    0x04: ("List services", OperationKind.DISCOVERY),
    0x63: ("List identity", OperationKind.DISCOVERY),
    0x64: ("List interfaces", OperationKind.DISCOVERY),
    0x65: ("Register session", OperationKind.SESSION),
    0x66: ("Unregister session", OperationKind.SESSION),
    0x6F: ("Send RR data", OperationKind.OTHER),
    0x70: ("Send unit data", OperationKind.OTHER),
    0x72: ("Indicate status", OperationKind.OTHER),
    0x73: ("Cancel", OperationKind.OTHER),
}
_CARRIES_CIP = {0x6F, 0x70}
_CONNECTED, _UNCONNECTED = 0xB1, 0xB2
_MAX_ITEMS = 16


def measure(data: bytes | bytearray, start: int) -> int:
    """Return the length of the encapsulation header and what it carries."""
    if len(data) - start < 4:
        return 0
    command = data[start] | data[start + 1] << 8
    if command not in COMMANDS:
        raise NotThisProtocolError
    return 24 + (data[start + 2] | data[start + 3] << 8)


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one encapsulated message and the CIP inside."""
    head = ByteCursor(data, start, end, "little")
    begin = head.at
    command = head.number(2)
    name, kind = COMMANDS.get(command, (f"Command 0x{command:04x}", OperationKind.OTHER))
    head.note("Command", f"{name} (0x{command:04x})", begin, 2)
    head.number(2, "Length")
    session = head.number(4, "Session", hexa=True)
    status = head.number(4, "Status", hexa=True)
    sender = head.octets(8, "Sender context")
    head.number(4)
    context.layer("enip", head, start, end)
    counter = ("enip_commands", f"0x{command:04x}")
    error = f"status 0x{status:08x}" if status else ""
    if command not in _CARRIES_CIP or error or not head.left:
        context.add_message(
            "enip",
            f"0x{command:04x}",
            name,
            kind,
            context.role,
            counter,
            error=error,
        )
        return
    context.count(*counter)
    head.number(4)
    head.number(2)
    _items(head, (session, sender), context)


def _items(head: ByteCursor, exchange: tuple[int, bytes], context: Context) -> None:
    """Read the common packet format; the items name the connection that CIP goes on."""
    for _ in range(min(head.number(2), _MAX_ITEMS)):
        kind, length = head.number(2), head.number(2)
        inner = ByteCursor(head.data, head.at, head.at + length, "little")
        head.take(length)
        if kind == _CONNECTED and inner.left >= 2:
            sequence = inner.number(2, "Sequence")
            cip.read(inner.data, inner.at, inner.end, context, key=("cip", sequence))
        elif kind == _UNCONNECTED and inner.left:
            cip.read(inner.data, inner.at, inner.end, context, key=("cip", *exchange))


def read_datagram(data: bytes, start: int, end: int, context: Context) -> None:
    """Read a message on UDP 44818: the same header, and no stream."""
    if end - start < 24:
        raise NotThisProtocolError
    if measure(data, start) > end - start:
        raise NotThisProtocolError
    read(data, start, end, context)


def read_implicit(data: bytes, start: int, end: int, context: Context) -> None:
    """Name a cyclic I/O message on UDP 2222; its bytes mean what the connection agreed on."""
    cursor = ByteCursor(data, start, end, "little")
    cursor.number(2, "Items")
    context.layer("enip", cursor, start, end)
    context.add_message(
        "enip", "I/O", "Cyclic I/O message", OperationKind.REPORT, ExchangeSide.NOTICE
    )
