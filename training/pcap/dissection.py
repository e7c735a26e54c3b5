"""What became of one frame: its layers, its ends and its OT messages."""

from dataclasses import dataclass, field

from .messages import Field, Message


@dataclass(slots=True)
class Layer:
    """One protocol inside a frame.

    `start` and `length` count in the frame's bytes, or in `buffer` where the message was put
    together from several frames. Layers are named as tshark names them.
    """

    name: str
    start: int
    length: int
    fields: list[Field] = field(default_factory=list)
    buffer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a conversation: an IP address with its port, or a hardware address."""

    address: str
    port: int | None = None


@dataclass(slots=True)
class Dissection:
    """One frame taken apart.

    `transport` is tcp, udp, ip or ethernet: what tells conversations apart. `is_late` marks layers
    of an earlier frame that could be read only at the end of the capture.
    """

    number: int
    time_ns: int
    wire_length: int
    layers: list[Layer] = field(default_factory=list)
    transport: str = ""
    source: Endpoint | None = None
    destination: Endpoint | None = None
    from_client: bool = True
    messages: list[Message] = field(default_factory=list)
    tallies: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""
    is_late: bool = False

    @property
    def names(self) -> set[str]:
        """The layers' names, each once."""
        return {layer.name for layer in self.layers}

    def add(self, name: str, start: int, length: int, fields: list[Field] | None = None) -> Layer:
        """Append a layer that stands in the frame's own bytes."""
        layer = Layer(name, start, length, fields or [])
        self.layers.append(layer)
        return layer
