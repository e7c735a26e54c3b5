"""BACnet/IP (ASHRAE 135): virtual link, network layer and application services."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import (
    ExchangeSide,
    NotThisProtocolError,
    OperationKind,
    ShortMessageError,
)

PORT = 47808
CONFIRMED: dict[int, tuple[str, OperationKind]] = {
    0: ("Acknowledge alarm", OperationKind.WRITE),
    1: ("Confirmed COV notification", OperationKind.REPORT),
    2: ("Confirmed event notification", OperationKind.REPORT),
    3: ("Get alarm summary", OperationKind.READ),
    5: ("Subscribe COV", OperationKind.SESSION),
    6: ("Atomic read file", OperationKind.UPLOAD),
    7: ("Atomic write file", OperationKind.PROGRAM),
    8: ("Add list element", OperationKind.WRITE),
    9: ("Remove list element", OperationKind.WRITE),
    10: ("Create object", OperationKind.PROGRAM),
    11: ("Delete object", OperationKind.PROGRAM),
    12: ("Read property", OperationKind.READ),
    14: ("Read property multiple", OperationKind.READ),
    15: ("Write property", OperationKind.WRITE),
    16: ("Write property multiple", OperationKind.WRITE),
    17: ("Device communication control", OperationKind.STOP),
    18: ("Confirmed private transfer", OperationKind.OTHER),
    20: ("Reinitialize device", OperationKind.RESTART),
    26: ("Read range", OperationKind.READ),
    28: ("Subscribe COV property", OperationKind.SESSION),
    29: ("Get event information", OperationKind.READ),
}
UNCONFIRMED: dict[int, tuple[str, OperationKind]] = {
    0: ("I-Am", OperationKind.DISCOVERY),
    1: ("I-Have", OperationKind.DISCOVERY),
    2: ("Unconfirmed COV notification", OperationKind.REPORT),
    3: ("Unconfirmed event notification", OperationKind.REPORT),
    4: ("Unconfirmed private transfer", OperationKind.OTHER),
    5: ("Unconfirmed text message", OperationKind.OTHER),
    6: ("Time synchronization", OperationKind.WRITE),
    7: ("Who-Has", OperationKind.DISCOVERY),
    8: ("Who-Is", OperationKind.DISCOVERY),
    9: ("UTC time synchronization", OperationKind.WRITE),
}
_FUNCTIONS = {
    0x00: "Result",
    0x04: "Forwarded",
    0x05: "Register foreign device",
    0x09: "Distribute broadcast",
    0x0A: "Unicast",
    0x0B: "Broadcast",
}
_CARRIES = {0x04: 6, 0x09: 0, 0x0A: 0, 0x0B: 0}  # function → bytes before the network layer
_STATES = {0: "cold start", 1: "warm start", 2: "start backup", 3: "end backup"}
_STATES |= {4: "start restore", 5: "end restore", 6: "abort restore", 7: "activate changes"}
_MAX_TAGS = 200


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one BACnet/IP datagram."""
    head = ByteCursor(data, start, end)
    if head.number(1) != 0x81:
        raise NotThisProtocolError
    at = head.at
    function = head.number(1)
    head.note("Function", _FUNCTIONS.get(function, f"0x{function:02x}"), at, 1)
    length = head.number(2, "Length")
    context.layer("bvlc", head, start)
    if function not in _CARRIES:
        return
    head.take(_CARRIES[function])
    # The length counts from the first byte; a datagram may be longer than it says.
    _network(ByteCursor(data, head.at, min(end, start + max(length, 4))), context)


def _network(cursor: ByteCursor, context: Context) -> None:
    begin = cursor.at
    cursor.number(1, "Version")
    control = cursor.number(1, "Control", hexa=True)
    if control & 0x20:
        cursor.number(2, "Destination network")
        cursor.octets(cursor.number(1), "Destination address")
    if control & 0x08:
        cursor.number(2, "Source network")
        cursor.octets(cursor.number(1), "Source address")
    if control & 0x20:
        cursor.number(1, "Hop count")
    if control & 0x80:
        cursor.number(1, "Network message")
        context.layer("bacnet", cursor, begin)
        return
    context.layer("bacnet", cursor, begin)
    _application(ByteCursor(cursor.data, cursor.at, cursor.end), context)


def _application(cursor: ByteCursor, context: Context) -> None:
    begin = cursor.at
    first = cursor.number(1)
    kind = first >> 4
    context.layer("bacapp", cursor, begin, cursor.end)
    if kind == 1:
        _unconfirmed(cursor, context)
    elif kind == 0:
        _confirmed(cursor, bool(first & 0x08), context)
    elif kind in {2, 3, 5}:
        _answer(cursor, kind, bool(first & 0x08), context)
    elif kind in {6, 7}:
        cursor.number(1, "Invoke ID")
        name = "Reject" if kind == 6 else "Abort"
        reason = cursor.number(1, "Reason")
        context.add_message(
            "bacnet",
            name.lower(),
            name,
            OperationKind.OTHER,
            ExchangeSide.RESPONSE,
            error=f"reason {reason}",
        )


