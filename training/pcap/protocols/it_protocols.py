"""IT protocols, as far as to recognise them: a DNS question on another port than 53, and the
NetBIOS datagrams (UDP 138) with which Windows hosts announce themselves.
"""

from training.pcap.cursor import ByteCursor, Context
from training.pcap.messages import ShortMessageError


def is_dns_query(data: bytes, start: int, end: int) -> bool:
    """Whether a datagram is one standard question: a header, a name, a type and class IN."""
    cursor = ByteCursor(data, start, end)
    try:
        cursor.take(2)
        flags, counts = cursor.number(2), [cursor.number(2) for _ in range(4)]
        if flags & 0xFE8F or counts != [1, 0, 0, 0]:
            return False
        while size := cursor.number(1):
            if size > 63 or not cursor.text(size).isprintable():
                return False
        cursor.take(2)
        return cursor.number(2) == 1 and not cursor.left
    except ShortMessageError:
        return False


NETBIOS_PORT = 138
_HEADER = 14
_DIRECT = {0x10, 0x11, 0x12}


def read_netbios(data: bytes, start: int, end: int, context: Context) -> None:
    """Name the layers of a browser announcement."""
    head = ByteCursor(data, start, end)
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
    context.layer("smb", ByteCursor(data, begin, end), begin, end)
    place = rest.find(b"\\MAILSLOT\\")
    if place >= 0:
        context.layer("mailslot", ByteCursor(data, begin + place, end), begin + place, end)
        if rest.startswith(b"\\MAILSLOT\\BROWSE", place):
            context.layer("browser", ByteCursor(data, begin + place, end), begin + place, end)


def _skip_name(cursor: ByteCursor) -> None:
    for _ in range(8):
        size = cursor.number(1)
        if not size:
            return
        cursor.take(size & 0x3F)
