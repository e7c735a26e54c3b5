"""GOOSE (IEC 61850-8-1): the header of a message between protection devices, on layer 2."""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import ExchangeSide, OperationKind, ShortMessageError

ETHERTYPE = 0x88B8
_PDU, _ALL_DATA = 0x61, 0xAB
_TEXT = {0x80: "Control block", 0x82: "Data set", 0x83: "GOOSE ID"}
_NUMBERS = {
    0x81: "Time allowed to live (ms)",
    0x85: "State number",
    0x86: "Sequence number",
    0x87: "Simulation",
    0x88: "Configuration revision",
    0x89: "Needs commissioning",
    0x8A: "Entries",
}
_MAX_TAGS = 32


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Read one GOOSE message: who publishes, and its state and sequence numbers."""
    head = ByteCursor(data, start, end)
    head.number(2, "Application ID", hexa=True)
    length = head.number(2, "Length")
    head.number(2, "Reserved 1", hexa=True)
    head.number(2, "Reserved 2", hexa=True)
    finish = min(end, start + max(length, 8))
    context.layer("goose", head, start, finish)
    head.end = finish
    if head.number(1) != _PDU:
        raise ShortMessageError
    size = _length(head)
    head.end = min(head.end, head.at + size)
    block, numbers = _header(head)
    if head.at < head.end:
        raise ShortMessageError
    # tshark lists the wrapper of the data set as a layer, and so does the ground truth.
    context.result.add("ber.encoding_boiler_plate", head.end, 0)
    detail = f"{block}, state {numbers.get(0x85, 0)}, sequence {numbers.get(0x86, 0)}"
    counter = ("goose_control_blocks", block)
    context.add_message(
        "goose",
        "0x88b8",
        "GOOSE message",
        OperationKind.REPORT,
        ExchangeSide.NOTICE,
        counter,
        detail=detail,
    )


def _header(head: ByteCursor) -> tuple[str, dict[int, int]]:
    block, numbers = "", {}
    for _ in range(_MAX_TAGS):
        if not head.left:
            break
        at = head.at
        tag, size = head.number(1), _length(head)
        if tag in _TEXT:
            text = head.text(size, _TEXT[tag])
            block = text if tag == 0x80 else block
        elif tag in _NUMBERS and size <= 8:
            numbers[tag] = head.number(size, _NUMBERS[tag])
        else:
            head.take(size)
            if tag == _ALL_DATA:
                head.note("Values", f"{size} bytes", at, head.at - at, hidden=True)
    return block, numbers


def _length(cursor: ByteCursor) -> int:
    """Read a BER length, short or long."""
    first = cursor.number(1)
    if first < 0x80:
        return first
    if first & 0x7F > 4:
        raise ShortMessageError
    return cursor.number(first & 0x7F)
