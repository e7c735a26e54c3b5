"""Connections on which one side asks and the other answers: Modbus, S7comm, EtherNet/IP, DNP3 and
IEC 60870-5-104.
"""

import struct

from tools.capture_writer.hosts import Host
from tools.capture_writer.tape import Tape, Tcp, jitter
from training.pcap.protocols.dnp3 import dnp3_checksum


class Exchange:
    """A connection on which one side asks and the other answers, with plausible delays."""

    server_port = 0
    seconds_to_answer = 0.004

    def __init__(self, tape: Tape, client: Host, server: Host, port: int) -> None:
        self.tape = tape
        self.client, self.server = client, server
        self.tcp = Tcp(tape, client, server, port, self.server_port)
        self.number = 0
        self.after = 0.0

    def ask(
        self, at: float, request: bytes, answer: bytes, mark: str = "", quiet: bool = True
    ) -> float:
        """Send a request and its answer; acknowledge where nothing follows soon. Return when."""
        self.number += 1
        seed = f"{self.client.ip} {self.tcp.port}"
        self.tcp.send(at, self.client, request)
        self.tape.mark(mark)
        answered_at = at + self.seconds_to_answer + jitter(seed, self.number, 0.0035)
        answered_at = self.tcp.send(answered_at, self.server, answer)
        if quiet:
            self.tcp.acknowledge(
                answered_at + 0.04 + jitter(seed, -self.number, 0.004), self.client
            )
        return answered_at


class Modbus(Exchange):
    """Modbus/TCP."""

    server_port = 502

    def call(self, at: float, pdu: str, answer: str, mark: str = "", unit: int = 1) -> float:
        """Ask with a PDU in hexadecimal digits."""

        def frame(body: bytes) -> bytes:
            head = struct.pack(">HHHB", self.number + 1 & 0xFFFF, 0, len(body) + 1, unit)
            return head + body

        return self.ask(at, frame(bytes.fromhex(pdu)), frame(bytes.fromhex(answer)), mark)

    def read(self, at: float, first: int, values: list[int], mark: str = "") -> float:
        """Read holding registers."""
        request = struct.pack(">BHH", 3, first, len(values)).hex()
        answer = struct.pack(f">BB{len(values)}H", 3, 2 * len(values), *values).hex()
        return self.call(at, request, answer, mark)

    def write(self, at: float, register: int, value: int, mark: str = "") -> float:
        """Write a single register; the answer is the echo."""
        pdu = struct.pack(">BHH", 6, register, value).hex()
        return self.call(at, pdu, pdu, mark)

    def switch(self, at: float, coil: int, on: bool, mark: str = "") -> float:
        """Write a single coil."""
        pdu = struct.pack(">BHH", 5, coil, 0xFF00 if on else 0).hex()
        return self.call(at, pdu, pdu, mark)

    def call_with_exception(self, at: float, pdu: str, exception: int, mark: str = "") -> float:
        """Ask and get an exception."""
        code = int(pdu[:2], 16) | 0x80
        return self.call(at, pdu, f"{code:02x}{exception:02x}", mark)


