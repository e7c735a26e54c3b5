"""CIP (ODVA's CIP, volume 1): services, the objects that they are sent to, and messages inside
messages.
"""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import ExchangeSide, OperationKind, ShortMessageError

COMMON: dict[int, tuple[str, OperationKind]] = {
    0x01: ("Get attributes all", OperationKind.READ),
    0x02: ("Set attributes all", OperationKind.WRITE),
    0x03: ("Get attribute list", OperationKind.READ),
    0x04: ("Set attribute list", OperationKind.WRITE),
    0x05: ("Reset", OperationKind.RESTART),
    0x06: ("Start", OperationKind.START),
    0x07: ("Stop", OperationKind.STOP),
    0x08: ("Create", OperationKind.PROGRAM),
    0x09: ("Delete", OperationKind.PROGRAM),
    0x0A: ("Multiple service packet", OperationKind.OTHER),
    0x0D: ("Apply attributes", OperationKind.WRITE),
    0x0E: ("Get attribute single", OperationKind.READ),
    0x10: ("Set attribute single", OperationKind.WRITE),
    0x11: ("Find next instance", OperationKind.READ),
    0x15: ("Restore", OperationKind.PROGRAM),
    0x16: ("Save", OperationKind.PROGRAM),
    0x17: ("No operation", OperationKind.SESSION),
    0x18: ("Get member", OperationKind.READ),
    0x19: ("Set member", OperationKind.WRITE),
    0x1A: ("Insert member", OperationKind.WRITE),
    0x1B: ("Remove member", OperationKind.WRITE),
}
_CONNECTION: dict[int, tuple[str, OperationKind]] = {
    0x4E: ("Forward close", OperationKind.SESSION),
    0x52: ("Unconnected send", OperationKind.OTHER),
    0x54: ("Forward open", OperationKind.SESSION),
    0x5A: ("Get connection owner", OperationKind.READ),
    0x5B: ("Large forward open", OperationKind.SESSION),
}
_FILE: dict[int, tuple[str, OperationKind]] = {
    0x4B: ("Initiate upload", OperationKind.UPLOAD),
    0x4C: ("Initiate download", OperationKind.PROGRAM),
    0x4F: ("Upload transfer", OperationKind.UPLOAD),
    0x50: ("Download transfer", OperationKind.PROGRAM),
    0x51: ("Clear file", OperationKind.PROGRAM),
}
_TAGS: dict[int, tuple[str, OperationKind]] = {
    0x4C: ("Read tag", OperationKind.READ),
    0x4D: ("Write tag", OperationKind.WRITE),
    0x4E: ("Read modify write tag", OperationKind.WRITE),
    0x52: ("Read tag fragmented", OperationKind.READ),
    0x53: ("Write tag fragmented", OperationKind.WRITE),
    0x55: ("Get instance attribute list", OperationKind.READ),
}
_BY_CLASS = {0x06: _CONNECTION, 0x37: _FILE, 0x6B: _TAGS, None: _TAGS}
CONTINUES = {(0x37, 0x50), (0x37, 0x4F)}

CLASSES = {
    0x01: "Identity",
    0x02: "Message router",
    0x04: "Assembly",
    0x06: "Connection manager",
    0x37: "File",
    0x6B: "Symbol",
    0x6C: "Template",
    0xF5: "TCP/IP interface",
    0xF6: "Ethernet link",
}
STATUSES = {
    0x00: "success",
    0x01: "connection failure",
    0x02: "resource unavailable",
    0x03: "invalid parameter",
    0x04: "path segment error",
    0x05: "path destination unknown",
    0x06: "partial transfer",
    0x08: "service not supported",
    0x0B: "already in requested mode",
    0x0C: "object state conflict",
    0x0E: "attribute not settable",
    0x0F: "privilege violation",
    0x10: "device state conflict",
    0x13: "not enough data",
    0x14: "attribute not supported",
    0x15: "too much data",
    0x16: "object does not exist",
    0x1E: "embedded service error",
    0x1F: "vendor specific error",
}


