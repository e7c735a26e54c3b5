"""OPC UA binary (OPC 10000-6): chunks on port 4840 and the service that each message calls."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import (
    ExchangeSide,
    NotThisProtocolError,
    OperationKind,
    ShortMessageError,
)

PORT = 4840
# The number of a request's binary encoding → name and kind; the answer's number is 3 higher.
SERVICES: dict[int, tuple[str, OperationKind]] = {
    422: ("Find servers", OperationKind.DISCOVERY),
    428: ("Get endpoints", OperationKind.DISCOVERY),
    446: ("Open secure channel", OperationKind.SESSION),
    452: ("Close secure channel", OperationKind.SESSION),
    461: ("Create session", OperationKind.SESSION),
    467: ("Activate session", OperationKind.SESSION),
    473: ("Close session", OperationKind.SESSION),
    488: ("Add nodes", OperationKind.PROGRAM),
    494: ("Add references", OperationKind.PROGRAM),
    500: ("Delete nodes", OperationKind.PROGRAM),
    506: ("Delete references", OperationKind.PROGRAM),
    527: ("Browse", OperationKind.READ),
    533: ("Browse next", OperationKind.READ),
    554: ("Translate browse paths", OperationKind.READ),
    560: ("Register nodes", OperationKind.SESSION),
    566: ("Unregister nodes", OperationKind.SESSION),
    631: ("Read", OperationKind.READ),
    664: ("History read", OperationKind.READ),
    673: ("Write", OperationKind.WRITE),
    700: ("History update", OperationKind.WRITE),
    712: ("Call", OperationKind.WRITE),
    751: ("Create monitored items", OperationKind.SESSION),
    763: ("Modify monitored items", OperationKind.SESSION),
    769: ("Set monitoring mode", OperationKind.SESSION),
    781: ("Delete monitored items", OperationKind.SESSION),
    787: ("Create subscription", OperationKind.SESSION),
    793: ("Modify subscription", OperationKind.SESSION),
    799: ("Set publishing mode", OperationKind.SESSION),
    826: ("Publish", OperationKind.READ),
    832: ("Republish", OperationKind.READ),
    841: ("Transfer subscriptions", OperationKind.SESSION),
    847: ("Delete subscriptions", OperationKind.SESSION),
}
_FAULT = 397
_GREETINGS = {b"HEL": "Hello", b"ACK": "Acknowledge", b"ERR": "Error", b"RHE": "Reverse hello"}
_SECURED = {b"OPN", b"MSG", b"CLO"}
_NO_SECURITY = "http://opcfoundation.org/UA/SecurityPolicy#None"
_MAX_MESSAGE = 1024 * 1024
_POLICY = ("opcua policy",)


def measure(data: bytes | bytearray, start: int) -> int:
    """Return the length of a chunk."""
    if len(data) - start < 8:
        return 0
    kind = bytes(data[start : start + 3])
    length = int.from_bytes(data[start + 4 : start + 8], "little")
    if kind not in _GREETINGS and kind not in _SECURED:
        raise NotThisProtocolError
    if length < 8 or length > _MAX_MESSAGE:
        raise NotThisProtocolError
    return length


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one chunk, and the service once its last chunk is here."""
    head = ByteCursor(data, start, end, "little")
    kind = head.text(3, "Message").encode()
    chunk = head.text(1, "Chunk")
    head.number(4, "Length")
    context.layer("opcua", head, start, end)
    if kind in _GREETINGS:
        name = _GREETINGS[kind]
        role = ExchangeSide.REQUEST if kind == b"HEL" else ExchangeSide.RESPONSE
        error = f"status 0x{head.number(4, 'Status', hexa=True):08x}" if kind == b"ERR" else ""
        context.add_message("opcua", kind.decode(), name, OperationKind.SESSION, role, error=error)
        return
    head.number(4, "Channel")
    if kind == b"OPN":
        policy = head.text(_size(head))
        context.remember(_POLICY, policy)
        head.note("Security policy", policy.rpartition("#")[2], head.at - len(policy), len(policy))
        head.take(_size(head))
        head.take(_size(head))
    else:
        head.number(4, "Token")
    is_secured = (context.recall(_POLICY) or _NO_SECURITY) != _NO_SECURITY
    if is_secured and (kind == b"OPN" or not _is_readable(head)):
        _add_protected_message(kind, context)
        return
    head.number(4, "Sequence")
    request = head.number(4, "Request")
    _collect(head, chunk, request, context)


def _size(cursor: ByteCursor) -> int:
    """Read the length of a string; -1 is a string that is not there."""
    size = cursor.number(4)
    return 0 if size == 0xFFFFFFFF else size


def _is_readable(head: ByteCursor) -> bool:
    """Whether a message of a secured channel is signed only: its service has a known number."""
    probe = ByteCursor(head.data, head.at, head.end, "little")
    try:
        probe.take(8)
        number = _node_number(probe)
    except ShortMessageError:
        return False
    return number == _FAULT or number in SERVICES or number - 3 in SERVICES


def _add_protected_message(kind: bytes, context: Context) -> None:
    name = "Open secure channel, encrypted" if kind == b"OPN" else "Encrypted message"
    context.add_message("opcua", kind.decode(), name, OperationKind.OTHER, context.role)


def _collect(head: ByteCursor, chunk: str, request: int, context: Context) -> None:
    """Keep the chunks of one request until the final one."""
    key = ("opcua", context.from_client, request)
    if chunk == "C":
        chunks = context.recall(key)
        if chunks is None:
            chunks = bytearray()
            context.remember(key, chunks)
        if len(chunks) < _MAX_MESSAGE:
            chunks += head.data[head.at : head.end]
        return
    earlier = context.take(key)
    if chunk == "A":
        return
    if earlier is None:
        _service(head, context)
    else:
        body = ByteCursor(bytes(earlier) + head.data[head.at : head.end], 0, None, "little")
        _service(body, context)


def _service(body: ByteCursor, context: Context) -> None:
    at = body.at
    number = _node_number(body)
    is_answer = number not in SERVICES
    request = number - 3 if is_answer else number
    name, kind = SERVICES.get(request, (f"Service {number}", OperationKind.OTHER))
    if number == _FAULT:
        name = "Service fault"
    body.note("Service", f"{name} ({number})", at, body.at - at)
    counter = ("opcua_service_node_ids", str(number))
    role = ExchangeSide.RESPONSE if is_answer else ExchangeSide.REQUEST
    error = ""
    if is_answer and body.left >= 16:
        body.take(12)
        status = body.number(4, "Result", hexa=True)
        error = f"status 0x{status:08x}" if status & 0x80000000 else ""
    if body.left:
        body.octets(body.left, "Parameters", hidden=True)
    code = str(number if number == _FAULT or request not in SERVICES else request)
    context.add_message("opcua", code, name, kind, role, counter, error=error)


def _node_number(cursor: ByteCursor) -> int:
    """Read a NodeId with a number: the two-byte, four-byte or full form."""
    form = cursor.number(1)
    if form == 0x00:
        return cursor.number(1)
    if form == 0x01:
        cursor.number(1)
        return cursor.number(2)
    if form == 0x02:
        cursor.number(2)
        return cursor.number(4)
    raise ShortMessageError