def _unconfirmed(cursor: ByteCursor, context: Context) -> None:
    at = cursor.at
    code = cursor.number(1)
    name, kind = UNCONFIRMED.get(code, (f"Unconfirmed service {code}", OperationKind.OTHER))
    cursor.note("Service", f"{name} ({code})", at, 1)
    counter = ("bacnet_unconfirmed_services", str(code))
    role = ExchangeSide.REQUEST if code in {7, 8} else ExchangeSide.NOTICE
    context.add_message("bacnet", str(code), name, kind, role, counter)


def _confirmed(cursor: ByteCursor, is_segmented: bool, context: Context) -> None:
    cursor.number(1)
    cursor.number(1, "Invoke ID")
    sequence = _segment(cursor) if is_segmented else 0
    at = cursor.at
    code = cursor.number(1)
    name, kind = CONFIRMED.get(code, (f"Confirmed service {code}", OperationKind.OTHER))
    cursor.note("Service", f"{name} ({code})", at, 1)
    detail = _arguments(code, cursor) if not is_segmented else ""
    counter = ("bacnet_confirmed_services", str(code))
    context.add_message(
        "bacnet",
        str(code),
        name,
        kind,
        ExchangeSide.REQUEST,
        counter,
        is_first=sequence == 0,
        detail=detail,
    )
    if not is_segmented:
        _skip_tags(cursor)


def _answer(cursor: ByteCursor, pdu: int, is_segmented: bool, context: Context) -> None:
    cursor.number(1, "Invoke ID")
    if pdu == 3 and is_segmented:
        _segment(cursor)
    at = cursor.at
    code = cursor.number(1)
    name, kind = CONFIRMED.get(code, (f"Confirmed service {code}", OperationKind.OTHER))
    cursor.note("Service", f"{name} ({code})", at, 1)
    error = "error" if pdu == 5 else ""
    if pdu == 5 and cursor.left >= 4 and cursor.peek() == 0x91 and cursor.peek(2) == 0x91:
        error = f"error class {cursor.peek(1)}, code {cursor.peek(3)}"
    elif pdu == 3 and cursor.left:
        cursor.note_rest("Data")
    counter = ("bacnet_confirmed_services", str(code))
    context.add_message(
        "bacnet", str(code), name, kind, ExchangeSide.RESPONSE, counter, error=error
    )


def _segment(cursor: ByteCursor) -> int:
    sequence = cursor.number(1, "Sequence")
    cursor.number(1, "Window")
    return sequence


def _arguments(code: int, cursor: ByteCursor) -> str:
    """Name the object of a read or write, and the state that a device shall go to."""
    rest = cursor.data[cursor.at : cursor.end]
    if code in {12, 15} and len(rest) >= 7 and rest[0] == 0x0C and rest[5] == 0x19:
        identifier = int.from_bytes(rest[1:5], "big")
        cursor.note(
            "Object", f"type {identifier >> 22}, number {identifier & 0x3FFFFF}", cursor.at, 5
        )
        cursor.note("Property", str(rest[6]), cursor.at + 5, 2)
        where = f"object type {identifier >> 22}, number {identifier & 0x3FFFFF}"
        if code == 15 and len(rest) > 7:
            cursor.note("Value", rest[7:].hex(" "), cursor.at + 7, len(rest) - 7, hidden=True)
        return f"{where}, property {rest[6]}"
    if code == 20 and len(rest) >= 2 and rest[0] == 0x09:
        cursor.note("State", _STATES.get(rest[1], str(rest[1])), cursor.at, 2)
        return _STATES.get(rest[1], "")
    return ""


def _skip_tags(cursor: ByteCursor) -> None:
    """Step over the tags of a service, so that one which lies about its length is found."""
    for _ in range(_MAX_TAGS):
        if not cursor.left:
            return
        tag = cursor.number(1)
        if tag >> 4 == 15:
            cursor.number(1)
        size = tag & 0x07
        if tag & 0x08 and size in {6, 7}:  # opening and closing tags
            continue
        if not tag & 0x08 and tag >> 4 == 1:  # an application boolean has no bytes of its own
            continue
        if size == 5:
            size = cursor.number(1)
            if size >= 254:
                size = cursor.number(2 if size == 254 else 4)
        if size > cursor.left:
            raise ShortMessageError
        cursor.take(size)
