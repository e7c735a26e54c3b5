"""The words the reader answers in: fields of a message, and messages as OT operations."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
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


class Role(StrEnum):
    """Which side of an exchange a message is."""

    REQUEST = "request"
    RESPONSE = "response"
    NOTICE = "notice"  # nobody asked and nobody answers


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message and the bytes it stands on.

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

    `code` is written as the ground truth writes it: decimal for Modbus, `0x29` for S7. `tallies`
    are the (member, key) pairs that this message adds to a summary's `decoded`. `is_first` is
    False where a message continues an operation, so that a program download of ten blocks counts
    as one. `error` is empty where the other side agreed or has not answered yet.
    """

    protocol: str
    code: str
    name: str
    kind: Kind
    role: Role
    tallies: tuple[tuple[str, str], ...] = ()
    is_first: bool = True
    error: str = ""
    detail: str = ""
