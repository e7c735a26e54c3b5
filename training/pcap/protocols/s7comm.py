"""S7comm, the protocol of Siemens S7-300/400 controllers (and of others that speak it), in its
envelope on port 102: TPKT (RFC 1006) and COTP (ISO 8073).
"""

from dataclasses import replace

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import (
    ExchangeSide,
    NotThisProtocolError,
    OperationKind,
    ShortMessageError,
)

FUNCTIONS: dict[int, tuple[str, OperationKind]] = {
    0x04: ("Read variables", OperationKind.READ),
    0x05: ("Write variables", OperationKind.WRITE),
    0xF0: ("Set up communication", OperationKind.SESSION),
    0x1A: ("Request download", OperationKind.PROGRAM),
    0x1B: ("Download block", OperationKind.PROGRAM),
    0x1C: ("Download ended", OperationKind.PROGRAM),
    0x1D: ("Start upload", OperationKind.UPLOAD),
    0x1E: ("Upload", OperationKind.UPLOAD),
    0x1F: ("End upload", OperationKind.UPLOAD),
    0x28: ("PI service", OperationKind.OTHER),
    0x29: ("PLC stop", OperationKind.STOP),
}
_CONTINUES = {0x1B, 0x1C, 0x1E, 0x1F}
PI_SERVICES: dict[str, tuple[str, OperationKind]] = {
    "P_PROGRAM": ("PI service: start the program", OperationKind.START),
    "_INSE": ("PI service: activate a block", OperationKind.PROGRAM),
    "_DELE": ("PI service: delete a block", OperationKind.PROGRAM),
    "_GARB": ("PI service: compress memory", OperationKind.PROGRAM),
    "_MODU": ("PI service: copy RAM to ROM", OperationKind.PROGRAM),
}
USER_DATA: dict[tuple[int, int], tuple[str, OperationKind]] = {
    (2, 1): ("Cyclic data", OperationKind.READ),
    (3, 1): ("List blocks", OperationKind.READ),
    (3, 2): ("List blocks of one type", OperationKind.READ),
    (3, 3): ("Get block information", OperationKind.READ),
    (4, 1): ("Read system status list", OperationKind.DISCOVERY),
    (4, 2): ("Message service", OperationKind.SESSION),
    (5, 1): ("Enter the PLC password", OperationKind.SESSION),
    (7, 1): ("Read the clock", OperationKind.READ),
    (7, 2): ("Set the clock", OperationKind.WRITE),
    (7, 3): ("Set the clock (following)", OperationKind.WRITE),
    (7, 4): ("Read the clock (following)", OperationKind.READ),
}
_KINDS = {1: "Job", 2: "Ack", 3: "Ack data", 7: "User data"}
_AREAS = {0x81: "inputs", 0x82: "outputs", 0x83: "flags", 0x84: "data block", 0x1D: "timers"}
_BLOCK_TYPES = {"08": "OB", "0A": "DB", "0B": "SDB", "0C": "FC", "0D": "SFC", "0E": "FB"}
PLUS = 0x72


