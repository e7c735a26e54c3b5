"""DNS, only as far as to recognise a question that does not come on port 53."""

from training.pcap.cursor import Cursor
from training.pcap.errors import ShortMessageError


def is_query(data: bytes, start: int, end: int) -> bool:
    """Whether a datagram is one standard question: a header, a name, a type and class IN."""
    cursor = Cursor(data, start, end)
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
