"""A TCP proxy in front of a server (the pretend Azure, PostgreSQL, the broker) that hangs, drips or
cuts what the server sends, or loses every packet.
"""

import contextlib
import ctypes
import socket
import struct
import threading
import time
from urllib.parse import urlsplit

BLOCK = 4096
RESET_AT_ONCE = struct.pack("ii", 1, 0)
# Linux has names for these that Python lacks: a filter of one instruction, which keeps no packet.
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
_KEEP_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
LOSE_PACKETS = struct.pack("HL", 1, ctypes.addressof(_KEEP_NOTHING))


class FaultProxy:
    """Listens on loopback and passes bytes on. What it does to new connections may be changed:
    `hangs` takes them and says nothing; `cut_after` resets them after so many bytes of Azure's;
    `drip_after` lets one byte a second through from there.

    `lose_packets` is for all connections, those that are there and those to come: as behind a
    firewall that drops, nothing is confirmed, refused or reset, until `pass_packets`.
    """

    def __init__(self, endpoint: str) -> None:
        """Stand before an address of loopback, or before the socket that `unix:/path` names."""
        parts = urlsplit(endpoint)
        self._target = parts.path if parts.scheme == "unix" else ("127.0.0.1", parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.endpoint = f"https://localhost:{self.port}"
        self._flows = threading.Event()
        self._flows.set()
        self.hangs = False
        self.cut_after: int | None = None
        self.drip_after: int | None = None
        self.connections: list[socket.socket] = []
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def heal(self) -> None:
        """Be a good proxy to new connections."""
        self.hangs, self.cut_after, self.drip_after = False, None, None

    def lose_packets(self) -> None:
        """Lose whatever is sent, in both directions."""
        self._flows.clear()
        for end in (self._listener, *self.connections):
            with contextlib.suppress(OSError):  # one that was closed
                end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, LOSE_PACKETS)

    def pass_packets(self) -> None:
        """Let packets through again, also those that are sent once more."""
        for end in (self._listener, *self.connections):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        self._flows.set()

    def drop_connections(self) -> None:
        """Hang up on everybody, so that what comes next are new connections."""
        connections, self.connections = self.connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def close(self) -> None:
        """Stop listening and hang up."""
        self._closed.set()
        self._flows.set()
        self._listener.close()
        self.drop_connections()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(near)
            if self.hangs:
                continue
            try:
                far = self._connect()
            except OSError:  # the server itself is away
                near.close()
                continue
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(far)
            answers = (far, near, self.cut_after, self.drip_after)
            threading.Thread(target=self._pass_on, args=answers, daemon=True).start()
            questions = (near, far, None, None)
            threading.Thread(target=self._pass_on, args=questions, daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, str):
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            return far
        far = socket.create_connection(self._target)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return far

    def _pass_on(
        self,
        source: socket.socket,
        target: socket.socket,
        cut_after: int | None,
        drip_after: int | None,
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(BLOCK):
                self._flows.wait()
                if cut_after is not None and passed + len(data) > cut_after:
                    target.sendall(data[: cut_after - passed])
                    target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                    break
                if drip_after is None or passed + len(data) <= drip_after:
                    target.sendall(data)
                else:
                    self._drip(target, data, at_once=max(0, drip_after - passed))
                passed += len(data)
        self._flows.wait()  # the end of a connection is a packet, too
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _drip(self, target: socket.socket, data: bytes, *, at_once: int) -> None:
        target.sendall(data[:at_once])
        for place in range(at_once, len(data)):
            if self._closed.is_set():
                return
            target.sendall(data[place : place + 1])
            time.sleep(1)
