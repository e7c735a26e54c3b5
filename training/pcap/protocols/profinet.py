"""PROFINET on layer 2: DCP, the protocol that names devices and sets their addresses."""

from training.pcap.cursor import Context, Cursor
from training.pcap.messages import Kind, Role

ETHERTYPE = 0x8892
_DCP_FRAMES = range(0xFEFC, 0xFF00)
SERVICES: dict[int, tuple[str, Kind]] = {
    3: ("Get", Kind.READ),
    4: ("Set", Kind.WRITE),
    5: ("Identify", Kind.DISCOVERY),
    6: ("Hello", Kind.DISCOVERY),
}
_SETS: dict[tuple[int, int], tuple[str, Kind]] = {
    (1, 2): ("Set the IP address", Kind.WRITE),
    (2, 2): ("Set the station name", Kind.WRITE),
    (5, 3): ("Flash the light", Kind.OTHER),
    (5, 5): ("Reset to factory settings", Kind.RESTART),
    (5, 6): ("Reset to factory", Kind.RESTART),
}
_BLOCKS = {
    (1, 1): "MAC address",
    (1, 2): "IP parameters",
    (2, 1): "Vendor",
    (2, 2): "Station name",
    (2, 3): "Device ID",
    (2, 4): "Device role",
    (2, 5): "Device options",
    (5, 4): "Response",
    (255, 255): "All",
}
_BLOCK_ERRORS = {1: "option not supported", 2: "suboption not supported", 4: "resource error"}
_BLOCK_ERRORS |= {3: "suboption not set", 5: "local reasons", 6: "not possible in this state"}
_MAX_BLOCKS = 64


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one PROFINET frame; only DCP is opened, cyclic data stay closed."""
    head = Cursor(data, start, end)
    frame_id = head.number(2, "Frame ID", hexa=True)
    context.layer("pn_rt", head, start, end)
    if frame_id not in _DCP_FRAMES:
        return
    dcp = Cursor(data, head.at, end)
    begin = dcp.at
    code = dcp.number(1)
    name, kind = SERVICES.get(code, (f"Service {code}", Kind.OTHER))
    dcp.note("Service", f"{name} ({code})", begin, 1)
    answer = dcp.number(1)
    dcp.number(4, "Transaction", hexa=True)
    dcp.number(2)
    length = dcp.number(2, "Length")
    layer = context.layer("pn_dcp", dcp, begin, end)
    dcp.end = min(dcp.end, dcp.at + length)
    role = Role.RESPONSE if answer else Role.REQUEST
    if code == 6:
        role = Role.NOTICE
    block, detail, error = _blocks(dcp, code, role)
    if code == 4 and block in _SETS:
        name, kind = _SETS[block]
    layer.length = dcp.at - begin
    counter = ("dcp_service_ids", str(code))
    context.add_message(
        "profinet-dcp",
        str(code),
        name,
        kind,
        role,
        counter,
        error=error or _fault(answer),
        detail=detail,
    )


def _fault(answer: int) -> str:
    return "service not supported" if answer & 0x04 else ""


def _blocks(dcp: Cursor, code: int, role: Role) -> tuple[tuple[int, int] | None, str, str]:
    """Read the blocks: what is set or told; return the first kind, a phrase and an error."""
    first: tuple[int, int] | None = None
    phrases: list[str] = []
    error = ""
    for _ in range(_MAX_BLOCKS):
        if dcp.left < (2 if code == 3 and role is Role.REQUEST else 4):
            break
        option = (dcp.number(1), dcp.number(1))
        first = first or option
        if code == 3 and role is Role.REQUEST:
            continue
        length = dcp.number(2)
        body = Cursor(dcp.data, dcp.at, min(dcp.at + length, dcp.end))
        dcp.take(min(length + length % 2, dcp.left))
        if option == (5, 4) and body.left >= 3:
            first = (body.number(1), body.number(1))
            fault = body.number(1)
            error = _BLOCK_ERRORS.get(fault, f"error {fault}") if fault else ""
            continue
        has_prefix = role is not Role.REQUEST or code == 4
        if has_prefix and body.left >= 2:
            body.take(2)
        phrases += _block_phrase(option, body, dcp)
    return first, ", ".join(phrases), error


def _block_phrase(option: tuple[int, int], body: Cursor, dcp: Cursor) -> list[str]:
    """Show a block that people care about: the name or the address."""
    label, at, size = _BLOCKS.get(option, f"Block {option[0]}/{option[1]}"), body.at, body.left
    if option == (2, 2):
        name = body.text(body.left)
        dcp.note(label, name, at, size)
        return [name]
    if option == (1, 2) and body.left >= 12:
        address = body.ipv4("Address")
        dcp.note(label, address, at, size)
        return [address]
    dcp.note(label, f"{size} bytes", at, size)
    return []
