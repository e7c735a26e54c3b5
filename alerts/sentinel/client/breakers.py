"""A circuit breaker for a host that many workspaces share: Microsoft Graph, Log Analytics.

What all processes remember about it is in rows, which the client does not depend on: whoever keeps
them registers here (`provide_breakers`).
"""

from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from alerts.sentinel.client.errors import SentinelError, SentinelUnavailable

GRAPH_HOST, LOGS_HOST = "graph", "logs"  # kinds of hosts
HOST_RESTS = "HostRests"
_OF_THE_SIGN_IN = "SignInUnreachable"


class HostBreaker(Protocol):
    """The circuit breaker of one host."""

    def may_call(self) -> bool:
        """Whether to call now; when a probe is due, True for only one caller."""

    def note_answer(self) -> None:
        """It answered, with whatever."""

    def note_failure(self, error: str) -> None:
        """It did not answer."""


class NeverOpen:
    """A breaker that remembers nothing."""

    def may_call(self) -> bool:
        """Always."""
        return True

    def note_answer(self) -> None:
        """Nothing."""

    def note_failure(self, error: str) -> None:
        """Nothing."""


type MakeBreaker = Callable[[str], HostBreaker]
_make: list[MakeBreaker] = []


def provide_breakers(make: MakeBreaker) -> None:
    """Have this function give the breaker of a host, by its kind and address."""
    _make[:] = [make]


def breaker_of_host(kind: str, address: str) -> HostBreaker:
    """Return the breaker of the host at this address; one for each kind and host."""
    return _make[0](f"{kind} {urlsplit(address).netloc}")


def note_outcome(
    breaker: HostBreaker, error: SentinelError | None, *, slow_is_answer: bool
) -> None:
    """Record for a breaker how a call ended. To be refused or throttled is an answer.
    `slow_is_answer` where what was asked may have been too much, which proves nothing about the
    host.
    """
    if error is not None and error.code in (_OF_THE_SIGN_IN, HOST_RESTS):
        return  # the host was not asked
    is_away = isinstance(error, SentinelUnavailable) and error.status in (None, 503)
    if error is None or not is_away:
        breaker.note_answer()
    elif error.code != "TooSlow" or not slow_is_answer:
        breaker.note_failure(error.message)