def name_service(service: int, class_id: int | None) -> tuple[str, OperationKind]:
    """Return a service's name and kind; from 0x4B on the class defines it."""
    if service < 0x4B:
        return COMMON.get(service, (f"Service 0x{service:02x}", OperationKind.OTHER))
    words = _BY_CLASS.get(class_id, {})
    if service in words:
        return words[service]
    owner = "" if class_id is None else f" of {CLASSES.get(class_id, f'class 0x{class_id:02x}')}"
    return f"Service 0x{service:02x}{owner}", OperationKind.OTHER


_MULTIPLE, _UNCONNECTED_SEND = 0x0A, 0x52
_ROUTER, _CONNECTION_MANAGER = 0x02, 0x06
_MAX_DEPTH = 3
_MAX_SERVICES = 128  # in one message, with all that it wraps


def read(data: bytes, start: int, end: int, context: Context, *, key: tuple[object, ...]) -> None:
    """Read one CIP message; `key` pairs an answer with its request on this connection."""
    cursor = ByteCursor(data, start, end, "little")
    if cursor.peek() & 0x80:
        request = context.take(key)
        _read_answer(cursor, context, request, depth=0)
        return
    context.remember(key, _read_request(cursor, context, depth=0, budget=[_MAX_SERVICES]))


class _Request:
    """What is remembered of a request: its service, its class, and what it carried inside."""

    __slots__ = ("class_id", "inner", "service")

    def __init__(self, service: int, class_id: int | None, inner: "list[_Request]") -> None:
        self.service = service
        self.class_id = class_id
        self.inner = inner


def _read_request(
    cursor: ByteCursor, context: Context, *, depth: int, budget: list[int]
) -> _Request:
    """Read a request: service, path, data."""
    begin = cursor.at
    budget[0] -= 1
    service = cursor.number(1)
    path_start, words = cursor.at + 1, cursor.number(1)
    path = cursor.take(words * 2)
    class_id, where = read_path(path)
    name, kind = name_service(service, class_id)
    cursor.note("Service", f"{name} (0x{service:02x})", begin, 1)
    cursor.note("Path", where, path_start, len(path))
    if cursor.left and depth == 0:
        cursor.note_rest("Data")
    if depth == 0:
        context.layer("cip", cursor, begin, cursor.end)
        _name_class(service, class_id, cursor, context)
    counter = ("cip_services", f"0x{service:02x}")
    wraps = _wraps(service, class_id)
    if wraps:
        context.count(*counter)
    else:
        code = f"0x{service:02x}"
        is_first = (class_id, service) not in CONTINUES
        context.add_message(
            "cip", code, name, kind, ExchangeSide.REQUEST, counter, is_first=is_first, detail=where
        )
    inner: list[_Request] = []
    if wraps and depth < _MAX_DEPTH:
        for part in _parts(cursor, service):
            if budget[0] <= 0:
                break
            inner.append(_read_request(part, context, depth=depth + 1, budget=budget))
    return _Request(service, class_id, inner)


def _wraps(service: int, class_id: int | None) -> bool:
    """Whether a service only carries other services."""
    return (service == _MULTIPLE and class_id == _ROUTER) or (
        service == _UNCONNECTED_SEND and class_id == _CONNECTION_MANAGER
    )


def _parts(cursor: ByteCursor, service: int) -> list[ByteCursor]:
    """Return a cursor for each message that a wrapping request carries."""
    data = cursor.data
    if service == _UNCONNECTED_SEND:
        cursor.take(2)
        size = cursor.number(2)
        if size > cursor.left:
            raise ShortMessageError
        return [ByteCursor(data, cursor.at, cursor.at + size, "little")]
    return _multiple(cursor)


