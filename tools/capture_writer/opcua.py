"""OPC UA binary without security: sessions, reads, writes, browsing and calls."""

import struct

from tools.capture_writer.exchanges import Exchange
from tools.capture_writer.hosts import Host
from tools.capture_writer.tape import Tape

_NONE = "http://opcfoundation.org/UA/SecurityPolicy#None"
_EPOCH = 116_444_736_000_000_000  # 1970 in the ticks of 100 ns that OPC UA counts from 1601


def opcua_text(value: str | None) -> bytes:
    """Return a string with its length; None is -1."""
    if value is None:
        return b"\xff\xff\xff\xff"
    raw = value.encode()
    return struct.pack("<i", len(raw)) + raw


def node(name: str) -> bytes:
    """Return a NodeId in namespace 2 that is a string."""
    return struct.pack("<BH", 3, 2) + opcua_text(name)


def opcua_array(*items: bytes) -> bytes:
    """Return an array."""
    return struct.pack("<i", len(items)) + b"".join(items)


_NOTHING = opcua_text(None)
_ABSENT = b"\0\0\0"  # an extension object of no type


class OpcUa(Exchange):
    """A session on port 4840."""

    server_port = 4840
    seconds_to_answer = 0.009

    def __init__(self, tape: Tape, client: Host, server: Host, port: int) -> None:
        super().__init__(tape, client, server, port)
        self.request = 0
        self.session = b"\0\0"

    def open(self, at: float, name: str) -> float:
        """Connect, open a channel without security, and a session for anybody."""
        at = self.tcp.open(at)
        url = f"opc.tcp://{self.server.name.lower()}:4840"
        hello = struct.pack("<IIIII", 0, 65536, 65536, 0, 0) + opcua_text(url)
        acknowledge = struct.pack("<IIIII", 0, 65536, 65536, 0, 0)
        at = self.ask(at, _chunk(b"HEL", hello), _chunk(b"ACK", acknowledge))
        body = struct.pack("<III", 0, 0, 1) + _NOTHING + struct.pack("<I", 3_600_000)
        reply = struct.pack("<III", 0, 7, 1) + self._now(at) + struct.pack("<I", 3_600_000)
        at = self.call(at + 0.002, 446, body, reply + _NOTHING, kind=b"OPN")
        client = opcua_text(f"urn:{self.client.name.lower()}:{name}") + opcua_text(f"urn:{name}")
        client += b"\x02" + opcua_text(name) + struct.pack("<I", 1) + _NOTHING * 2 + opcua_array()
        body = client + _NOTHING + opcua_text(url) + opcua_text(name) + _NOTHING * 2
        body += struct.pack("<dI", 1_200_000, 0)
        token = struct.pack("<BHI", 2, 1, 40_000 + self.tcp.port % 1000)
        reply = struct.pack("<BHI", 2, 1, 7000) + token + struct.pack("<d", 1_200_000)
        reply += _NOTHING * 2 + opcua_array() * 2 + _NOTHING * 2 + struct.pack("<I", 65536)
        at = self.call(at + 0.002, 461, body, reply)
        self.session = token
        anonymous = struct.pack("<BBH", 1, 0, 321) + b"\x01"
        policy = opcua_text("anonymous")
        body = _NOTHING * 2 + opcua_array() * 2 + anonymous
        body += struct.pack("<i", len(policy)) + policy + _NOTHING * 2
        return self.call(at + 0.002, 467, body, _NOTHING + opcua_array() * 2)

    def read(self, at: float, values: dict[str, float], mark: str = "") -> float:
        """Read the values of some nodes."""
        items = [
            node(name) + struct.pack("<I", 13) + _NOTHING + b"\0\0" + _NOTHING for name in values
        ]
        body = struct.pack("<dI", 0.0, 2) + opcua_array(*items)
        reply = opcua_array(*(b"\x01\x0a" + struct.pack("<f", value) for value in values.values()))
        return self.call(at, 631, body, reply + opcua_array(), mark=mark)

    def write(self, at: float, name: str, value: float, mark: str = "") -> float:
        """Write the value of one node."""
        item = node(name) + struct.pack("<I", 13) + _NOTHING
        item += b"\x01\x0a" + struct.pack("<f", value)
        return self.call(
            at, 673, opcua_array(item), opcua_array(bytes(4)) + opcua_array(), mark=mark
        )

    def browse(self, at: float, name: str, mark: str = "") -> float:
        """Ask what is below a node; the answer lists no references to keep it small."""
        item = node(name) + struct.pack("<I", 0) + b"\x00\x21\x01" + struct.pack("<II", 0, 63)
        body = b"\0\0" + bytes(8) + struct.pack("<II", 0, 100) + opcua_array(item)
        reply = opcua_array(bytes(4) + _NOTHING + opcua_array())
        return self.call(at, 527, body, reply + opcua_array(), mark=mark)

    def method(self, at: float, owner: str, name: str, mark: str = "") -> float:
        """Call a method without arguments."""
        item = node(owner) + node(name) + opcua_array()
        reply = opcua_array(bytes(4) + opcua_array() * 3)
        return self.call(at, 712, opcua_array(item), reply + opcua_array(), mark=mark)

    def close(self, at: float) -> None:
        """Close the session and the connection."""
        at = self.call(at, 473, b"\x01", b"")
        self.tcp.close(at + 0.05)

    def call(
        self,
        at: float,
        number: int,
        body: bytes,
        reply: bytes,
        *,
        mark: str = "",
        kind: bytes = b"MSG",
    ) -> float:
        """Call the service whose request has this number; the answer's is 3 higher."""
        self.request += 1
        head = self.session + self._now(at) + struct.pack("<II", self.request, 0)
        head += _NOTHING + struct.pack("<I", 10_000) + _ABSENT
        back = self._now(at + 0.005) + struct.pack("<II", self.request, 0) + b"\0" + opcua_array()
        back += _ABSENT
        return self.ask(
            at,
            self._secured(kind, number, head + body),
            self._secured(kind, number + 3, back + reply),
            mark,
        )

    def _secured(self, kind: bytes, number: int, body: bytes) -> bytes:
        is_first = kind == b"OPN" and number == 446
        channel = struct.pack("<I", 0 if is_first else 7)
        how = opcua_text(_NONE) + _NOTHING * 2 if kind == b"OPN" else struct.pack("<I", 1)
        sequence = struct.pack("<II", self.request, self.request)
        return _chunk(kind, channel + how + sequence + struct.pack("<BBH", 1, 0, number) + body)

    def _now(self, at: float) -> bytes:
        return struct.pack("<Q", _EPOCH + self.tape.began * 10_000_000 + round(at * 1e7))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + b"F" + struct.pack("<I", len(body) + 8) + body
