"""Reads fields off a buffer in order, and remembers what stood where."""

import ipaddress
from typing import Literal

from .errors import ShortMessageError
from .messages import Field

Order = Literal["big", "little"]
Words = dict[int, str]


class Cursor:
    """A position in `data` that moves forward; it never reads past `end`.

    Every labelled read adds a `Field`. Raises ShortMessageError where the bytes are used up.
    """

    __slots__ = ("at", "data", "end", "fields", "order")

    def __init__(
        self, data: bytes, at: int = 0, end: int | None = None, order: Order = "big"
    ) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else min(end, len(data))
        self.order: Order = order
        self.fields: list[Field] = []

    @property
    def left(self) -> int:
        """The number of bytes that are still unread."""
        return self.end - self.at

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        if size < 0 or size > self.end - self.at:
            raise ShortMessageError
        piece = self.data[self.at : self.at + size]
        self.at += size
        return piece

    def peek(self, offset: int = 0) -> int:
        """Return one byte without moving."""
        if self.at + offset >= self.end:
            raise ShortMessageError
        return self.data[self.at + offset]

    def number(
        self,
        size: int,
        label: str = "",
        *,
        words: Words | None = None,
        hexa: bool = False,
        hidden: bool = False,
    ) -> int:
        """Return an unsigned number of `size` bytes; `words` names it for people."""
        start = self.at
        value = int.from_bytes(self.take(size), self.order)
        if label:
            text = f"0x{value:0{size * 2}x}" if hexa else str(value)
            if words is not None:
                text = f"{words.get(value, 'unknown')} ({text})"
            self.fields.append(Field(label, text, start, size, hidden))
        return value

    def octets(self, size: int, label: str = "", *, hidden: bool = False) -> bytes:
        """Return `size` bytes, shown in hexadecimal."""
        start = self.at
        piece = self.take(size)
        if label:
            shown = piece[:32].hex(" ") + (" …" if size > 32 else "")
            self.fields.append(Field(label, shown, start, size, hidden))
        return piece

    def text(self, size: int, label: str = "", *, hidden: bool = False) -> str:
        """Return `size` bytes as text; what is not printable becomes a dot."""
        start = self.at
        piece = self.take(size)
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        if label:
            self.fields.append(Field(label, shown, start, size, hidden))
        return shown

    def ipv4(self, label: str) -> str:
        """Return an IPv4 address."""
        start = self.at
        address = str(ipaddress.IPv4Address(self.take(4)))
        self.fields.append(Field(label, address, start, 4))
        return address

    def note(self, label: str, text: str, start: int, length: int, *, hidden: bool = False) -> None:
        """Add a field whose text was made elsewhere."""
        self.fields.append(Field(label, text, start, length, hidden))
