"""CIP in words: common services, objects and statuses (ODVA's CIP, volume 1)."""

from training.pcap.messages import Kind

COMMON: dict[int, tuple[str, Kind]] = {
    0x01: ("Get attributes all", Kind.READ),
    0x02: ("Set attributes all", Kind.WRITE),
    0x03: ("Get attribute list", Kind.READ),
    0x04: ("Set attribute list", Kind.WRITE),
    0x05: ("Reset", Kind.RESTART),
    0x06: ("Start", Kind.START),
    0x07: ("Stop", Kind.STOP),
    0x08: ("Create", Kind.PROGRAM),
    0x09: ("Delete", Kind.PROGRAM),
    0x0A: ("Multiple service packet", Kind.OTHER),
    0x0D: ("Apply attributes", Kind.WRITE),
    0x0E: ("Get attribute single", Kind.READ),
    0x10: ("Set attribute single", Kind.WRITE),
    0x11: ("Find next instance", Kind.READ),
    0x15: ("Restore", Kind.PROGRAM),
    0x16: ("Save", Kind.PROGRAM),
    0x17: ("No operation", Kind.SESSION),
    0x18: ("Get member", Kind.READ),
    0x19: ("Set member", Kind.WRITE),
    0x1A: ("Insert member", Kind.WRITE),
    0x1B: ("Remove member", Kind.WRITE),
}
_CONNECTION: dict[int, tuple[str, Kind]] = {
    0x4E: ("Forward close", Kind.SESSION),
    0x52: ("Unconnected send", Kind.OTHER),
    0x54: ("Forward open", Kind.SESSION),
    0x5A: ("Get connection owner", Kind.READ),
    0x5B: ("Large forward open", Kind.SESSION),
}
_FILE: dict[int, tuple[str, Kind]] = {
    0x4B: ("Initiate upload", Kind.UPLOAD),
    0x4C: ("Initiate download", Kind.PROGRAM),
    0x4F: ("Upload transfer", Kind.UPLOAD),
    0x50: ("Download transfer", Kind.PROGRAM),
    0x51: ("Clear file", Kind.PROGRAM),
}
_TAGS: dict[int, tuple[str, Kind]] = {
    0x4C: ("Read tag", Kind.READ),
    0x4D: ("Write tag", Kind.WRITE),
    0x4E: ("Read modify write tag", Kind.WRITE),
    0x52: ("Read tag fragmented", Kind.READ),
    0x53: ("Write tag fragmented", Kind.WRITE),
    0x55: ("Get instance attribute list", Kind.READ),
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


def name_service(service: int, class_id: int | None) -> tuple[str, Kind]:
    """Return a service's name and kind; from 0x4B on a service means what its class says."""
    if service < 0x4B:
        return COMMON.get(service, (f"Service 0x{service:02x}", Kind.OTHER))
    words = _BY_CLASS.get(class_id, {})
    if service in words:
        return words[service]
    owner = "" if class_id is None else f" of {CLASSES.get(class_id, f'class 0x{class_id:02x}')}"
    return f"Service 0x{service:02x}{owner}", Kind.OTHER
