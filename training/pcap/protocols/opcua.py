"""OPC UA binary (OPC 10000-6): chunks on port 4840 and the service that each message calls."""

from training.pcap.cursor import Context, Cursor
from training.pcap.messages import Kind, NotThisProtocolError, Role, ShortMessageError

PORT = 4840
# The number of a request's binary encoding → name and kind; the answer's number is 3 higher.
SERVICES: dict[int, tuple[str, Kind]] = {
    422: ("Find servers", Kind.DISCOVERY),
    428: ("Get endpoints", Kind.DISCOVERY),
    446: ("Open secure channel", Kind.SESSION),
    452: ("Close secure channel", Kind.SESSION),
    461: ("Create session", Kind.SESSION),
    467: ("Activate session", Kind.SESSION),
    473: ("Close session", Kind.SESSION),
    488: ("Add nodes", Kind.PROGRAM),
    494: ("Add references", Kind.PROGRAM),
    500: ("Delete nodes", Kind.PROGRAM),
    506: ("Delete references", Kind.PROGRAM),
    527: ("Browse", Kind.READ),
    533: ("Browse next", Kind.READ),
    554: ("Translate browse paths", Kind.READ),
    560: ("Register nodes", Kind.SESSION),
    566: ("Unregister nodes", Kind.SESSION),
    631: ("Read", Kind.READ),
    664: ("History read", Kind.READ),
    673: ("Write", Kind.WRITE),
    700: ("History update", Kind.WRITE),
    712: ("Call", Kind.WRITE),
    751: ("Create monitored items", Kind.SESSION),
    763: ("Modify monitored items", Kind.SESSION),
    769: ("Set monitoring mode", Kind.SESSION),
    781: ("Delete monitored items", Kind.SESSION),
    787: ("Create subscription", Kind.SESSION),
    793: ("Modify subscription", Kind.SESSION),
    799: ("Set publishing mode", Kind.SESSION),
    826: ("Publish", Kind.READ),
    832: ("Republish", Kind.READ),
    841: ("Transfer subscriptions", Kind.SESSION),
    847: ("Delete subscriptions", Kind.SESSION),
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
    head = Cursor(data, start, end, "little")
    kind = head.text(3, "Message").encode()
    chunk = head.text(1, "Chunk")
    head.number(4, "Length")
    context.layer("opcua", head, start, end)
    if kind in _GREETINGS:
        name = _GREETINGS[kind]
        role = Role.REQUEST if kind == b"HEL" else Role.RESPONSE
        error = f"status 0x{head.number(4, 'Status', hexa=True):08x}" if kind == b"ERR" else ""
        context.add_message("opcua", kind.decode(), name, Kind.SESSION, role, error=error)
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
        _say_protected(kind, context)
        return
    head.number(4, "Sequence")
    request = head.number(4, "Request")
    _collect(head, chunk, request, context)


def _size(cursor: Cursor) -> int:
    """Read the length of a string; -1 is a string that is not there."""
    size = cursor.number(4)
    return 0 if size == 0xFFFFFFFF else size


def _is_readable(head: Cursor) -> bool:
    """Whether a message of a secured channel is signed only: its service has a known number."""
    probe = Cursor(head.data, head.at, head.end, "little")
    try:
        probe.take(8)
        number = _node_number(probe)
    except ShortMessageError:
        return False
    return number == _FAULT or number in SERVICES or number - 3 in SERVICES


def _say_protected(kind: bytes, context: Context) -> None:
    name = "Open secure channel, encrypted" if kind == b"OPN" else "Encrypted message"
    context.add_message("opcua", kind.decode(), name, Kind.OTHER, context.role)


def _collect(head: Cursor, chunk: str, request: int, context: Context) -> None:
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
        body = Cursor(bytes(earlier) + head.data[head.at : head.end], 0, None, "little")
        _service(body, context)


def _service(body: Cursor, context: Context) -> None:
    at = body.at
    number = _node_number(body)
    is_answer = number not in SERVICES
    request = number - 3 if is_answer else number
    name, kind = SERVICES.get(request, (f"Service {number}", Kind.OTHER))
    if number == _FAULT:
        name = "Service fault"
    body.note("Service", f"{name} ({number})", at, body.at - at)
    counter = ("opcua_service_node_ids", str(number))
    role = Role.RESPONSE if is_answer else Role.REQUEST
    error = ""
    if is_answer and body.left >= 16:
        body.take(12)
        status = body.number(4, "Result", hexa=True)
        error = f"status 0x{status:08x}" if status & 0x80000000 else ""
    if body.left:
        body.octets(body.left, "Parameters", hidden=True)
    code = str(number if number == _FAULT or request not in SERVICES else request)
    context.add_message("opcua", code, name, kind, role, counter, error=error)


def _node_number(cursor: Cursor) -> int:
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
