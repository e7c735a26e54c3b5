"""Modbus/TCP: function codes of the Modbus Application Protocol V1.1b3, and Schneider's 90."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import NotThisProtocolError, OperationKind

PORT = 502

FUNCTIONS: dict[int, tuple[str, OperationKind]] = {
    1: ("Read coils", OperationKind.READ),
    2: ("Read discrete inputs", OperationKind.READ),
    3: ("Read holding registers", OperationKind.READ),
    4: ("Read input registers", OperationKind.READ),
    5: ("Write single coil", OperationKind.WRITE),
    6: ("Write single register", OperationKind.WRITE),
    7: ("Read exception status", OperationKind.READ),
    8: ("Diagnostics", OperationKind.OTHER),
    11: ("Get comm event counter", OperationKind.READ),
    12: ("Get comm event log", OperationKind.READ),
    15: ("Write multiple coils", OperationKind.WRITE),
    16: ("Write multiple registers", OperationKind.WRITE),
    17: ("Report server ID", OperationKind.DISCOVERY),
    20: ("Read file record", OperationKind.READ),
    21: ("Write file record", OperationKind.WRITE),
    22: ("Mask write register", OperationKind.WRITE),
    23: ("Read/write multiple registers", OperationKind.WRITE),
    24: ("Read FIFO queue", OperationKind.READ),
    43: ("Read device identification", OperationKind.DISCOVERY),
    90: ("Schneider Unity", OperationKind.OTHER),
}
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}
_DIAGNOSTICS: dict[int, tuple[str, OperationKind]] = {
    1: ("Restart communications", OperationKind.RESTART),
    4: ("Force listen only mode", OperationKind.STOP),
    10: ("Clear counters", OperationKind.WRITE),
}
_UNITY: dict[int, tuple[str, OperationKind]] = {
    0x40: ("Schneider Unity: start PLC", OperationKind.START),
    0x41: ("Schneider Unity: stop PLC", OperationKind.STOP),
}
_COUNTED = {1, 2, 3, 4, 15, 16}


def measure(data: bytes | bytearray, start: int) -> int:
    """Return the length of the message: six bytes and what they announce."""
    if len(data) - start < 8:
        return 0
    if data[start + 2] or data[start + 3]:
        raise NotThisProtocolError
    length = data[start + 4] << 8 | data[start + 5]
    if length < 2:
        raise NotThisProtocolError
    return 6 + length


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one message: the MBAP header, then the function."""
    head = ByteCursor(data, start, end)
    head.number(2, "Transaction")
    head.number(2, "Protocol")
    head.number(2, "Length")
    head.number(1, "Unit")
    context.layer("mbtcp", head, start)
    body = ByteCursor(data, head.at, end)
    begin = body.at
    code = body.number(1)
    function = code & 0x7F
    name, kind = FUNCTIONS.get(function, (f"Function {function}", OperationKind.OTHER))
    body.note("Function", f"{name} ({function})", begin, 1)
    context.layer("modbus", body, begin, end)
    counter = ("modbus_function_codes", str(function))
    if code & 0x80:
        number = body.number(1, "Exception", words=EXCEPTIONS)
        error = f"exception {number}, {EXCEPTIONS.get(number, 'unknown')}"
        exception_counter = ("modbus_exceptions", str(number))
        context.add_message(
            "modbus",
            str(function),
            name,
            kind,
            context.role,
            counter,
            exception_counter,
            error=error,
        )
        return
    name, kind = _refine(function, name, kind, body)
    detail = _request(function, body) if context.from_client else _answer(function, body)
    context.add_message("modbus", str(function), name, kind, context.role, counter, detail=detail)


def _refine(
    function: int, name: str, kind: OperationKind, body: ByteCursor
) -> tuple[str, OperationKind]:
    """Name what hides behind a second code: diagnostics and Schneider's own functions."""
    if function == 8 and body.left >= 2:
        code = body.number(2, "Subfunction")
        label, kind = _DIAGNOSTICS.get(code, ("", kind))
        return (f"{name}: {label.lower()}" if label else name), kind
    if function == 90 and body.left >= 2:
        body.number(1, "Session", hexa=True)
        code = body.number(1, "Subfunction", hexa=True)
        return _UNITY.get(code, (name, kind))
    if function == 43 and body.left and body.number(1, "MEI type") != 14:
        return "Encapsulated interface", OperationKind.OTHER
    return name, kind


def _request(function: int, body: ByteCursor) -> str:
    """Read the fields of a request; return what they say in one phrase."""
    if function in _COUNTED | {5, 6, 22}:
        address = body.number(2, "Address")
        if function in {5, 6}:
            body.number(2, "Value", hidden=True)
            return f"address {address}"
        if function == 22:
            body.number(2, "And mask", hexa=True, hidden=True)
            body.number(2, "Or mask", hexa=True, hidden=True)
            return f"address {address}"
        count = body.number(2, "Quantity")
        if function in {15, 16}:
            size = body.number(1, "Byte count")
            body.octets(size, "Values", hidden=True)
        return f"address {address}, {count} of them" if count != 1 else f"address {address}"
    _rest(body)
    return ""


def _answer(function: int, body: ByteCursor) -> str:
    """Read the fields of an answer."""
    if function in {1, 2, 3, 4}:
        size = body.number(1, "Byte count")
        body.octets(min(size, body.left), "Values", hidden=True)
    elif function in {5, 6}:
        body.number(2, "Address")
        body.number(2, "Value", hidden=True)
    elif function in {15, 16}:
        body.number(2, "Address")
        body.number(2, "Quantity")
    else:
        _rest(body)
    return ""


def _rest(body: ByteCursor) -> None:
    if body.left:
        body.octets(body.left, "Data", hidden=True)