class S7(Exchange):
    """S7comm over COTP and TPKT."""

    server_port = 102
    seconds_to_answer = 0.006

    def __init__(self, tape: Tape, client: Host, server: Host, port: int) -> None:
        super().__init__(tape, client, server, port)
        self.reference = 0

    def open(self, at: float, slot: int = 2) -> float:
        """Open TCP, COTP and the S7 session."""
        at = self.tcp.open(at)
        for first, source, delay in ((0xE0, self.client, 0.001), (0xD0, self.server, 0.003)):
            body = bytes([first]) + struct.pack(">HHB", 0 if first == 0xE0 else 1, 1, 0)
            body += bytes.fromhex("c0010a" + "c1020100" + f"c20201{slot:02x}")
            packet = struct.pack(">BBHB", 3, 0, len(body) + 5, len(body)) + body
            at = self.tcp.send(at + delay, source, packet)
        return self.job(at + 0.001, "f0000001000101e0", "f0000001000100f0")

    def _packet(self, kind: int, param: bytes, data: bytes) -> bytes:
        head = struct.pack(">BBHHHH", 0x32, kind, 0, self.reference, len(param), len(data))
        body = head + (b"\0\0" if kind == 3 else b"") + param + data
        return struct.pack(">BBH", 3, 0, len(body) + 7) + b"\x02\xf0\x80" + body

    def job(
        self, at: float, param: str, answer: str, *, mark: str = "", data: str = "", reply: str = ""
    ) -> float:
        """Ask for a job and get its answer."""
        self.reference = self.reference + 1 & 0xFFFF
        request = self._packet(1, bytes.fromhex(param), bytes.fromhex(data))
        response = self._packet(3, bytes.fromhex(answer), bytes.fromhex(reply))
        return self.ask(at, request, response, mark)

    def job_of_server(self, at: float, param: str, answer: str, reply: bytes = b"") -> float:
        """The controller asks: in a download it fetches the parts itself."""
        self.reference = self.reference + 1 & 0xFFFF
        at = self.tcp.send(at, self.server, self._packet(1, bytes.fromhex(param), b""))
        return self.tcp.send(at + 0.001, self.client, self._packet(3, bytes.fromhex(answer), reply))

    def user_data(self, at: float, group: int, function: int, data: str, reply: str) -> float:
        """Ask for a service beside the jobs, such as the system status list."""
        self.reference = self.reference + 1 & 0xFFFF
        ask = self._packet(
            7, bytes([0, 1, 0x12, 4, 0x11, 0x40 | group, function, 0]), bytes.fromhex(data)
        )
        param = bytes([0, 1, 0x12, 8, 0x12, 0x80 | group, function, 1, 0, 0, 0, 0])
        return self.ask(at, ask, self._packet(7, param, bytes.fromhex(reply)))

    def read(self, at: float, block: int, byte: int, value: str, mark: str = "") -> float:
        """Read four bytes of a data block."""
        param = f"0401120a10020004{block:04x}84{byte * 8:06x}"
        return self.job(at, param, "0401", mark=mark, reply="ff040020" + value)

    def write(self, at: float, block: int, byte: int, value: str, mark: str = "") -> float:
        """Write four bytes of a data block."""
        param = f"0501120a10020004{block:04x}84{byte * 8:06x}"
        return self.job(at, param, "0501", mark=mark, data="00040020" + value, reply="ff")

    def stop(self, at: float, mark: str = "") -> float:
        """Stop the controller."""
        return self.job(at, "290000000000" + "09" + _hex("P_PROGRAM"), "29", mark=mark)

    def start(self, at: float, mark: str = "") -> float:
        """Start it again."""
        return self.job(at, "28000000000000fd0000" + "09" + _hex("P_PROGRAM"), "28", mark=mark)

    def download(self, at: float, block: str, size: int, mark: str = "") -> float:
        """Load a block: request, parts that the controller fetches, end, activation."""
        name = _hex(f"_{block}P")
        length = _hex(f"1{size:06d}{size - 96:06d}")
        at = self.job(at, "1a00010000000000" + "09" + name + "0d" + length, "1a", mark=mark) + 0.02
        left = size
        while left:
            part, left = min(left, 222), left - min(left, 222)
            raw = bytes((left + index * 7) & 0xFF for index in range(part))
            more = "01" if left else "00"
            at = (
                self.job_of_server(
                    at,
                    "1b00000000000000" + "09" + name,
                    "1b" + more,
                    struct.pack(">HH", part, 0xFB) + raw,
                )
                + 0.005
            )
        at = self.job_of_server(at, "1c00000000000000" + "09" + name, "1c") + 0.01
        insert = "0100" + _hex(f"{block}P")
        size_of_insert = len(insert) // 2
        return self.job(at, f"28000000000000fd{size_of_insert:04x}{insert}05" + _hex("_INSE"), "28")

    def upload(self, at: float, block: str, size: int, mark: str = "") -> float:
        """Fetch a block: start, parts, end."""
        name = _hex(f"_{block}A")
        begin = "1d00000000000000" + "09" + name
        at = self.job(at, begin, "1d0001000000000707" + _hex(f"{size:07d}"), mark=mark) + 0.02
        left = size
        while left:
            part, left = min(left, 222), left - min(left, 222)
            raw = bytes((left + index * 5) & 0xFF for index in range(part))
            more = "01" if left else "00"
            reply = (struct.pack(">HH", part, 0xFB) + raw).hex()
            at = self.job(at, "1e00000000000007", "1e" + more, reply=reply) + 0.005
        return self.job(at, "1f00000000000007", "1f")


