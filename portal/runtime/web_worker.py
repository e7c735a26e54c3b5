"""The worker of the web process: gunicorn's threads, which never wait for a client.

A thread of gunicorn's own worker belongs to a client from the first byte of its request to the last
byte of the answer, so eight clients that send or read slowly stop the site. Here one loop per
process receives requests and sends answers; a thread sees a request when it has arrived whole, and
is free again when it has written its answer, sent or not. What takes too long is closed.
"""

import errno
import re
import resource
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_SECONDS = 10.0  # from the first moment of a connection to the end of a request's headers
GRACE_SECONDS = 20.0  # for a body, and for an answer; and beside them a second …
SLOWEST = 32 * 1024  # … for so many bytes
LINGER_SECONDS = 2.0  # for the client to take the last bytes of an answer before the end
REFUSED_SECONDS = 30.0  # the same where it still sends what was refused
STOP_SECONDS = 2.0  # for a request under way when the process is told to stop

MAX_HEAD_BYTES = 64 * 1024
IN_MEMORY = 64 * 1024  # of one request or answer; the rest lies in the folder of temporary files
MAX_READ_BYTES = 256 * 1024
LARGE_BODIES = 3  # so many of the largest bodies may be under way in one process
OPEN_FILES = 4096  # connections are at most 1000, each with a file or two; some engines allow 1024
HEALTH_THREADS = 2
UNSENT_BYTES = 64 * 1024 * 1024  # answers in one process that clients have not taken yet

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REFUSAL = (
    b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
)
_TOO_LATE = _REFUSAL % (b"408 Request Timeout", 0, b"")
_HEALTH = tuple(
    b"%s %s" % (method, page)
    for method in (b"GET", b"HEAD")
    for page in (b"/healthz ", b"/readyz ", b"/readyz?")
)
_FIELD = re.compile(
    rb"^(content-length|transfer-encoding|expect)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.I | re.M
)


