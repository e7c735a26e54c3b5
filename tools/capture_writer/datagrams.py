"""Messages without a connection: BACnet/IP, and on layer 2 PROFINET DCP and GOOSE."""

import struct
from ipaddress import IPv4Address

from tools.capture_writer.hosts import Host
from tools.capture_writer.tape import Tape, jitter

_BACNET_PORT = 47808
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
        self.tape.mark(mark)

    def i_am(self, at: float, source: Host, target: Host, instance: int) -> None:
        """A device answers with its number, its longest message and its vendor."""
        identifier = struct.pack(">BI", 0xC4, DEVICE << 22 | instance)
        body = b"\x10\x00" + identifier + bytes.fromhex("2205c4" + "9103" + "2107")
        self._send(at, source, target, 0x0A, b"\x01\x00" + body)

    def read(self, at: float, target: Host, reference: tuple[int, int, int], value: bytes) -> float:
        """Read one property: object type, number, property; the value is an application tag."""
        kind, number, property_id = reference
        where = struct.pack(">BIBB", 0x0C, kind << 22 | number, 0x19, property_id)
        return self._ask(at, target, 12, where, where + b"\x3e" + value + b"\x3f")

    def write(
        self,
        at: float,
        target: Host,
        reference: tuple[int, int, int],
        value: bytes,
        *,
        mark: str = "",
    ) -> float:
        """Write one property at priority 8, which is an operator's."""
        kind, number, property_id = reference
        where = struct.pack(">BIBB", 0x0C, kind << 22 | number, 0x19, property_id)
        body = where + b"\x3e" + value + b"\x3f" + b"\x49\x08"
        return self._ask(at, target, 15, body, None, mark=mark)

    def silence(self, at: float, target: Host, minutes: int, *, mark: str = "") -> float:
        """Have a device stop sending for some minutes."""
        return self._ask(at, target, 17, bytes([0x09, minutes, 0x19, 1]), None, mark=mark)

    def read_without_answer(self, at: float, target: Host, reference: tuple[int, int, int]) -> None:
        """Read a property of a device that does not answer."""
        kind, number, property_id = reference
        self.invoke = self.invoke + 1 & 0xFF
        where = struct.pack(">BIBB", 0x0C, kind << 22 | number, 0x19, property_id)
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
        self.tape.mark(mark)
        answered_at = at + 0.011 + jitter(target.ip, self.invoke, 0.006)
        code = 0x20 if answer is None else 0x30
        reply = bytes([code, self.invoke, service]) + (answer or b"")
        self._send(answered_at, target, self.host, 0x0A, b"\x01\x00" + reply)
        return answered_at

    def _send(self, at: float, source: Host, target: Host, function: int, body: bytes) -> None:
        data = struct.pack(">BBH", 0x81, function, 4 + len(body)) + body
        self.tape.udp(at, (source, target), (_BACNET_PORT, _BACNET_PORT), data)


def real(value: float) -> bytes:
    """Return a number as an application tag."""
    return struct.pack(">Bf", 0x44, value)


def application_text(value: str) -> bytes:
    """Return a character string as an application tag."""
    raw = b"\0" + value.encode()
    return bytes([0x75, len(raw)]) + raw


def objects(*identifiers: tuple[int, int]) -> bytes:
    """Return a list of object identifiers."""
    return b"".join(struct.pack(">BI", 0xC4, kind << 22 | at) for kind, at in identifiers)


_DCP_ALL = "01:0e:cf:00:00:00"
_GET_SET, _IDENTIFY, _IDENTIFIED = 0xFEFD, 0xFEFE, 0xFEFF


