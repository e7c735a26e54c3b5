"""Every call is bounded: how long it may take in all, and how much may come back."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline.transport import RequestsTransport
from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from alerts.sentinel.client.connection import is_forbidden

TOTAL_SECONDS = 30.0
ANSWER_SECONDS = 15.0  # until the answer to a read begins, signing in and one repetition included
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
MAX_BODY_BYTES = 32 * 1024 * 1024
_BLOCK = 64 * 1024
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)
_max_bytes: ContextVar[int] = ContextVar("max_bytes", default=MAX_BODY_BYTES)


@contextmanager
def time_limit(seconds: float = TOTAL_SECONDS) -> Iterator[None]:
    """Everything on the network inside this block ends after so many seconds."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left() -> float:
    """How much of the current block's time is left; never less than nothing."""
    ends_at = _ends_at.get()
    return READ_SECONDS if ends_at is None else max(0.0, ends_at - time.monotonic())


@contextmanager
def size_limit(n_bytes: int) -> Iterator[None]:
    """Answers inside this block are larger than allowed from so many bytes on."""
    token = _max_bytes.set(n_bytes)
    try:
        yield
    finally:
        _max_bytes.reset(token)


def max_body_bytes() -> int:
    """How many bytes an answer may have."""
    return _max_bytes.get()


class _TimedSocket(ssl.SSLSocket):
    """A socket whose every wait ends with the call's time.

    A read timeout alone begins anew with each byte, so one byte a second would hold a worker
    for ever.
    """

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Wait no longer than the call may still take."""
        self._limit()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Wait no longer than the call may still take."""
        self._limit()
        return super().send(*args, **kwargs)

    def _limit(self) -> None:
        left = seconds_left()
        if not left:
            raise TimeoutError("The call took too long in all.")
        self.settimeout(min(left, READ_SECONDS))


class _Connection(HTTPSConnection):
    """Connects nowhere where no far end can be, whatever its name leads to (reliability A38).

    The name is looked at before, and whom it led to after: it may lead elsewhere the second time.
    """

    def _new_conn(self) -> socket.socket:
        with suppress(socket.gaierror):
            for *_, place in socket.getaddrinfo(self._dns_host, self.port):
                self._refuse_forbidden(str(place[0]))
        connected = super()._new_conn()
        try:
            self._refuse_forbidden(connected.getpeername()[0])
        except (OSError, NewConnectionError):
            connected.close()
            raise
        return connected

    def _refuse_forbidden(self, address: str) -> None:
        if is_forbidden(ip_address(address.partition("%")[0])):
            raise NewConnectionError(self, f"{self._dns_host} leads to {address}: not connected.")


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _TimedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_context(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not (left := seconds_left()):
            raise TimeoutError("The call took too long in all.")
        # A name may stand for several addresses, and each of them is tried for so long.
        kwargs["timeout"] = (min(CONNECT_SECONDS, left / 2), min(READ_SECONDS, left))
        return super().send(request, *args, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=_context(), **kwargs)


class _Session(Session):
    def merge_environment_settings(self, url: Any, proxies: Any, *settings: Any) -> Any:
        """A proxy of the environment leads out, never back to this machine."""
        before = self.trust_env
        self.trust_env = before and urlsplit(str(url)).hostname not in _THIS_MACHINE
        try:
            return super().merge_environment_settings(url, proxies, *settings)
        finally:
            self.trust_env = before


def _context() -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.sslsocket_class = _TimedSocket
    return context


class BoundedTransport(RequestsTransport):  # type: ignore[misc]  # the SDK exports it untyped
    """The SDK's transport with our limits and, where there is one, a private CA.

    It remembers how the latest request ended, because the sign-in library raises "failed" for a
    wrong secret and for a dead network alike.
    """

    def __init__(self, verify: str | bool) -> None:
        session = _Session()
        session.mount("https://", _TimedAdapter())
        super().__init__(
            session=session,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            connection_verify=verify,
            connection_data_block_size=_BLOCK,
        )
        self.latest_status: int | None = None

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send, and remember the status of the answer, or that there was none."""
        self.latest_status = None
        response = super().send(request, **kwargs)
        self.latest_status = response.status_code
        return response