def _multiple(cursor: ByteCursor) -> list[ByteCursor]:
    """Cut a multiple service packet at its offsets."""
    base = cursor.at
    count = min(cursor.number(2), _MAX_SERVICES)
    offsets = [cursor.number(2) for _ in range(count)]
    ends = [*offsets[1:], cursor.end - base]
    return [
        ByteCursor(cursor.data, base + offset, min(base + end, cursor.end), "little")
        for offset, end in zip(offsets, ends, strict=True)
        if 2 + 2 * count <= offset < end and base + offset < cursor.end
    ]


def _read_answer(
    cursor: ByteCursor, context: Context, request: _Request | None, *, depth: int
) -> None:
    """Read an answer: service with the high bit set, status, data."""
    begin = cursor.at
    code = cursor.number(1)
    cursor.number(1)
    status, words = cursor.number(1), cursor.number(1)
    cursor.take(words * 2)
    service = code & 0x7F
    outer, request = request, _unwrap(request, service)
    class_id = request.class_id if request else None
    name, kind = name_service(service, class_id)
    cursor.note("Service", f"{name}, answer (0x{code:02x})", begin, 1)
    cursor.note("Status", f"{STATUSES.get(status, 'error')} (0x{status:02x})", begin + 2, 1)
    if cursor.left and depth == 0:
        cursor.note_rest("Data")
    if depth == 0:
        context.layer("cip", cursor, begin, cursor.end)
        _name_class(
            outer.service if outer else service, outer.class_id if outer else None, cursor, context
        )
    counter = ("cip_services", f"0x{code:02x}")
    error = f"{STATUSES.get(status, 'error')} (0x{status:02x})" if status else ""
    if service == _MULTIPLE and (request is None or request.class_id == _ROUTER):
        context.count(*counter)
        if cursor.left >= 2 and depth < _MAX_DEPTH:
            for index, part in enumerate(_multiple(cursor)):
                inner = request.inner[index] if request and index < len(request.inner) else None
                _read_answer(part, context, inner, depth=depth + 1)
        return
    context.add_message(
        "cip", f"0x{service:02x}", name, kind, ExchangeSide.RESPONSE, counter, error=error
    )


def _unwrap(request: _Request | None, service: int) -> _Request | None:
    """An unconnected send that succeeds is answered with the answer to what it carried."""
    if request and request.service == _UNCONNECTED_SEND and service != _UNCONNECTED_SEND:
        return request.inner[0] if request.inner else None
    return request


def _name_class(service: int, class_id: int | None, cursor: ByteCursor, context: Context) -> None:
    """Add the layer that tshark adds for the connection manager and for other own services."""
    if class_id == _CONNECTION_MANAGER:
        context.result.add("cipcm", cursor.at, cursor.left).buffer = context.buffer
    elif service >= 0x4B:
        context.result.add("cipcls", cursor.at, cursor.left).buffer = context.buffer


def read_path(path: bytes) -> tuple[int | None, str]:
    """Return the class that a request path names, and the whole path in words."""
    cursor = ByteCursor(path, 0, None, "little")
    class_id: int | None = None
    words: list[str] = []
    try:
        while cursor.left:
            segment = cursor.number(1)
            if segment == 0x91:  # a symbol: the name of a tag
                size = cursor.number(1)
                words.append(f"tag {cursor.text(size)}")
                cursor.take(min(size % 2, cursor.left))
                continue
            if segment >> 5 != 1:  # ports and data segments are not needed here
                break
            value = _logical(cursor, segment)
            kind = segment >> 2 & 0x07
            if kind == 0 and class_id is None:
                class_id = value
                words.append(CLASSES.get(value, f"class 0x{value:02x}"))
            elif kind in {1, 2, 4}:
                label = {1: "instance", 2: "member", 4: "attribute"}[kind]
                words.append(f"{label} {value}")
    except ShortMessageError:
        words.append("a path that ends too early")
    return class_id, ", ".join(words)


def _logical(cursor: ByteCursor, segment: int) -> int:
    """Read the value of a logical segment: one byte, or a padded two or four."""
    size = {0: 1, 1: 2, 2: 4}.get(segment & 0x03, 0)
    if size > 1:
        cursor.take(1)
    return cursor.number(size) if size else 0
