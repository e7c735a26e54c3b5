"""BACnet/IP datagrams."""

import struct

from .hosts import Host
from .wire import Tape, jitter

PORT = 47808
DEVICE, ANALOG_INPUT, ANALOG_OUTPUT = 8, 0, 1
PRESENT_VALUE, NAME, VENDOR, MODEL, FIRMWARE, OBJECTS = 85, 77, 121, 70, 44, 76


class Bacnet:
    """What one BACnet station says and hears on a tape."""

    def __init__(self, tape: Tape, host: Host) -> None:
        self.tape, self.host = tape, host
        self.invoke = 0

    def who_is(self, at: float, target: Host, *, mark: str = "") -> None:
        """Ask who is there: everybody, where the target is the broadcast address."""
        function = 0x0B if target.ip.endswith(".255") else 0x0A
        body = bytes.fromhex("0100" if function == 0x0A else "0120ffff00ff") + b"\x10\x08"
        self._send(at, self.host, target, function, body)
        if mark:
            self.tape.mark(mark)

    def i_am(self, at: float, source: Host, target: Host, instance: int) -> None:
        """A device answers with its number, its longest message and its vendor."""
        identifier = struct.pack(">BI", 0xC4, DEVICE << 22 | instance)
        body = b"\x10\x00" + identifier + bytes.fromhex("2205c4" + "9103" + "2107")
        self._send(at, source, target, 0x0A, b"\x01\x00" + body)

    def read(self, at: float, target: Host, what: tuple[int, int, int], value: bytes) -> float:
        """Read one property: object type, number, property; the value is an application tag."""
        kind, number, wanted = what
        where = struct.pack(">BIBB", 0x0C, kind << 22 | number, 0x19, wanted)
        return self._ask(at, target, 12, where, where + b"\x3e" + value + b"\x3f")

    def write(
        self, at: float, target: Host, what: tuple[int, int, int], value: bytes, *, mark: str = ""
    ) -> float:
        """Write one property at priority 8, which is an operator's."""
        kind, number, wanted = what
        where = struct.pack(">BIBB", 0x0C, kind << 22 | number, 0x19, wanted)
        body = where + b"\x3e" + value + b"\x3f" + b"\x49\x08"
        return self._ask(at, target, 15, body, None, mark=mark)

    def silence(self, at: float, target: Host, minutes: int, *, mark: str = "") -> float:
        """Tell a device to stop speaking for some minutes."""
        return self._ask(at, target, 17, bytes([0x09, minutes, 0x19, 1]), None, mark=mark)

    def unanswered(self, at: float, target: Host, what: tuple[int, int, int]) -> None:
        """Read a property of a device that says nothing."""
        kind, number, wanted = what
        self.invoke = self.invoke + 1 & 0xFF
        where = struct.pack(">BIBB", 0x0C, kind << 22 | number, 0x19, wanted)
        request = bytes([0x00, 0x05, self.invoke, 12]) + where
        self._send(at, self.host, target, 0x0A, b"\x01\x04" + request)

    def _ask(
        self,
        at: float,
        target: Host,
        service: int,
        body: bytes,
        answer: bytes | None,
        *,
        mark: str = "",
    ) -> float:
        self.invoke = self.invoke + 1 & 0xFF
        request = bytes([0x00, 0x05, self.invoke, service]) + body
        self._send(at, self.host, target, 0x0A, b"\x01\x04" + request)
        if mark:
            self.tape.mark(mark)
        done = at + 0.011 + jitter(target.ip, self.invoke, 0.006)
        code = 0x20 if answer is None else 0x30
        reply = bytes([code, self.invoke, service]) + (answer or b"")
        self._send(done, target, self.host, 0x0A, b"\x01\x00" + reply)
        return done

    def _send(self, at: float, source: Host, target: Host, function: int, body: bytes) -> None:
        data = struct.pack(">BBH", 0x81, function, 4 + len(body)) + body
        self.tape.udp(at, (source, target), (PORT, PORT), data)


def real(value: float) -> bytes:
    """Return a number as an application tag."""
    return struct.pack(">Bf", 0x44, value)


def text(value: str) -> bytes:
    """Return a character string as an application tag."""
    raw = b"\0" + value.encode()
    return bytes([0x75, len(raw)]) + raw


def objects(*identifiers: tuple[int, int]) -> bytes:
    """Return a list of object identifiers."""
    return b"".join(struct.pack(">BI", 0xC4, kind << 22 | at) for kind, at in identifiers)
