"""IEC 60870-5-104: frames (I, S, U) and the type of what they carry."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import ExchangeSide, NotThisProtocolError, OperationKind

PORT = 2404
_COMMANDS = {
    45: "Single command",
    46: "Double command",
    47: "Regulating step command",
    48: "Set-point, normalized",
    49: "Set-point, scaled",
    50: "Set-point, short float",
    51: "Bitstring command",
    58: "Single command with time",
    59: "Double command with time",
    60: "Regulating step command with time",
    61: "Set-point, normalized, with time",
    62: "Set-point, scaled, with time",
    63: "Set-point, short float, with time",
    64: "Bitstring command with time",
}
TYPES: dict[int, tuple[str, OperationKind]] = {
    1: ("Single-point information", OperationKind.REPORT),
    3: ("Double-point information", OperationKind.REPORT),
    5: ("Step position", OperationKind.REPORT),
    7: ("Bitstring", OperationKind.REPORT),
    9: ("Measured value, normalized", OperationKind.REPORT),
    11: ("Measured value, scaled", OperationKind.REPORT),
    13: ("Measured value, short float", OperationKind.REPORT),
    15: ("Integrated totals", OperationKind.REPORT),
    30: ("Single-point information with time", OperationKind.REPORT),
    31: ("Double-point information with time", OperationKind.REPORT),
    34: ("Measured value, normalized, with time", OperationKind.REPORT),
    35: ("Measured value, scaled, with time", OperationKind.REPORT),
    36: ("Measured value, short float, with time", OperationKind.REPORT),
    37: ("Integrated totals with time", OperationKind.REPORT),
    70: ("End of initialization", OperationKind.REPORT),
    100: ("Interrogation", OperationKind.READ),
    101: ("Counter interrogation", OperationKind.READ),
    102: ("Read", OperationKind.READ),
    103: ("Clock synchronization", OperationKind.WRITE),
    105: ("Reset process", OperationKind.RESTART),
    107: ("Test with time", OperationKind.SESSION),
    110: ("Parameter, normalized", OperationKind.WRITE),
    111: ("Parameter, scaled", OperationKind.WRITE),
    112: ("Parameter, short float", OperationKind.WRITE),
    113: ("Activate parameter", OperationKind.WRITE),
    120: ("File ready", OperationKind.OTHER),
    122: ("Call directory, select or call file", OperationKind.OTHER),
    125: ("Segment of a file", OperationKind.OTHER),
} | {code: (name, OperationKind.WRITE) for code, name in _COMMANDS.items()}
_VALUE_BYTES = dict.fromkeys((45, 46, 47, 58, 59, 60), 0)
_VALUE_BYTES |= dict.fromkeys((48, 49, 61, 62), 2) | dict.fromkeys((50, 63), 4)
CAUSES = {
    1: "periodic",
    2: "background scan",
    3: "spontaneous",
    4: "initialized",
    5: "request",
    6: "activation",
    7: "activation confirmed",
    8: "deactivation",
    9: "deactivation confirmed",
    10: "activation terminated",
    11: "return, remote command",
    12: "return, local command",
    20: "interrogated by station",
    44: "unknown type",
    45: "unknown cause",
    46: "unknown common address",
    47: "unknown object address",
}
_CONTROL = {
    0x01: ("STARTDT act", ExchangeSide.REQUEST),
    0x02: ("STARTDT con", ExchangeSide.RESPONSE),
    0x04: ("STOPDT act", ExchangeSide.REQUEST),
    0x08: ("STOPDT con", ExchangeSide.RESPONSE),
    0x10: ("TESTFR act", ExchangeSide.REQUEST),
    0x20: ("TESTFR con", ExchangeSide.RESPONSE),
}


def measure(data: bytes | bytearray, start: int) -> int:
    """Return the length of an APDU."""
    if data[start] != 0x68:
        raise NotThisProtocolError
    if len(data) - start < 2:
        return 0
    if data[start + 1] < 4:
        raise NotThisProtocolError
    return 2 + data[start + 1]


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one APDU."""
    head = ByteCursor(data, start, end, "little")
    head.number(1, "Start", hexa=True)
    head.number(1, "Length")
    at = head.at
    control = head.number(1)
    head.take(3)
    if control & 0x03 == 0x03:
        name, role = _CONTROL.get(control >> 2, ("", ExchangeSide.NOTICE))
        head.note("Control", name or "U frame", at, 4)
        context.layer("iec60870_104", head, start, end)
        if name:
            context.add_message(
                "iec104", name.split()[0], name.split()[0], OperationKind.SESSION, role
            )
        return
    is_information = not control & 0x01
    head.note("Control", "I frame" if is_information else "S frame", at, 4)
    context.layer("iec60870_104", head, start, end)
    if is_information:
        _asdu(ByteCursor(data, head.at, end, "little"), context)


def _asdu(body: ByteCursor, context: Context) -> None:
    begin = body.at
    code = body.number(1)
    name, kind = TYPES.get(code, (f"Type {code}", OperationKind.OTHER))
    body.note("Type", f"{name} ({code})", begin, 1)
    count = body.number(1)
    body.note("Objects", str(count & 0x7F), begin + 1, 1)
    cause_byte = body.number(1)
    cause = cause_byte & 0x3F
    body.note("Cause", f"{CAUSES.get(cause, 'other')} ({cause})", begin + 2, 1)
    body.number(1, "Originator")
    address = body.number(2, "Common address")
    layer = context.layer("iec60870_asdu", body, begin, body.end)
    detail = f"station {address}"
    if body.left >= 3:
        detail += f", object {body.number(3, 'Object address')}"
    is_select = _is_select(code, body)
    if is_select:
        detail += ", select"
    if body.left:
        body.octets(body.left, "Elements", hidden=True)
    layer.length = body.end - begin
    error = _refusal(cause_byte)
    if kind is OperationKind.REPORT:
        role = ExchangeSide.NOTICE
    else:
        role = (
            ExchangeSide.REQUEST
            if cause in {5, 6, 8} and context.from_client
            else ExchangeSide.RESPONSE
        )
    counter = ("iec104_asdu_types", str(code))
    context.add_message(
        "iec104",
        str(code),
        name,
        kind,
        role,
        counter,
        is_first=not is_select,  # a select only arms what the execute after it does
        error=error,
        detail=detail,
    )


def _refusal(cause_byte: int) -> str:
    """Name why a command was refused: an unknown thing, or the negative bit alone."""
    cause = cause_byte & 0x3F
    if 44 <= cause <= 47:
        return CAUSES[cause]
    return "refused" if cause_byte & 0x40 else ""


def _is_select(code: int, body: ByteCursor) -> bool:
    """Whether the qualifier of a command, which is behind its value, asks to select only."""
    place = _VALUE_BYTES.get(code)
    return place is not None and body.left > place and bool(body.peek(place) & 0x80)
