"""DNP3 (IEEE 1815): data link frames, transport segments, application functions."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import (
    ExchangeSide,
    NotThisProtocolError,
    OperationKind,
    ShortMessageError,
)

PORT = 20000

FUNCTIONS: dict[int, tuple[str, OperationKind]] = {
    0: ("Confirm", OperationKind.SESSION),
    1: ("Read", OperationKind.READ),
    2: ("Write", OperationKind.WRITE),
    3: ("Select", OperationKind.WRITE),
    4: ("Operate", OperationKind.WRITE),
    5: ("Direct operate", OperationKind.WRITE),
    6: ("Direct operate, no answer", OperationKind.WRITE),
    7: ("Freeze", OperationKind.WRITE),
    8: ("Freeze, no answer", OperationKind.WRITE),
    9: ("Freeze and clear", OperationKind.WRITE),
    10: ("Freeze and clear, no answer", OperationKind.WRITE),
    13: ("Cold restart", OperationKind.RESTART),
    14: ("Warm restart", OperationKind.RESTART),
    15: ("Initialize data", OperationKind.WRITE),
    16: ("Initialize application", OperationKind.WRITE),
    17: ("Start application", OperationKind.START),
    18: ("Stop application", OperationKind.STOP),
    19: ("Save configuration", OperationKind.WRITE),
    20: ("Enable unsolicited messages", OperationKind.WRITE),
    21: ("Disable unsolicited messages", OperationKind.WRITE),
    22: ("Assign class", OperationKind.WRITE),
    23: ("Delay measurement", OperationKind.READ),
    24: ("Record current time", OperationKind.WRITE),
    25: ("Open file", OperationKind.OTHER),
    26: ("Close file", OperationKind.OTHER),
    27: ("Delete file", OperationKind.PROGRAM),
    28: ("Get file information", OperationKind.READ),
    29: ("Authenticate file", OperationKind.SESSION),
    31: ("Activate configuration", OperationKind.PROGRAM),
    32: ("Authentication request", OperationKind.SESSION),
    129: ("Response", OperationKind.REPORT),
    130: ("Unsolicited response", OperationKind.REPORT),
    131: ("Authentication response", OperationKind.SESSION),
}
_LINK_FUNCTIONS = {0: "Reset link", 2: "Test link", 3: "Data", 4: "Data", 9: "Request status"}
_OBJECTS = {
    1: "binary input",
    2: "binary input event",
    10: "binary output",
    12: "binary command",
    20: "counter",
    30: "analogue input",
    32: "analogue input event",
    40: "analogue output status",
    41: "analogue command",
    50: "time and date",
    51: "common time",
    60: "class data",
    70: "file",
    80: "internal indications",
}
_MAX_APPLICATION = 64 * 1024


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA6BC if byte & 1 else byte >> 1
    return byte


_CRC = [_crc_of(byte) for byte in range(256)]


def measure(data: bytes | bytearray, start: int) -> int:
    """Return the length of a data link frame with its checksums."""
    if len(data) - start < 2:
        return 0
    if data[start] != 0x05 or data[start + 1] != 0x64:
        raise NotThisProtocolError
    if len(data) - start < 3:
        return 0
    if data[start + 2] < 5:
        raise NotThisProtocolError
    user = data[start + 2] - 5
    return 10 + user + 2 * ((user + 15) // 16)


def dnp3_checksum(data: bytes) -> int:
    """Return DNP3's CRC of `data`, as it is on the wire in little-endian order."""
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFF


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one data link frame and, with its last segment, the application message."""
    head = ByteCursor(data, start, end, "little")
    head.octets(2, "Start")
    head.number(1, "Length")
    control = head.number(1)
    head.note("From master", "yes" if control & 0x80 else "no", start + 3, 1)
    head.note("Link function", _LINK_FUNCTIONS.get(control & 15, str(control & 15)), start + 3, 1)
    head.number(2, "Destination")
    head.number(2, "Source")
    head.number(2, "Checksum", hexa=True)
    context.layer("dnp3", head, start, end)
    if dnp3_checksum(data[start : start + 8]) != int.from_bytes(
        data[start + 8 : start + 10], "little"
    ):
        raise ShortMessageError
    user = _user_data(data, start + 10, end)
    if user:
        _segment(user, bool(control & 0x80), head, context)


def _user_data(data: bytes, start: int, end: int) -> bytes:
    """Return the user data without the checksum behind every 16 bytes."""
    user = b""
    for at in range(start, end, 18):
        block = data[at : min(at + 18, end)]
        if len(block) < 3 or dnp3_checksum(block[:-2]) != int.from_bytes(block[-2:], "little"):
            raise ShortMessageError
        user += block[:-2]
    return user


def _segment(user: bytes, from_master: bool, head: ByteCursor, context: Context) -> None:
    """Keep transport segments (FIR, FIN) until the application message is whole."""
    is_final, is_first = bool(user[0] & 0x80), bool(user[0] & 0x40)
    ends = head.data[head.at - 6 : head.at - 2]
    earlier = b"" if is_first else context.recall(("dnp3", ends))
    if earlier is None:
        return  # the beginning was not captured
    message = earlier + user[1:]
    if not is_final:
        context.remember(("dnp3", ends), message[:_MAX_APPLICATION])
        return
    context.take(("dnp3", ends))
    if message:
        _application(message, from_master, head, context)


def _application(message: bytes, from_master: bool, head: ByteCursor, context: Context) -> None:
    body = ByteCursor(message)
    body.number(1)
    code = body.number(1)
    name, kind = FUNCTIONS.get(code, (f"Function {code}", OperationKind.OTHER))
    at_function = head.at + 2 if len(message) < 16 else head.at
    head.note("Function", f"{name} ({code})", min(at_function, head.end - 1), 1)
    role = ExchangeSide.REQUEST if from_master else ExchangeSide.RESPONSE
    if code in {0, 130}:
        role = ExchangeSide.NOTICE
    error = ""
    if code in {129, 130}:
        indications = body.number(2)
        head.note("Internal indications", f"0x{indications:04x}", min(head.at + 3, head.end - 1), 2)
        error = _refusal(indications)
    at = head.at + (5 if code in {129, 130} else 3)
    if body.left > 2 and head.end > at:
        objects = body.data[body.at : body.at + 32].hex(" ")
        head.note("Objects", objects, at, head.end - at, hidden=True)
    detail = _first_object(body)
    if detail:
        head.note("Object", detail, head.at, max(0, head.end - head.at))
    counter = ("dnp3_functions", str(code))
    is_first = code != 3  # a select only arms what the operate after it does
    context.add_message(
        "dnp3", str(code), name, kind, role, counter, is_first=is_first, error=error, detail=detail
    )


def _refusal(indications: int) -> str:
    """Name the bits of the second byte with which an outstation refuses."""
    words = {0x01: "function not supported", 0x02: "object unknown", 0x04: "parameter error"}
    return ", ".join(word for bit, word in words.items() if indications & bit)


def _first_object(body: ByteCursor) -> str:
    if body.left < 3:
        return ""
    group, variation = body.number(1), body.number(1)
    return f"{_OBJECTS.get(group, 'object')}, group {group} variation {variation}"


def read_datagram(data: bytes, start: int, end: int, context: Context) -> None:
    """Read the frames of a UDP datagram, one behind the other."""
    whole = data[:end]
    while start < end:
        length = measure(whole, start)
        if not length or start + length > end:
            raise ShortMessageError
        read(data, start, start + length, context)
        start += length
