"""PROFINET on layer 2: DCP, the protocol that names devices and sets their addresses."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import ExchangeSide, OperationKind

ETHERTYPE = 0x8892
_DCP_FRAMES = range(0xFEFC, 0xFF00)
SERVICES: dict[int, tuple[str, OperationKind]] = {
    3: ("Get", OperationKind.READ),
    4: ("Set", OperationKind.WRITE),
    5: ("Identify", OperationKind.DISCOVERY),
    6: ("Hello", OperationKind.DISCOVERY),
}
_SETS: dict[tuple[int, int], tuple[str, OperationKind]] = {
    (1, 2): ("Set the IP address", OperationKind.WRITE),
    (2, 2): ("Set the station name", OperationKind.WRITE),
    (5, 3): ("Flash the light", OperationKind.OTHER),
    (5, 5): ("Reset to factory settings", OperationKind.RESTART),
    (5, 6): ("Reset to factory", OperationKind.RESTART),
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
    head = ByteCursor(data, start, end)
    frame_id = head.number(2, "Frame ID", hexa=True)
    context.layer("pn_rt", head, start, end)
    if frame_id not in _DCP_FRAMES:
        return
    dcp = ByteCursor(data, head.at, end)
    begin = dcp.at
    code = dcp.number(1)
    name, kind = SERVICES.get(code, (f"Service {code}", OperationKind.OTHER))
    dcp.note("Service", f"{name} ({code})", begin, 1)
    answer = dcp.number(1)
    dcp.number(4, "Transaction", hexa=True)
    dcp.number(2)
    length = dcp.number(2, "Length")
    layer = context.layer("pn_dcp", dcp, begin, end)
    dcp.end = min(dcp.end, dcp.at + length)
    role = ExchangeSide.RESPONSE if answer else ExchangeSide.REQUEST
    if code == 6:
        role = ExchangeSide.NOTICE
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


def _blocks(
    dcp: ByteCursor, code: int, role: ExchangeSide
) -> tuple[tuple[int, int] | None, str, str]:
    """Read the blocks: what is set or reported; return the first kind, a phrase and an error."""
    first: tuple[int, int] | None = None
    phrases: list[str] = []
    error = ""
    for _ in range(_MAX_BLOCKS):
        if dcp.left < (2 if code == 3 and role is ExchangeSide.REQUEST else 4):
            break
        option = (dcp.number(1), dcp.number(1))
        first = first or option
        if code == 3 and role is ExchangeSide.REQUEST:
            continue
        length = dcp.number(2)
        body = ByteCursor(dcp.data, dcp.at, min(dcp.at + length, dcp.end))
        dcp.take(min(length + length % 2, dcp.left))
        if option == (5, 4) and body.left >= 3:
            first = (body.number(1), body.number(1))
            fault = body.number(1)
            error = _BLOCK_ERRORS.get(fault, f"error {fault}") if fault else ""
            continue
        has_prefix = role is not ExchangeSide.REQUEST or code == 4
        if has_prefix and body.left >= 2:
            body.take(2)
        phrases += _block_phrase(option, body, dcp)
    return first, ", ".join(phrases), error


def _block_phrase(option: tuple[int, int], body: ByteCursor, dcp: ByteCursor) -> list[str]:
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
