"""What reading gives back (frames as layers and fields, messages as OT operations), how much is
read, and what can go wrong.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class CaptureError(Exception):
    """The file cannot be read as a capture. The text is a sentence for a person."""


class ShortMessageError(Exception):
    """A message ends before the fields that its own lengths or codes announce."""


class NotThisProtocolError(Exception):
    """The bytes on a protocol's port do not belong to that protocol."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one reading; where one is met, reading stops and says so.

    `seconds` counts from the first frame. The state kept between frames is bounded as well:
    `flows` TCP connections, `conversations` rows and `pending_bytes` per direction of a connection.
    """

    frames: int = 1_000_000
    bytes: int = 128 * 1024 * 1024
    seconds: float = 40.0
    frame_bytes: int = 262_144
    flows: int = 20_000
    conversations: int = 50_000
    pending_bytes: int = 1024 * 1024
    fragments: int = 1_000
    operations: int = 5_000


class OperationKind(StrEnum):
    """What an operation does to the controller that receives it."""

    READ = "read"
    WRITE = "write"
    PROGRAM = "program"  # logic, configuration or firmware goes to the controller (a download)
    UPLOAD = "upload"  # logic is copied from the controller
    STOP = "stop"
    START = "start"
    RESTART = "restart"
    DISCOVERY = "discovery"  # who is there, and what are you
    REPORT = "report"  # sent unasked: values, events, cyclic messages
    SESSION = "session"  # opening, keeping and closing a connection
    OTHER = "other"


class ExchangeSide(StrEnum):
    """Which side of an exchange a message is."""

    REQUEST = "request"
    RESPONSE = "response"
    NOTICE = "notice"  # nobody asked and nobody answers


@dataclass(frozen=True, slots=True)
class MessageField:
    """One field of a message and the bytes it is read from.

    `start` counts from the beginning of the buffer that the layer names. `hidden` marks what the
    plant keeps to itself (process values, passwords, program bytes): pages cover it by default.
    """

    label: str
    text: str
    start: int
    length: int
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an OT protocol.

    `code` is written as the ground truth writes it: decimal for Modbus, `0x29` for S7. `counters`
    are the (member, key) pairs that this message adds to a summary's `decoded`. `is_first` is
    False where a message continues an operation, so that a program download of ten blocks counts
    as one. `error` is empty where the other side agreed or has not answered yet.
    """

    protocol: str
    code: str
    name: str
    kind: OperationKind
    role: ExchangeSide
    counters: tuple[tuple[str, str], ...] = ()
    is_first: bool = True
    error: str = ""
    detail: str = ""


@dataclass(slots=True)
class ProtocolLayer:
    """One protocol inside a frame.

    `start` and `length` count in the frame's bytes, or in `buffer` where the message was put
    together from several frames. Layers are named as tshark names them.
    """

    name: str
    start: int
    length: int
    fields: list[MessageField] = field(default_factory=list)
    buffer: bytes | None = None


@dataclass(frozen=True, slots=True)
class ConversationEnd:
    """One end of a conversation: an IP address with its port, or a hardware address."""

    address: str
    port: int | None = None


@dataclass(slots=True)
class Dissection:
    """One frame taken apart.

    `transport` is tcp, udp, ip or ethernet: what separates conversations. `is_late` marks layers
    of an earlier frame that could be read only at the end of the capture.
    """

    number: int
    time_ns: int
    wire_length: int
    layers: list[ProtocolLayer] = field(default_factory=list)
    transport: str = ""
    source: ConversationEnd | None = None
    destination: ConversationEnd | None = None
    from_client: bool = True
    messages: list[Message] = field(default_factory=list)
    counters: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""
    is_late: bool = False

    @property
    def names(self) -> set[str]:
        """The layers' names, each once."""
        return {layer.name for layer in self.layers}

    def add(
        self, name: str, start: int, length: int, fields: list[MessageField] | None = None
    ) -> ProtocolLayer:
        """Append a layer that lies in the frame's own bytes."""
        layer = ProtocolLayer(name, start, length, fields or [])
        self.layers.append(layer)
        return layer