def _hex(text: str) -> str:
    return text.encode().hex()


class Enip(Exchange):
    """EtherNet/IP with unconnected CIP messages."""

    server_port = 44818
    seconds_to_answer = 0.003

    def __init__(self, tape: Tape, client: Host, server: Host, port: int) -> None:
        super().__init__(tape, client, server, port)
        self.session = 0x0B000000 | port

    def _packet(self, command: int, body: bytes, session: int) -> bytes:
        context = struct.pack("<Q", self.number + 1)
        return struct.pack("<HHII", command, len(body), session, 0) + context + bytes(4) + body

    def open(self, at: float) -> float:
        """Open TCP and register a session."""
        at = self.tcp.open(at)
        body = struct.pack("<HH", 1, 0)
        return self.ask(at, self._packet(0x65, body, 0), self._packet(0x65, body, self.session))

    def call(
        self,
        at: float,
        service: int,
        path: str,
        *,
        data: str = "",
        reply: str = "",
        mark: str = "",
        status: int = 0,
    ) -> float:
        """Ask for a CIP service; `path` is the class, instance and attribute in bytes."""
        raw = bytes.fromhex(path)
        request = bytes([service, len(raw) // 2]) + raw + bytes.fromhex(data)
        answer = bytes([service | 0x80, 0, status, 0]) + bytes.fromhex(reply)

        def wrapped(message: bytes) -> bytes:
            items = struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(message)) + message
            return self._packet(0x6F, items, self.session)

        return self.ask(at, wrapped(request), wrapped(answer), mark)


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
        """The outstation reports unasked that it has restarted, and the master confirms."""
        self.application = self.application + 1 & 0x0F
        report = self.frame(False, bytes([0xF0 | self.application, 130, 0x80, 0]))
        at = self.tcp.send(at, self.server, report)
        self.tape.mark(mark)
        confirm = self.frame(True, bytes([0xD0 | self.application, 0]))
        return self.tcp.send(at + 0.012, self.client, confirm)


class Iec104(Exchange):
    """IEC 60870-5-104; the controlling station is the client."""

    server_port = 2404
    seconds_to_answer = 0.018

    def __init__(self, tape: Tape, client: Host, server: Host, port: int) -> None:
        super().__init__(tape, client, server, port)
        self.n_sent = {client.name: 0, server.name: 0}

    def control(self, at: float, code: int) -> float:
        """Send a U frame and its confirmation: 0x07 starts, 0x13 stops, 0x43 tests."""

        def frame(byte: int) -> bytes:
            return bytes([0x68, 4, byte, 0, 0, 0])

        return self.ask(at, frame(code), frame({0x07: 0x0B, 0x13: 0x23, 0x43: 0x83}[code]))

    def information(
        self,
        at: float,
        source: Host,
        asdu: tuple[int, int, str],
        *,
        mark: str = "",
        station: int = 21,
        count: int = 1,
    ) -> float:
        """Send an I frame with one ASDU: its type, its cause, and its objects in hexadecimal."""
        kind, cause, objects = asdu
        other = self.server if source is self.client else self.client
        head = struct.pack("<HH", self.n_sent[source.name] << 1, self.n_sent[other.name] << 1)
        self.n_sent[source.name] += 1
        body = struct.pack("<BBBBH", kind, count, cause, 0, station) + bytes.fromhex(objects)
        at = self.tcp.send(at, source, bytes([0x68, 4 + len(body)]) + head + body)
        self.tape.mark(mark)
        return at

    def supervise(self, at: float, source: Host) -> float:
        """Acknowledge what came with an S frame."""
        other = self.server if source is self.client else self.client
        head = struct.pack("<HH", 1, self.n_sent[other.name] << 1)
        return self.tcp.send(at, source, bytes([0x68, 4]) + head)
