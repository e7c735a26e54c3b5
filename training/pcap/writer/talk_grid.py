"""Connections of the power grid and of pumping stations: DNP3 and IEC 60870-5-104."""

import struct

from training.pcap.protocols.dnp3 import checksum as dnp3_checksum

from .hosts import Host
from .talk import Exchange
from .wire import Tape


class Dnp3(Exchange):
    """DNP3 over TCP; the master is the client."""

    server_port = 20000
    seconds_to_answer = 0.022

    def __init__(
        self, tape: Tape, client: Host, server: Host, port: int, ends: tuple[int, int]
    ) -> None:
        super().__init__(tape, client, server, port)
        self.master, self.outstation = ends
        self.application = 0

    def frame(self, from_master: bool, message: bytes) -> bytes:
        """Wrap an application message in a transport and a link header with checksums."""
        user = bytes([0xC0 | self.application & 0x3F]) + message
        target = self.outstation if from_master else self.master
        source = self.master if from_master else self.outstation
        control = 0xC4 if from_master else 0x44
        head = struct.pack("<BBBBHH", 5, 0x64, 5 + len(user), control, target, source)
        blocks = [head] + [user[at : at + 16] for at in range(0, len(user), 16)]
        return b"".join(block + struct.pack("<H", dnp3_checksum(block)) for block in blocks)

    def call(
        self, at: float, code: int, objects: str = "", *, reply: str = "", mark: str = ""
    ) -> float:
        """Ask; the answer carries no trouble in its indications."""
        self.application = self.application + 1 & 0x0F
        control = 0xC0 | self.application
        request = bytes([control, code]) + bytes.fromhex(objects)
        answer = bytes([control, 129, 0, 0]) + bytes.fromhex(reply)
        return self.ask(at, self.frame(True, request), self.frame(False, answer), mark)

    def report_restart(self, at: float, mark: str = "") -> float:
        """The outstation tells unasked that it has restarted, and the master confirms."""
        self.application = self.application + 1 & 0x0F
        report = self.frame(False, bytes([0xF0 | self.application, 130, 0x80, 0]))
        at = self.tcp.send(at, self.server, report)
        if mark:
            self.tape.mark(mark)
        confirm = self.frame(True, bytes([0xD0 | self.application, 0]))
        return self.tcp.send(at + 0.012, self.client, confirm)


class Iec104(Exchange):
    """IEC 60870-5-104; the controlling station is the client."""

    server_port = 2404
    seconds_to_answer = 0.018

    def __init__(self, tape: Tape, client: Host, server: Host, port: int) -> None:
        super().__init__(tape, client, server, port)
        self.sent = {client.name: 0, server.name: 0}

    def control(self, at: float, code: int) -> float:
        """Send a U frame and its confirmation: 0x07 starts, 0x13 stops, 0x43 tests."""

        def frame(byte: int) -> bytes:
            return bytes([0x68, 4, byte, 0, 0, 0])

        return self.ask(at, frame(code), frame({0x07: 0x0B, 0x13: 0x23, 0x43: 0x83}[code]))

    def information(
        self,
        at: float,
        source: Host,
        what: tuple[int, int, str],
        *,
        mark: str = "",
        station: int = 21,
        count: int = 1,
    ) -> float:
        """Send an I frame with one ASDU: its type, its cause, and its objects in hexadecimal."""
        kind, cause, objects = what
        other = self.server if source is self.client else self.client
        head = struct.pack("<HH", self.sent[source.name] << 1, self.sent[other.name] << 1)
        self.sent[source.name] += 1
        body = struct.pack("<BBBBH", kind, count, cause, 0, station) + bytes.fromhex(objects)
        at = self.tcp.send(at, source, bytes([0x68, 4 + len(body)]) + head + body)
        if mark:
            self.tape.mark(mark)
        return at

    def supervise(self, at: float, source: Host) -> float:
        """Acknowledge what came with an S frame."""
        other = self.server if source is self.client else self.client
        head = struct.pack("<HH", 1, self.sent[other.name] << 1)
        return self.tcp.send(at, source, bytes([0x68, 4]) + head)
