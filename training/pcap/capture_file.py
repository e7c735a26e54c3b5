"""Frames of a pcap or pcapng file, read as a stream; the first bytes give the format."""

import os
import stat
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from training.pcap.messages import CaptureError, Limits
from training.pcap.network import LINK_TYPES

Order = Literal["<", ">"]

# Magic bytes → (struct byte order, nanoseconds per tick, the name of the format).
_PCAP: dict[bytes, tuple[Order, int, str]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000, "pcap little-endian us"),
    b"\xa1\xb2\xc3\xd4": (">", 1000, "pcap big-endian us"),
    b"\x4d\x3c\xb2\xa1": ("<", 1, "pcap little-endian ns"),
    b"\xa1\xb2\x3c\x4d": (">", 1, "pcap big-endian ns"),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _SIMPLE, _OLD_PACKET, _PACKET = 1, 3, 2, 6
_MAX_BLOCK = 16 * 1024 * 1024
_MAX_INTERFACES = 256


def format_of(head: bytes) -> str:
    """Return "pcap" or "pcapng" for the first four bytes of a file, else nothing."""
    return "pcapng" if head == _PCAPNG else "pcap" if head in _PCAP else ""


@dataclass(frozen=True, slots=True)
class CaptureFrame:
    """One frame as captured. `time_ns` counts from 1970; `offset` is its place in the file."""

    number: int
    time_ns: int
    link_type: int
    wire_length: int
    data: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class _Interface:
    link_type: int
    ticks: int  # per second
    offset_s: int = 0


