"""EtherNet/IP with unconnected CIP messages."""

import struct

from .hosts import Host
from .talk import Exchange
from .wire import Tape


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
