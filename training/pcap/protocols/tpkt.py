"""TPKT (RFC 1006) and COTP (ISO 8073), the envelope of S7comm on port 102."""

from dataclasses import replace

from training.pcap.context import Context
from training.pcap.cursor import Cursor
from training.pcap.errors import NotThisProtocolError, ShortMessageError

from . import s7comm

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
    head = Cursor(data, start, end)
    head.number(1, "Version")
    head.number(1)
    head.number(2, "Length")
    context.layer("tpkt", head, start)
    cotp = Cursor(data, head.at, end)
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
        s7comm.read(data, start, end, context)
        return
    context.take(side)
    whole = bytes(waiting) + data[start:end]
    joined = replace(context, buffer=whole)
    joined.layer("cotp.segments", Cursor(whole), 0, len(whole))
    s7comm.read(whole, 0, len(whole), joined)
