"""What a protocol's reader is given beside the bytes, and where it puts what it finds."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from .cursor import Cursor, Order
from .dissection import Dissection, Layer
from .messages import Kind, Message, Role


class Memory:
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

    `from_client` says which side sent it; `flow` numbers its connection; `buffer` is set where the
    message was put together from several frames.
    """

    result: Dissection
    from_client: bool = True
    memory: Memory = field(default_factory=Memory)
    flow: int = 0
    buffer: bytes | None = None

    def remember(self, key: tuple[object, ...], value: object) -> None:
        """Keep a value for later messages of this connection."""
        self.memory.put((self.flow, *key), value)

    def recall(self, key: tuple[object, ...]) -> Any:
        """Return what was kept, or None."""
        return self.memory.get((self.flow, *key))

    def take(self, key: tuple[object, ...]) -> Any:
        """Return what was kept and forget it."""
        return self.memory.pop((self.flow, *key))

    @property
    def role(self) -> Role:
        """Request or response, by the side that sent it."""
        return Role.REQUEST if self.from_client else Role.RESPONSE

    def layer(self, name: str, cursor: Cursor, start: int, end: int | None = None) -> Layer:
        """Add a layer with the fields that the cursor has read so far."""
        length = (cursor.at if end is None else end) - start
        layer = Layer(name, start, length, cursor.fields, self.buffer)
        self.result.layers.append(layer)
        return layer

    def tally(self, member: str, key: str) -> None:
        """Count one occurrence of a code that is no operation of its own, such as an envelope."""
        self.result.tallies.append((member, key))

    def say(
        self,
        protocol: str,
        code: str,
        name: str,
        kind: Kind,
        role: Role,
        *tallies: tuple[str, str],
        is_first: bool = True,
        error: str = "",
        detail: str = "",
    ) -> None:
        """Add one message of an OT protocol."""
        self.result.messages.append(
            Message(protocol, code, name, kind, role, tallies, is_first, error, detail)
        )


def cursor_over(data: bytes, start: int, end: int, order: Order = "big") -> Cursor:
    """Return a cursor over `data[start:end]`."""
    return Cursor(data, start, end, order)
