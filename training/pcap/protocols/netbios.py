"""NetBIOS datagrams on UDP 138, only as far as their names: what a Windows host calls around."""

from training.pcap.context import Context
from training.pcap.cursor import Cursor

PORT = 138
_HEADER = 14
_DIRECT = {0x10, 0x11, 0x12}


def read(data: bytes, start: int, end: int, context: Context) -> None:
    """Name the layers of a browser announcement."""
    head = Cursor(data, start, end)
    kind = head.number(1, "Message type", hexa=True)
    context.layer("nbdgm", head, start, end)
    if kind not in _DIRECT:
        return
    head.take(_HEADER - 1)
    for _ in range(2):
        _skip_name(head)
    rest = head.data[head.at : head.end]
    if not rest.startswith(b"\xffSMB"):
        return
    begin = head.at
    context.layer("smb", Cursor(data, begin, end), begin, end)
    place = rest.find(b"\\MAILSLOT\\")
    if place >= 0:
        context.layer("mailslot", Cursor(data, begin + place, end), begin + place, end)
        if rest.startswith(b"\\MAILSLOT\\BROWSE", place):
            context.layer("browser", Cursor(data, begin + place, end), begin + place, end)


def _skip_name(cursor: Cursor) -> None:
    for _ in range(8):
        size = cursor.number(1)
        if not size:
            return
        cursor.take(size & 0x3F)
