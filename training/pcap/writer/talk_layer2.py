"""Frames without IP: PROFINET DCP and GOOSE."""

import struct
from ipaddress import IPv4Address

from .hosts import Host
from .wire import Tape

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
        if mark:
            self.tape.mark(mark)
        for place, (device, called) in enumerate(answers, 1):
            body = _block(2, 2, b"\0\0" + called.encode())
            body += _block(
                1, 2, struct.pack(">H", 1 if called else 0) + _suite(device, bool(called))
            )
            at += 0.004 * place
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
        if mark:
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
        if mark:
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