@dataclass
class CaptureFile:
    """A capture opened for reading; iterate over `frames()` once.

    `problems` holds the sentences about what ended the reading early. Raises CaptureError where
    the file has no frames that could be read at all.
    """

    path: Path
    limits: Limits = field(default_factory=Limits)
    format: str = ""
    link_types: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    n_frames: int = 0

    def frames(self) -> Iterator[CaptureFrame]:
        """Yield the frames in the order of the file."""
        with self._open() as stream:
            magic = stream.read(4)
            if magic == _PCAPNG:
                self.format = "pcapng"
                frames = self._pcapng(stream)
            elif magic in _PCAP:
                frames = self._pcap(stream, *_PCAP[magic])
            elif not magic:
                raise CaptureError("The file is empty: a capture begins with four magic bytes.")
            else:
                raise CaptureError(
                    f"This is not a capture: it begins with {magic.hex(' ')}, "
                    "which is neither pcap nor pcapng."
                )
            yield from self._within_limits(frames)

    def _open(self) -> BinaryIO:
        try:
            # A pipe or a device may never end; without this flag it would hold up the opening.
            number = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            stream = os.fdopen(number, "rb")
            if not stat.S_ISREG(os.fstat(number).st_mode):
                stream.close()
                raise CaptureError("This is not a regular file.")
            return stream
        except OSError as error:
            raise CaptureError(f"The file cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise CaptureError(f"The file cannot be opened: {error}.") from error

    def _within_limits(self, frames: Iterator[CaptureFrame]) -> Iterator[CaptureFrame]:
        began = time.monotonic()
        for frame in frames:
            if frame.number > self.limits.frames:
                self._stop(frame, f"only the first {self.limits.frames} frames are read")
                return
            if frame.offset > self.limits.bytes:
                mebibytes = self.limits.bytes // (1024 * 1024)
                self._stop(frame, f"only the first {mebibytes} MiB are read")
                return
            if time.monotonic() - began > self.limits.seconds:
                self._stop(frame, f"reading takes at most {round(self.limits.seconds)} seconds")
                return
            self.n_frames = frame.number
            yield frame

    def _stop(self, frame: CaptureFrame, reason: str) -> None:
        self.problems.append(
            f"Reading stopped before frame {frame.number}, at byte {frame.offset}: {reason}."
        )

    def _pcap(
        self, stream: BinaryIO, order: Order, tick_ns: int, name: str
    ) -> Iterator[CaptureFrame]:
        self.format = name
        head = stream.read(20)
        if len(head) < 20:
            raise CaptureError(f"The file ends inside its header, at byte {4 + len(head)} of 24.")
        link_type = struct.unpack(order + "I", head[16:])[0] & 0x0FFFFFFF
        self._add_link_type(link_type, 20)
        offset, number = 24, 0
        read_head = struct.Struct(order + "IIII")
        while head := stream.read(16):
            number += 1
            if len(head) < 16:
                self._cut_short(number, offset + len(head))
                return
            seconds, ticks, captured, wire_length = read_head.unpack(head)
            if captured > self.limits.frame_bytes:
                self._lying_length(number, offset + 8, captured)
                return
            data = stream.read(captured)
            if len(data) < captured:
                self._cut_short(number, offset + 16 + len(data))
                return
            time_ns = seconds * 1_000_000_000 + ticks * tick_ns
            yield CaptureFrame(number, time_ns, link_type, wire_length, data, offset)
            offset += 16 + captured

    def _pcapng(self, stream: BinaryIO) -> Iterator[CaptureFrame]:
        stream.seek(0)
        order: Order = "<"
        interfaces: list[_Interface] = []
        offset, number = 0, 0
        while head := stream.read(8):
            if len(head) == 8 and head[:4] == _PCAPNG:
                section_order = self._section_order(stream, offset)
                if section_order is None:
                    return
                order, interfaces = section_order, []
            body = self._block_body(stream, head, order, offset, number)
            if body is None:
                return
            kind = struct.unpack(order + "I", head[:4])[0]
            if kind == _INTERFACE and len(interfaces) < _MAX_INTERFACES:
                interface = _read_interface(body, order, offset)
                interfaces.append(interface)
                self._add_link_type(interface.link_type, offset + 8)
            elif kind in {_PACKET, _OLD_PACKET, _SIMPLE}:
                number += 1
                frame = _read_packet(kind, body, order, interfaces, (number, offset))
                if isinstance(frame, str):
                    self.problems.append(frame)
                    return
                if len(frame.data) > self.limits.frame_bytes:
                    self._lying_length(number, offset, len(frame.data))
                    return
                yield frame
            offset += len(body) + 12

    def _section_order(self, stream: BinaryIO, offset: int) -> Order | None:
        magic = stream.read(4)
        stream.seek(-len(magic), os.SEEK_CUR)
        if magic == b"\x4d\x3c\x2b\x1a":
            return "<"
        if magic == b"\x1a\x2b\x3c\x4d":
            return ">"
        self.problems.append(f"The pcapng section at byte {offset} has no known byte order.")
        return None

    def _block_body(
        self, stream: BinaryIO, head: bytes, order: Order, offset: int, number: int
    ) -> bytes | None:
        """Return the body of one block, or None where the file ends or its length lies."""
        if len(head) < 8:
            self._cut_short(number + 1, offset + len(head))
            return None
        length = struct.unpack(order + "I", head[4:])[0]
        if length < 12 or length % 4 or length > _MAX_BLOCK:
            self.problems.append(
                f"The pcapng block at byte {offset} says it is {length} bytes long, "
                "which is impossible."
            )
            return None
        body = stream.read(length - 12)
        tail = stream.read(4)
        if len(body) < length - 12 or len(tail) < 4:
            self._cut_short(number + 1, offset + 8 + len(body) + len(tail))
            return None
        if tail != head[4:]:
            self.problems.append(
                f"The pcapng block at byte {offset} ends with another length than it begins with."
            )
            return None
        return body

    def _add_link_type(self, link_type: int, offset: int) -> None:
        if link_type not in LINK_TYPES and self.format != "pcapng":
            raise CaptureError(f"Link type {link_type}, at byte {offset}, is not supported.")
        if link_type not in LINK_TYPES:
            self.problems.append(
                f"Link type {link_type}, at byte {offset}, is not supported; "
                "its frames are only counted."
            )
        if link_type not in self.link_types:
            self.link_types.append(link_type)

    def _cut_short(self, number: int, end: int) -> None:
        self.problems.append(f"The file ends inside frame {number}, at byte {end}.")

    def _lying_length(self, number: int, offset: int, length: int) -> None:
        self.problems.append(
            f"Frame {number} says, at byte {offset}, that it is {length} bytes long; "
            f"reading stopped there."
        )


def _read_interface(body: bytes, order: Order, offset: int) -> _Interface:
    """Read an interface description; options 9 and 14 hold the clock's ticks and its offset."""
    if len(body) < 8:
        raise CaptureError(f"The pcapng interface at byte {offset} is too short.")
    link_type = struct.unpack(order + "H", body[:2])[0]
    ticks, offset_s, at = 1_000_000, 0, 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == 0:
            break
        if code == 9 and size == 1:
            exponent = value[0] & 0x7F
            ticks = 2 ** min(exponent, 63) if value[0] & 0x80 else 10 ** min(exponent, 19)
        if code == 14 and size == 8:
            offset_s = struct.unpack(order + "q", value)[0]
        at += 4 + size + (-size % 4)
    return _Interface(link_type, ticks, offset_s)


def _read_packet(
    kind: int, body: bytes, order: Order, interfaces: list[_Interface], place: tuple[int, int]
) -> CaptureFrame | str:
    """Return the frame of a packet block, or the sentence with the reason there is none."""
    number, offset = place
    head = {_PACKET: 20, _OLD_PACKET: 20, _SIMPLE: 4}[kind]
    if len(body) < head:
        return f"The pcapng block of frame {number}, at byte {offset}, is too short."
    index, high, low = 0, 0, 0
    if kind == _SIMPLE:
        wire_length = struct.unpack_from(order + "I", body)[0]
        captured = min(wire_length, len(body) - 4)
    elif kind == _PACKET:
        index, high, low, captured, wire_length = struct.unpack_from(order + "IIIII", body)
    else:
        index, _, high, low, captured, wire_length = struct.unpack_from(order + "HHIIII", body)
    if index >= len(interfaces):
        return f"Frame {number}, at byte {offset}, names interface {index}, which is not described."
    if captured > len(body) - head:
        return f"Frame {number}, at byte {offset}, is {captured} bytes long in a shorter block."
    interface = interfaces[index]
    ticks = high << 32 | low
    time_ns = ticks * 1_000_000_000 // interface.ticks + interface.offset_s * 1_000_000_000
    data = body[head : head + captured]
    return CaptureFrame(number, time_ns, interface.link_type, wire_length, data, offset)
