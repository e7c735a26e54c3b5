"""Calls to one host of Microsoft's: signed in, pinned to that host, bounded in time and size.

Every client goes this way, whatever it calls: the JSON stays as it came, and what goes wrong
becomes an error of ours.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from alerts.sentinel.client.answers import body_of, error_for, error_sentence
from alerts.sentinel.client.authentication import (
    CappedRetry,
    SignedIn,
    breaker_of,
    credential_end,
    credential_for,
)
from alerts.sentinel.client.breakers import HOST_RESTS, HostBreaker, NeverOpen, note_outcome
from alerts.sentinel.client.connection import Connection, origin_of
from alerts.sentinel.client.errors import (
    ForeignHost,
    SentinelError,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.client.timeouts import (
    ANSWER_SECONDS,
    TOTAL_SECONDS,
    BoundedTransport,
    seconds_left,
    time_limit,
)

_BUDGETS = "x-ms-ratelimit-remaining-"
_DONE = {"DELETE": (200, 202, 204)}
_STARTED = (200, 202, 204)


class Carrier(Protocol):
    """What takes a request through a pipeline: a client of the SDK, whichever it is."""

    def send_request(self, request: HttpRequest, *, stream: bool, **options: Any) -> HttpResponse:
        """Send it through all policies."""

    def close(self) -> None:
        """Let go of the connections."""


type MakeCarrier = Callable[[SignedIn, Sequence[Any], BoundedTransport], Carrier]


class SignedCalls:
    """Calls to one host, as one identity of ours. Made lazily in the process that uses it."""

    reads = frozenset({"GET"})  # methods that change nothing, wherever they lead
    slow_is_answer = False  # whether an answer in time depends on what is asked

    def __init__(
        self,
        connection: Connection,
        *,
        endpoint: str,
        scope: str,
        carrier: MakeCarrier | None = None,
        seconds: float = TOTAL_SECONDS,
        breaker: HostBreaker | None = None,
    ) -> None:
        self._endpoint, self._breaker = endpoint.rstrip("/"), breaker or NeverOpen()
        pinned = origin_of(self._endpoint)
        if pinned is None or pinned[0] != "https":
            raise ValueError("Tokens travel over TLS only: the endpoint must be an https address.")
        self._pinned, self._seconds = pinned, seconds
        self._transport = BoundedTransport(connection.verify)
        signed_in = SignedIn(
            lambda: self._sign_in_with(connection),
            scope,
            pinned,
            lambda: self._transport.latest_status,
            breaker_of(connection),
        )
        # The SDK's own list would register providers in the customer's subscription by itself,
        # follow redirects, and log headers.
        policies = [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy(base_user_agent="Tagout"),
            CappedRetry(retry_backoff_factor=0.2),
            signed_in,
        ]
        self._carrier = (
            carrier(signed_in, policies, self._transport)
            if carrier
            else PipelineClient(self._endpoint, policies=policies, transport=self._transport)
        )
        self.calls_left: dict[str, int] = {}
        self.answered = 0
        self.credential_ends_at: datetime | None = None

    def close(self) -> None:
        """Let go of the connections."""
        self._carrier.close()

    def _sign_in_with(self, connection: Connection) -> TokenCredential:
        self.credential_ends_at = credential_end(connection)
        return credential_for(connection, self._transport)

    def _path(self, *parts: str) -> str:
        if not all(part.strip(".") for part in parts):
            raise SentinelRefused("A record without a proper name cannot be asked for.")
        return "/".join(quote(part, safe="") for part in parts)

    def _followed(self, link: str) -> str:
        """The link to a next page, if it stays on the host where we are signed in."""
        if origin_of(link) != self._pinned:
            raise ForeignHost(
                "The next page is said to be on another host; it was not asked.", code="ForeignHost"
            )
        return link.replace("{", "%7B").replace("}", "%7D")

    def _call(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The JSON of an answer; what is none counts as no answer."""
        status, body = self._send(method, url, content, headers=headers)
        if body.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] not in (b"{", b"["):
            raise SentinelUnavailable("The answer is no JSON.", status=status, code="NotJson")
        return body

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is none of an error. What starts something is not
        repeatable: it is sent once. A host that is away is left alone.
        """
        if not self._breaker.may_call():
            raise SentinelUnavailable(
                "The service did not answer several times in a row; it is asked again in half a"
                " minute.",
                code=HOST_RESTS,
            )
        try:
            answer = self._exchange(method, url, content, headers, is_repeatable=is_repeatable)
        except SentinelError as error:
            note_outcome(self._breaker, error, slow_is_answer=self.slow_is_answer)
            raise
        note_outcome(self._breaker, None, slow_is_answer=self.slow_is_answer)
        return answer

    def _exchange(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: Mapping[str, str] | None,
        *,
        is_repeatable: bool,
    ) -> tuple[int, bytes]:
        sent_headers = {"Accept": "application/json", **(headers or {})}
        if content is not None:
            sent_headers["Content-Type"] = "application/json"
        request = HttpRequest(method, url, headers=sent_headers, content=content)
        repeats = is_repeatable and (method in self.reads or method == "DELETE")
        is_short = is_repeatable and method in self.reads
        with time_limit(self._seconds), error_sentence():
            with time_limit(self._seconds_to_answer(is_short=is_short)), error_sentence():
                response = self._carrier.send_request(
                    request, stream=True, retry_total=int(repeats), timeout=seconds_left()
                )
            try:
                body = body_of(response)
            finally:
                response.close()
        self.answered += 1
        self._note_budgets(response)
        done = _DONE.get(method, (200, 201)) if is_repeatable else _STARTED
        if response.status_code not in done:
            raise error_for(response.status_code, response.headers, body)
        return response.status_code, body

    def _seconds_to_answer(self, *, is_short: bool) -> float:
        """How long to wait until an answer begins: for reads not long, so that status soon shows a
        far end that hangs; a write that was cut off would have to be looked up.
        """
        return min(self._seconds, ANSWER_SECONDS) if is_short else self._seconds

    def _note_budgets(self, response: HttpResponse) -> None:
        for name, value in response.headers.items():
            if name.lower().startswith(_BUDGETS) and value.isascii() and value.isdigit():
                self.calls_left[name.lower().removeprefix(_BUDGETS)] = int(value[:9])