class Dcp:
    """What one station does to devices with PROFINET DCP."""

    def __init__(self, tape: Tape, host: Host) -> None:
        self.tape, self.host = tape, host
        self.number = 0x0200_0000 | int(host.ip.rpartition(".")[2])

    def identify(
        self, at: float, name: str, answers: list[tuple[Host, str]], mark: str = ""
    ) -> float:
        """Ask who has a station name (empty: everybody); those named answer with their own."""
        self.number += 1
        block = _block(2, 2, name.encode()) if name else _block(255, 255, b"")
        self._send(at, self.host.mac, _DCP_ALL, (_IDENTIFY, 5, 0, 1), block)
        self.tape.mark(mark)
        for index, (device, device_name) in enumerate(answers, 1):
            body = _block(2, 2, b"\0\0" + device_name.encode())
            body += _block(
                1, 2, struct.pack(">H", 1 if device_name else 0) + _suite(device, bool(device_name))
            )
            at += 0.004 * index
            self._send(at, device.mac, self.host.mac, (_IDENTIFIED, 5, 1, 0), body)
        return at

    def set_name(self, at: float, device: Host, name: str, mark: str = "") -> float:
        """Give a device a name that it keeps."""
        return self._set(at, device, _block(2, 2, b"\0\1" + name.encode()), (2, 2), mark)

    def set_address(self, at: float, device: Host, ip: str, mark: str = "") -> float:
        """Give a device an IP address that it keeps."""
        gateway = ip.rpartition(".")[0] + ".1"
        suite = b"".join(IPv4Address(text).packed for text in (ip, "255.255.255.0", gateway))
        return self._set(at, device, _block(1, 2, b"\0\1" + suite), (1, 2), mark)

    def reset(self, at: float, device: Host, mark: str = "") -> float:
        """Set a device back to what it was when it left the factory."""
        return self._set(at, device, _block(5, 6, b"\0\4"), (5, 6), mark)

    def flash(self, at: float, device: Host, mark: str = "") -> float:
        """Make a device flash its light, to find it in the cabinet."""
        return self._set(at, device, _block(5, 3, b"\0\0\1\0"), (5, 3), mark)

    def _set(
        self, at: float, device: Host, block: bytes, option: tuple[int, int], mark: str
    ) -> float:
        self.number += 1
        self._send(at, self.host.mac, device.mac, (_GET_SET, 4, 0, 0), block)
        self.tape.mark(mark)
        answer = _block(5, 4, bytes([*option, 0]))
        self._send(at + 0.026, device.mac, self.host.mac, (_GET_SET, 4, 1, 0), answer)
        return at + 0.026

    def _send(
        self,
        at: float,
        source: str,
        target: str,
        service: tuple[int, int, int, int],
        blocks: bytes,
    ) -> None:
        frame_id, code, answer, delay = service
        head = struct.pack(">HBBIHH", frame_id, code, answer, self.number, delay, len(blocks))
        self.tape.put(at, source, target, 0x8892, head + blocks)


def _suite(device: Host, has_address: bool) -> bytes:
    if not has_address:
        return bytes(12)
    gateway = device.ip.rpartition(".")[0] + ".1"
    return b"".join(IPv4Address(text).packed for text in (device.ip, "255.255.255.0", gateway))


def _block(option: int, suboption: int, body: bytes) -> bytes:
    return struct.pack(">BBH", option, suboption, len(body)) + body + b"\0" * (len(body) % 2)


class Goose:
    """One GOOSE control block: its publisher repeats the state, quickly after a change."""

    def __init__(self, tape: Tape, device: str, publisher: Host, group: int) -> None:
        self.tape, self.device, self.publisher = tape, device, publisher
        self.target = f"01:0c:cd:01:00:{group:02x}"
        self.app = group
        self.state, self.sequence = 1, 0
        self.changed_at = 0.0

    def publish(
        self,
        at: float,
        values: tuple[bool, ...],
        *,
        test: bool = False,
        mark: str = "",
        live_ms: int = 3000,
    ) -> None:
        """Send the current state once."""
        name = self.device
        moment = self.tape.began + self.changed_at
        stamp = struct.pack(">II", int(moment), int(moment % 1 * 2**24) << 8 | 0x0A)
        fields = [
            (0x80, f"{name}/LLN0$GO$gcbTrip".encode()),
            (0x81, struct.pack(">H", live_ms)),
            (0x82, f"{name}/LLN0$dsTrip".encode()),
            (0x83, f"{name}_Trip".encode()),
            (0x84, stamp),
            (0x85, _integer(self.state)),
            (0x86, _integer(self.sequence)),
            (0x87, bytes([test])),
            (0x88, b"\x01"),
            (0x89, b"\0"),
            (0x8A, bytes([len(values)])),
            (0xAB, b"".join(bytes([0x83, 1, value]) for value in values)),
        ]
        body = b"".join(bytes([tag, len(raw)]) + raw for tag, raw in fields)
        size = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])
        pdu = b"\x61" + size + body
        head = struct.pack(">HHHH", self.app, 8 + len(pdu), 0x8000 if test else 0, 0)
        self.tape.put(at, self.publisher.mac, self.target, 0x88B8, head + pdu)
        self.tape.mark(mark)
        self.sequence += 1

    def change(
        self, at: float, values: tuple[bool, ...], *, test: bool = False, mark: str = ""
    ) -> float:
        """Send a new state and repeat it after 2, 4, 8 … ms; return when it is calm again."""
        self.state, self.sequence, self.changed_at = self.state + 1, 0, at
        self.publish(at, values, test=test, mark=mark, live_ms=40)
        wait = 0.002
        while wait < 1:
            at += wait
            wait *= 2
            self.publish(at, values, test=test, live_ms=min(3000, round(wait * 3000)))
        return at


def _integer(value: int) -> bytes:
    raw = value.to_bytes(4, "big").lstrip(b"\0") or b"\0"
    return b"\0" + raw if raw[0] & 0x80 else raw