def read_message(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one S7comm message; S7comm-plus is named and left closed."""
    if start >= end:
        return
    if data[start] == PLUS:
        context.layer("s7comm-plus", ByteCursor(data, start, end), start, end)
        return
    if data[start] != 0x32:
        context.layer("data", ByteCursor(data, start, end), start, end)
        return
    head = ByteCursor(data, start, end)
    head.number(1, "Protocol", hexa=True)
    ros = head.number(1, "Kind", words=_KINDS)
    head.number(2)
    head.number(2, "Reference")
    n_param, n_data = head.number(2, "Parameter length"), head.number(2, "Data length")
    context.layer("s7comm", head, start, end)
    error = ""
    if ros in {2, 3}:
        error_class, error_code = head.number(1, "Error class"), head.number(1, "Error code")
        if error_class or error_code:
            error = f"error 0x{error_class:02x}{error_code:02x}"
    if not n_param:
        return
    if ros == 7:
        _user_data(head, n_param, n_data, context)
    else:
        role = ExchangeSide.REQUEST if ros == 1 else ExchangeSide.RESPONSE
        _function(head, role, (n_param, n_data), error, context)


def _function(
    cursor: ByteCursor, role: ExchangeSide, sizes: tuple[int, int], error: str, context: Context
) -> None:
    begin, (n_param, n_data) = cursor.at, sizes
    code = cursor.number(1)
    param = ByteCursor(cursor.data, cursor.at, begin + n_param)
    name, kind = FUNCTIONS.get(code, (f"Function 0x{code:02x}", OperationKind.OTHER))
    cursor.note("Function", f"{name} (0x{code:02x})", begin, 1)
    detail, is_first = "", code not in _CONTINUES
    if role is ExchangeSide.REQUEST:
        if code == 0x28:
            name, kind, detail, is_first = _pi_service(param, cursor)
        elif code in {0x04, 0x05}:
            detail = _items(param)
        elif code in {0x1A, 0x1B, 0x1C, 0x1D}:
            detail = _block(param.data[param.at : param.end])
        key = ("s7", cursor.data[begin - 6 : begin - 4], code)
        context.remember(key, (name, kind, is_first))
    else:
        request = context.take(("s7", cursor.data[begin - 8 : begin - 6], code))
        name, kind, is_first = request or (name, kind, is_first)
    if detail:
        cursor.note("What", detail, begin, n_param)
    if n_data and begin + n_param + n_data <= cursor.end:
        cursor.at = begin + n_param
        cursor.octets(n_data, "Data", hidden=True)
    counter = ("s7_functions", f"0x{code:02x}")
    context.add_message(
        "s7comm",
        f"0x{code:02x}",
        name,
        kind,
        role,
        counter,
        is_first=is_first,
        error=error,
        detail=detail,
    )


def _pi_service(param: ByteCursor, cursor: ByteCursor) -> tuple[str, OperationKind, str, bool]:
    """Read which program invocation is asked for, and on which blocks."""
    param.octets(7)
    size = param.number(2)
    argument = param.take(size)
    start = param.at + 1
    service = param.text(param.number(1))
    cursor.note("PI service", service, start, len(service))
    name, kind = PI_SERVICES.get(service, (f"PI service: {service}", OperationKind.OTHER))
    detail = _block(argument) if service in {"_INSE", "_DELE"} else ""
    return name, kind, detail, service != "_INSE"


def _block(raw: bytes) -> str:
    """Find a block's name in a parameter: type, five digits, and A or P (active or passive)."""
    text = raw.decode("latin-1")
    for at in range(len(text) - 7):
        kind, digits = text[at : at + 2], text[at + 2 : at + 7]
        if kind in _BLOCK_TYPES and digits.isdecimal() and digits.isascii():
            return f"{_BLOCK_TYPES[kind]}{int(digits)}"
    return ""


def _items(param: ByteCursor) -> str:
    """Read the addresses that a job reads or writes."""
    count = param.number(1)
    phrases = []
    for _ in range(min(count, 20)):
        if param.left < 12 or param.peek() != 0x12 or param.peek(2) != 0x10:
            break
        param.take(3)
        param.number(1)
        length, block = param.number(2), param.number(2)
        area, address = param.number(1), param.number(3)
        where = _AREAS.get(area, f"area 0x{area:02x}")
        where = f"DB{block}" if area == 0x84 else where
        phrases.append(f"{where}, byte {address >> 3}, {length} long")
    more = f" and {count - len(phrases)} more" if phrases and count > len(phrases) else ""
    return "; ".join(phrases[:3]) + (more if len(phrases) <= 3 else f" and {count - 3} more")


def _user_data(cursor: ByteCursor, n_param: int, n_data: int, context: Context) -> None:
    begin = cursor.at
    param = ByteCursor(cursor.data, begin, begin + n_param)
    param.take(5)
    kind_and_group, subfunction = param.number(1), param.number(1)
    param.number(1)
    direction, group = kind_and_group >> 4, kind_and_group & 0x0F
    fallback = (f"User data, group {group}, function {subfunction}", OperationKind.OTHER)
    name, kind = USER_DATA.get((group, subfunction), fallback)
    role = {4: ExchangeSide.REQUEST, 8: ExchangeSide.RESPONSE}.get(direction, ExchangeSide.NOTICE)
    error = ""
    if role is ExchangeSide.RESPONSE and param.left >= 4:
        param.number(2)
        code = param.number(2)
        error = f"error 0x{code:04x}" if code else ""
    cursor.note("Function", name, begin + 5, 2)
    if n_data and begin + n_param + n_data <= cursor.end:
        cursor.at = begin + n_param
        cursor.octets(n_data, "Data", hidden=True)
    counter = ("s7_functions", "0x00")
    context.add_message("s7comm", "0x00", name, kind, role, counter, error=error)


PORT = 102
_TYPES = {
    0xE0: "Connection request",
    0xD0: "Connection confirm",
    0x80: "Disconnect request",
    0xC0: "Disconnect confirm",
    0xF0: "Data",
    0x70: "Error",
}
_DATA = 0xF0
_MAX_PARTS = 256 * 1024


def measure(data: bytes | bytearray, start: int) -> int:
    """Return the length that the TPKT header announces."""
    if len(data) - start < 4:
        return 0
    length = data[start + 2] << 8 | data[start + 3]
    if data[start] != 3 or length < 7:
        raise NotThisProtocolError
    return length


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one TPKT: COTP, and S7comm once its last part is here."""
    head = ByteCursor(data, start, end)
    head.number(1, "Version")
    head.number(1)
    head.number(2, "Length")
    context.layer("tpkt", head, start)
    cotp = ByteCursor(data, head.at, end)
    begin = cotp.at
    size = cotp.number(1, "Length")
    kind = cotp.number(1) & 0xF0
    cotp.note("Type", _TYPES.get(kind, f"0x{kind:02x}"), begin + 1, 1)
    if size < 2 or begin + 1 + size > end:
        raise ShortMessageError
    is_last = True
    if kind == _DATA:
        control = cotp.number(1)
        is_last = bool(control & 0x80)
        cotp.note("Last part", "yes" if is_last else "no", begin + 2, 1)
    context.layer("cotp", cotp, begin, begin + 1 + size)
    if kind == _DATA:
        _pass_on(data, begin + 1 + size, end, is_last, context)


def _pass_on(data: bytes, start: int, end: int, is_last: bool, context: Context) -> None:
    """Hand the user data up, or keep it until the last part comes."""
    side = ("cotp", context.from_client)
    waiting: bytearray | None = context.recall(side)
    if not is_last:
        if waiting is None:
            waiting = bytearray()
            context.remember(side, waiting)
        if len(waiting) < _MAX_PARTS:
            waiting += data[start:end]
        return
    if waiting is None:
        read_message(data, start, end, context)
        return
    context.take(side)
    whole = bytes(waiting) + data[start:end]
    joined = replace(context, buffer=whole)
    joined.layer("cotp.segments", ByteCursor(whole), 0, len(whole))
    read_message(whole, 0, len(whole), joined)
