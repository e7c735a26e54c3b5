"""What a protocol's reader works with: a cursor over the bytes, and a context that takes what it
finds and remembers earlier messages of a connection.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal

from training.pcap.messages import (
    Dissection,
    ExchangeSide,
    Message,
    MessageField,
    OperationKind,
    ProtocolLayer,
    ShortMessageError,
)

Order = Literal["big", "little"]
Words = dict[int, str]


class ByteCursor:
    """A position in `data` that moves forward; it never reads past `end`.

    Every labelled read adds a `MessageField`. Raises ShortMessageError where the bytes are used up.
    """

    __slots__ = ("at", "data", "end", "fields", "order")

    def __init__(
        self, data: bytes, at: int = 0, end: int | None = None, order: Order = "big"
    ) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else min(end, len(data))
        self.order: Order = order
        self.fields: list[MessageField] = []

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
            self.fields.append(MessageField(label, text, start, size, hidden))
        return value

    def octets(self, size: int, label: str = "", *, hidden: bool = False) -> bytes:
        """Return `size` bytes, shown in hexadecimal."""
        start = self.at
        piece = self.take(size)
        if label:
            text = piece[:32].hex(" ") + (" …" if size > 32 else "")
            self.fields.append(MessageField(label, text, start, size, hidden))
        return piece

    def text(self, size: int, label: str = "", *, hidden: bool = False) -> str:
        """Return `size` bytes as text; what is not printable becomes a dot."""
        start = self.at
        piece = self.take(size)
        printable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        if label:
            self.fields.append(MessageField(label, printable, start, size, hidden))
        return printable

    def ipv4(self, label: str) -> str:
        """Return an IPv4 address."""
        start = self.at
        address = str(ipaddress.IPv4Address(self.take(4)))
        self.fields.append(MessageField(label, address, start, 4))
        return address

    def note_rest(self, label: str) -> None:
        """Add the unread bytes as a hidden field, without moving."""
        self.note(
            label, self.data[self.at : self.end][:32].hex(" "), self.at, self.left, hidden=True
        )

    def note(self, label: str, text: str, start: int, length: int, *, hidden: bool = False) -> None:
        """Add a field whose text was made elsewhere."""
        self.fields.append(MessageField(label, text, start, length, hidden))


class ConnectionState:
    """What is kept between messages: parts of messages and requests that wait for an answer.

    One for a whole capture, so that its size is bounded: beyond `limit` the oldest is forgotten.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def put(self, key: object, value: object) -> None:
        """Keep a value."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def get(self, key: object) -> Any:
        """Return a value, or None."""
        return self._kept.get(key)

    def pop(self, key: object) -> Any:
        """Return a value and forget it; None where there is none."""
        return self._kept.pop(key, None)


@dataclass(slots=True)
class Context:
    """One message's surroundings.

    `from_client` states which side sent it; `flow` numbers its connection; `buffer` is set where
    the message was put together from several frames.
    """

    result: Dissection
    from_client: bool = True
    state: ConnectionState = field(default_factory=ConnectionState)
    flow: int = 0
    buffer: bytes | None = None

    def remember(self, key: tuple[object, ...], value: object) -> None:
        """Keep a value for later messages of this connection."""
        self.state.put((self.flow, *key), value)

    def recall(self, key: tuple[object, ...]) -> Any:
        """Return what was kept, or None."""
        return self.state.get((self.flow, *key))

    def take(self, key: tuple[object, ...]) -> Any:
        """Return what was kept and forget it."""
        return self.state.pop((self.flow, *key))

    @property
    def role(self) -> ExchangeSide:
        """Request or response, by the side that sent it."""
        return ExchangeSide.REQUEST if self.from_client else ExchangeSide.RESPONSE

    def layer(
        self, name: str, cursor: ByteCursor, start: int, end: int | None = None
    ) -> ProtocolLayer:
        """Add a layer with the fields that the cursor has read so far."""
        length = (cursor.at if end is None else end) - start
        layer = ProtocolLayer(name, start, length, cursor.fields, self.buffer)
        self.result.layers.append(layer)
        return layer

    def count(self, member: str, key: str) -> None:
        """Count one occurrence of a code that is no operation of its own, such as an envelope."""
        self.result.counters.append((member, key))

    def add_message(
        self,
        protocol: str,
        code: str,
        name: str,
        kind: OperationKind,
        role: ExchangeSide,
        *counters: tuple[str, str],
        is_first: bool = True,
        error: str = "",
        detail: str = "",
    ) -> None:
        """Add one message of an OT protocol."""
        self.result.messages.append(
            Message(protocol, code, name, kind, role, counters, is_first, error, detail)
        )