class ByteBudget:
    """How many bytes may still be held, of all connections of a process together."""

    def __init__(self, most: int) -> None:
        self.left = most

    def take(self, size: int) -> bool:
        """Take the room if there is so much."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def give_back(self, size: int) -> None:
        """Let others have it."""
        self.left += size


class BufferedSocket:
    """What a thread takes for the client's socket: it reads a request that is here, and writes
    without waiting. The names are a socket's.
    """

    def __init__(self, real: socket.socket, room: ByteBudget) -> None:
        real.setblocking(False)
        self.real = real
        self.request: IO[bytes] = BytesIO()
        self.unsent: IO[bytes] | None = None
        self.unsent_bytes = 0
        self._room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def recv(self, size: int) -> bytes:
        """Return more of the request; nothing where it ends."""
        return self.request.read(size)

    def send(self, data: bytes) -> int:
        """Send nothing: gunicorn uses it for "100 Continue" alone, which the loop has sent."""
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send what the client takes at once, keep the rest."""
        sent = 0
        if self.unsent is None:
            sent = self._send(data)
        rest = memoryview(data)[sent:]
        if not rest:
            return
        if not self._room.take(len(rest)):
            raise BrokenPipeError(errno.EPIPE, "Too many answers wait for slow clients.")
        if self.unsent is None:
            self.unsent = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed when sent
        self.unsent_bytes += len(rest)
        self.unsent.write(rest)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Send a file, as sendall does."""
        file.seek(offset)
        left = settings.MAX_REQUEST_BYTES if count is None else count
        while left and (block := file.read(min(left, MAX_READ_BYTES))):
            self.sendall(block)
            left -= len(block)
        return file.tell() - offset

    def turn_to_sending(self) -> None:
        """Begin with what was kept first; the thread writes no more."""
        if self.unsent is not None:
            self.unsent.seek(0)

    def send_rest(self) -> bool:
        """Send more of what was kept; return whether nothing is left."""
        if self.unsent is None:
            return True
        while block := self.unsent.read(MAX_READ_BYTES):
            sent = self._send(block)
            if sent < len(block):
                self.unsent.seek(sent - len(block), 1)
                return False
        self.forget_unsent()
        return True

    def forget_unsent(self) -> None:
        """Give back what the answer took."""
        if self.unsent is not None:
            self.unsent.close()
            self.unsent = None
            self._room.give_back(self.unsent_bytes)
            self.unsent_bytes = 0

    def _send(self, data: bytes) -> int:
        try:
            return self.real.send(data)
        except BlockingIOError:
            return 0

    def setblocking(self, flag: bool) -> None:
        """Ignored: it never waits."""

    def settimeout(self, value: float | None) -> None:
        """Ignored: it never waits."""

    def gettimeout(self) -> float | None:
        """Nothing to wait for."""
        return None


class ClientConnection(TConn):  # type: ignore[misc]  # gunicorn is untyped
    """One client, and the request that it is sending."""

    def __init__(self, cfg: Any, sock: BufferedSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.data_ready = True  # gunicorn need not wait for it
        self.deadline = 0.0
        self.early = b""  # bytes that came behind the request
        self.taken = 0  # of the room for large bodies
        self.next_request()

    def next_request(self) -> None:
        """Begin anew; what came early stays."""
        self.head = bytearray()
        self.missing_bytes = -1  # bytes of the body that are missing; -1 while the head is
        self.body_follows = False  # and is not read
        self.keeps = False

    @property
    def begun(self) -> bool:
        """Whether anything of a request has come."""
        return bool(self.head)


class BufferingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """Receives and sends in the loop of gunicorn's threaded worker; threads do the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.watched: set[ClientConnection] = set()
        self.late = 0  # connections closed since the log last told
        self.logged_at = 0.0
        self.unsent_room = ByteBudget(UNSENT_BYTES)
        self.body_room = ByteBudget(0)

    def run(self) -> None:
        """Serve until stopped; by now the settings are loaded."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most), most))
        self.body_room = ByteBudget(LARGE_BODIES * settings.MAX_REQUEST_BYTES)
        self.health_pool = ThreadPoolExecutor(HEALTH_THREADS, thread_name_prefix="health")
        super().run()

    def enqueue_req(self, conn: ClientConnection) -> None:
        """Give a request to a thread. Who asks for health needs none of those that wait for the
        database: the answer is for when all of them do.
        """
        if not conn.head.startswith(_HEALTH):
            super().enqueue_req(conn)
            return
        answer = self.health_pool.submit(self.handle, conn)
        answer.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    # Receiving

    def accept(self, listener: socket.socket) -> None:
        """Welcome a client, and wait for its request in the loop."""
        try:
            client_sock, client = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        buffered = BufferedSocket(client_sock, self.unsent_room)
        conn = ClientConnection(self.cfg, buffered, client, listener.getsockname())
        self._watch(conn, selectors.EVENT_READ, self._receive, HEAD_SECONDS)

    def _receive(self, conn: ClientConnection) -> None:
        size = MAX_READ_BYTES if conn.missing_bytes < 0 else min(conn.missing_bytes, MAX_READ_BYTES)
        try:
            data = conn.sock.real.recv(size)
        except BlockingIOError:
            return
        if not data:
            self._drop(conn)
            return
        if not conn.begun:
            conn.deadline = time.monotonic() + HEAD_SECONDS
        self._take(conn, data)

    def _take(self, conn: ClientConnection, data: bytes) -> None:
        """Add what came; give the request to a thread once it is whole."""
        if conn.missing_bytes < 0:
            searched = max(0, len(conn.head) - 3)
            conn.head += data
            end = conn.head.find(b"\r\n\r\n", searched)
            if end < 0:
                if len(conn.head) > MAX_HEAD_BYTES:
                    self._refuse(
                        conn, b"431 Request Header Fields Too Large", b"The headers are too long."
                    )
                return
            data = bytes(conn.head[end + 4 :])
            del conn.head[end + 4 :]
            if not self._begin_body(conn, waits=not data):
                return
        if conn.missing_bytes:
            conn.sock.request.write(data[: conn.missing_bytes])
        conn.early = data[conn.missing_bytes :]
        conn.missing_bytes -= len(data) - len(conn.early)
        if not conn.missing_bytes:
            conn.sock.request.seek(0)
            self._unwatch(conn)
            self.enqueue_req(conn)

    def _begin_body(self, conn: ClientConnection, *, waits: bool) -> bool:
        """Read from the head how long the body is, and make room; return whether there is room."""
        fields = {name.lower(): value for name, value in _FIELD.findall(bytes(conn.head))}
        length = fields.get(b"content-length", b"0")
        if not re.fullmatch(rb"[0-9]{1,18}", length):
            # Gunicorn takes longer ones: with two ideas of where a request ends, the end of one
            # would be taken for the next, which a proxy answers to somebody else.
            self._refuse(conn, b"400 Bad Request", b"Content-Length has 1 to 18 digits.")
            return False
        size = int(length)
        if b"transfer-encoding" in fields:  # which Django does not read either
            self._refuse(conn, b"411 Length Required", b"Say how long it is: Content-Length.")
            return False
        # The application refuses what is too large, by its length and in its own words.
        conn.body_follows = size > settings.MAX_REQUEST_BYTES
        conn.missing_bytes = 0 if conn.body_follows else size
        conn.sock.request = BytesIO()
        if conn.missing_bytes > IN_MEMORY:
            if not self.body_room.take(conn.missing_bytes):
                self._refuse(
                    conn, b"503 Service Unavailable", b"Too many files are on their way: try again."
                )
                return False
            conn.taken = conn.missing_bytes
            conn.sock.request = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # until answered
        conn.sock.request.write(conn.head)
        if conn.missing_bytes:
            conn.deadline = time.monotonic() + GRACE_SECONDS + conn.missing_bytes / SLOWEST
            if waits and fields.get(b"expect", b"").lower() == b"100-continue":
                conn.sock.real.send(_CONTINUE)
        return True

    def _refuse(self, conn: ClientConnection, status: bytes, why: bytes) -> None:
        conn.body_follows, conn.missing_bytes = True, 0
        conn.sock.sendall(_REFUSAL % (status, len(why), why))
        self._unwatch(conn)
        self._end(conn)

    # Sending

    def _keepalive_after(self, conn: ClientConnection, keepalive: object) -> bool:
        """Whether the connection is good for another request: what the application did not read of
        this one is here, so that leaving it out takes no time.
        """
        return bool(keepalive and conn.parser.finish_body())

    def finish_request(self, conn: ClientConnection, fs: Any) -> None:
        """Go on with a connection when the thread is done with its request."""
        try:
            conn.keeps = bool(not fs.cancelled() and fs.result())
        except Exception:
            conn.keeps = False
        self._forget_request(conn)
        try:
            conn.sock.turn_to_sending()
            self._send(conn, is_watched=False)
        except (OSError, ValueError):  # the client is gone, or gunicorn closed the connection
            self._drop(conn)

    def _send(self, conn: ClientConnection, *, is_watched: bool = True) -> None:
        if not conn.sock.send_rest():
            if not is_watched:
                patience = GRACE_SECONDS + conn.sock.unsent_bytes / SLOWEST
                self._watch(conn, selectors.EVENT_WRITE, self._send, patience)
            return
        if is_watched:
            self._unwatch(conn)
        if not conn.keeps or conn.body_follows:
            self._end(conn)
            return
        conn.next_request()
        patience = HEAD_SECONDS if conn.early else self.cfg.keepalive
        self._watch(conn, selectors.EVENT_READ, self._receive, patience)
        if early := conn.early:
            self._take(conn, early)

    def _end(self, conn: ClientConnection) -> None:
        """Announce that nothing more comes, and let the client take what was sent: closed at once,
        what it still sends would cost it the answer.
        """
        try:
            conn.sock.real.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        patience = REFUSED_SECONDS if conn.body_follows else LINGER_SECONDS
        self._watch(conn, selectors.EVENT_READ, self._discard, patience)

    def _discard(self, conn: ClientConnection) -> None:
        try:
            if not conn.sock.real.recv(MAX_READ_BYTES):
                self._drop(conn)
        except BlockingIOError:
            return

    # The loop

    def _watch(
        self,
        conn: ClientConnection,
        event: int,
        react: Callable[[ClientConnection], None],
        patience: float,
    ) -> None:
        conn.deadline = time.monotonic() + patience
        self.poller.register(conn.sock.real, event, partial(self._react, conn, react))
        self.watched.add(conn)

    def _unwatch(self, conn: ClientConnection) -> None:
        if conn in self.watched:
            self.watched.remove(conn)
            self.poller.unregister(conn.sock.real)

    def _react(
        self, conn: ClientConnection, react: Callable[[ClientConnection], None], _socket: object
    ) -> None:
        """Whatever one client does, or a full disk, ends its own connection and not the loop."""
        try:
            react(conn)
        except (OSError, ValueError):
            self._drop(conn)

    def _drop(self, conn: ClientConnection) -> None:
        self._unwatch(conn)
        self._forget_request(conn)
        conn.sock.forget_unsent()
        self.nr_conns -= 1
        conn.sock.real.close()

    def _forget_request(self, conn: ClientConnection) -> None:
        conn.sock.request.close()
        self.body_room.give_back(conn.taken)
        conn.taken = 0

    def murder_pending(self) -> None:
        """Close what took too long. Gunicorn's loop calls it every second, also while it stops:
        a client that is sending then has STOP_SECONDS left.
        """
        now = time.monotonic()
        for conn in list(self.watched):
            if not self.alive and conn.sock.unsent is None:
                conn.deadline = min(conn.deadline, now + STOP_SECONDS)
            if conn.deadline <= now:
                self._give_up(conn)
        if self.late and now - self.logged_at > 60:
            self.log.warning("Closed %d connections of clients that were too slow.", self.late)
            self.late, self.logged_at = 0, now

    def _give_up(self, conn: ClientConnection) -> None:
        is_half_sent = conn.begun and conn.missing_bytes != 0
        if is_half_sent or conn.sock.unsent is not None:
            self.late += 1
        if is_half_sent:
            with suppress(OSError):
                conn.sock.sendall(_TOO_LATE)
        self._drop(conn)
