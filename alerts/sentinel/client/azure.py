"""SentinelClient over the Azure SDK. The SDK signs in and carries; the JSON stays as it came.

The SDK's own methods are not used: one of them fails on the empty answer to the delete of an
automation rule, and its models would lose what they do not know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import orjson
from azure.core.credentials import TokenCredential
from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from alerts.sentinel.client.answers import body_of, error_for, in_our_words, object_in
from alerts.sentinel.client.authentication import (
    CappedRetry,
    SignedIn,
    certificate_end,
    credential_for,
)
from alerts.sentinel.client.connection import Connection, origin_of
from alerts.sentinel.client.errors import (
    ForeignHost,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.client.limits import (
    ANSWER_SECONDS,
    TOTAL_SECONDS,
    BoundedTransport,
    seconds_left,
    time_limit,
)
from alerts.sentinel.client.playbooks import AzurePlaybooks
from alerts.sentinel.client.port import MAX_PAGE_SIZE, ListBy, Probe, Receipt
from alerts.sentinel.wire.values import write_moment

_RULES = "automationRules"


class _Calls(Protocol):
    """What the client has for all its calls."""

    def _call(self, method: str, url: str, content: bytes | None = None) -> bytes: ...

    def _send(
        self, method: str, url: str, content: bytes | None = None, *, match: str = ""
    ) -> tuple[int, bytes]: ...

    def _url(self, *parts: str, **query: str) -> str: ...

    def _followed(self, link: str) -> str: ...

    def _put(self, name: str, url: str, body: dict[str, Any]) -> Receipt: ...


class AzureAutomationRules:
    """Reads and writes automation rules as they stand on the wire."""

    def list_automation_rules(self: _Calls, *, next_link: str | None = None) -> bytes:
        """One page of all automation rules, ours and others'."""
        return self._call("GET", self._followed(next_link) if next_link else self._url(_RULES))

    def get_automation_rule(self: _Calls, name: str) -> bytes:
        """One automation rule as it is now."""
        return self._call("GET", self._url(_RULES, name))

    def put_automation_rule(
        self: _Calls, name: str, properties: dict[str, Any], *, etag: str = ""
    ) -> Receipt:
        """Write a whole rule under an id of ours; without an etag it is meant to be new."""
        body = {"properties": properties} | ({"etag": etag} if etag else {})
        return self._put(name, self._url(_RULES, name), body)

    def delete_automation_rule(self: _Calls, name: str, *, etag: str = "") -> None:
        """Take a rule away, if it is still the one that was read. None there is as good."""
        try:
            self._send("DELETE", self._url(_RULES, name), match=etag)
        except SentinelNotFound as error:
            if error.is_of_the_workspace:
                raise


GA, PREVIEW = "2025-09-01", "2025-10-01-preview"  # only the preview names sites of IoT devices
_BUDGETS = "x-ms-ratelimit-remaining-"
_DONE = {"DELETE": (200, 202, 204)}
_READS = frozenset({"GET", "POST"})  # alerts and entities are asked for with POST
_STARTED = (200, 202, 204)


class AzureSentinelClient(AzureAutomationRules, AzurePlaybooks):
    """One workspace as one identity reaches it. Made lazily in the process that uses it."""

    def __init__(self, connection: Connection, *, seconds: float = TOTAL_SECONDS) -> None:
        from azure.mgmt.securityinsight import SecurityInsightsMgmtClient  # costs 60 MB

        self._endpoint, self._path = connection.endpoint.rstrip("/"), connection.path
        self._subscription, self._tenant = connection.subscription_id, connection.tenant_id
        pinned = origin_of(self._endpoint)
        if pinned is None or pinned[0] != "https":
            raise ValueError("Tokens travel over TLS only: the endpoint must be an https address.")
        self._pinned, self._seconds = pinned, seconds
        self._transport = BoundedTransport(connection.verify)
        signed_in = SignedIn(
            lambda: self._sign_in_with(connection),
            connection.scope,
            pinned,
            lambda: self._transport.latest_status,
        )
        self._sdk = SecurityInsightsMgmtClient(
            credential=cast(TokenCredential, signed_in),  # never asked: our own policy signs in
            subscription_id=connection.subscription_id,
            base_url=self._endpoint,
            authentication_policy=signed_in,
            transport=self._transport,
            # Its own list would register providers in the customer's subscription by itself,
            # follow redirects, and log headers.
            policies=[
                RequestIdPolicy(),
                HeadersPolicy(),
                UserAgentPolicy(base_user_agent="Tagout"),
                CappedRetry(retry_backoff_factor=0.2),
                signed_in,
            ],
        )
        self.calls_left: dict[str, int] = {}
        self.answered = 0
        self.credential_ends_at: datetime | None = None

    def list_incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: ListBy = ListBy.MODIFIED,
        top: int = MAX_PAGE_SIZE,
        next_link: str | None = None,
    ) -> bytes:
        """One page of incidents, oldest first; `next_link` goes on where a page said it does."""
        if next_link is not None:
            return self._call("GET", self._followed(next_link))
        bounds = [("ge", since), ("lt", until)]
        conditions = [f"properties/{by} {word} {write_moment(at)}" for word, at in bounds if at]
        query = {"$orderby": f"properties/{by} asc", "$top": str(top)}
        if conditions:
            query["$filter"] = " and ".join(conditions)
        return self._call("GET", self._url("incidents", **query))

    def get_incident(self, name: str) -> bytes:
        """One incident as it is now."""
        return self._call("GET", self._url("incidents", name))

    def put_incident(self, name: str, body: dict[str, Any]) -> Receipt:
        """Write a whole incident; the body must carry the etag that was read."""
        if not body.get("etag"):
            raise SentinelRefused("An incident is written only with the etag that was read.")
        return self._put(name, self._url("incidents", name), body)

    def list_alerts(self, name: str) -> bytes:
        """All alerts of an incident."""
        return self._call("POST", self._url("incidents", name, "alerts"))

    def list_entities(self, name: str) -> bytes:
        """All entities of an incident, with the places of IoT devices."""
        return self._call("POST", self._url("incidents", name, "entities", version=PREVIEW))

    def list_comments(self, name: str, *, next_link: str | None = None) -> bytes:
        """One page of an incident's comments."""
        if next_link is not None:
            return self._call("GET", self._followed(next_link))
        return self._call("GET", self._url("incidents", name, "comments"))

    def get_comment(self, name: str, comment: str) -> bytes:
        """One comment of an incident."""
        return self._call("GET", self._url("incidents", name, "comments", comment))

    def put_comment(self, name: str, comment: str, body: dict[str, Any]) -> Receipt:
        """Write a comment under an id of ours."""
        return self._put(comment, self._url("incidents", name, "comments", comment), body)

    def probe(self) -> Probe:
        """Sign in, reach the workspace and list one incident."""
        page = object_in(self.list_incidents(top=1))
        if not isinstance(page.get("value"), list):
            raise SentinelUnavailable("The answer is no list of incidents.", code="NotAList")
        return Probe(
            has_incidents=bool(page["value"]),
            reads_left=self.calls_left.get("subscription-reads"),
            writes_left=self.calls_left.get("subscription-writes"),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._sdk.close()

    def _sign_in_with(self, connection: Connection) -> TokenCredential:
        self.credential_ends_at = certificate_end(connection)
        return credential_for(connection, self._transport)

    def _url(self, *parts: str, version: str = GA, **query: str) -> str:
        if not all(part.strip(".") for part in parts):
            raise SentinelRefused("A record without a proper name cannot be asked for.")
        path = "/".join(quote(part, safe="") for part in parts)
        options = urlencode({"api-version": version, **query}, quote_via=quote, safe="$/:")
        return f"{self._endpoint}{self._path}/{path}?{options}"

    def _arm_url(self, path: str, *, version: str) -> str:
        """The address of anything else in Azure's resource manager; `path` begins with a slash."""
        return f"{self._endpoint}{quote(path, safe='/')}?{urlencode({'api-version': version})}"

    def _start(self, url: str, body: dict[str, Any]) -> None:
        """Start something that another call would start once more: it is sent once."""
        content = orjson.dumps(body)
        self._send("POST", url, content, is_repeatable=False)

    def _followed(self, link: str) -> str:
        if origin_of(link) != self._pinned:
            raise ForeignHost(
                "The next page is said to be on another host; it was not asked.", code="ForeignHost"
            )
        link = link.replace("{", "%7B").replace("}", "%7D")
        if "api-version" not in parse_qs(urlsplit(link).query):
            link += ("&" if "?" in link else "?") + f"api-version={GA}"
        return link

    def _put(self, name: str, url: str, body: dict[str, Any]) -> Receipt:
        answer = self._call("PUT", url, orjson.dumps(body))
        etag = object_in(answer).get("etag")
        return Receipt(name, etag if isinstance(etag, str) else None, answer)

    def _call(self, method: str, url: str, content: bytes | None = None) -> bytes:
        status, body = self._send(method, url, content)
        if body.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] not in (b"{", b"["):
            raise SentinelUnavailable("The answer is no JSON.", status=status, code="NotJson")
        return body

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        match: str = "",
        is_repeatable: bool = True,
    ) -> tuple[int, bytes]:
        headers = {"Accept": "application/json"} | ({"If-Match": match} if match else {})
        if content is not None:
            headers["Content-Type"] = "application/json"
        request = HttpRequest(method, url, headers=headers, content=content)
        retries = int(is_repeatable and method != "PUT")
        seconds = self._seconds_to_answer(method) if is_repeatable else self._seconds
        with time_limit(self._seconds), in_our_words():
            with time_limit(seconds), in_our_words():
                response = self._sdk.send_request(
                    request, stream=True, retry_total=retries, timeout=seconds_left()
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

    def _seconds_to_answer(self, method: str) -> float:
        """How long to wait until an answer begins: for reads not long, so that status soon tells
        of a far end that hangs; a write that was cut off would have to be looked up.
        """
        return min(self._seconds, ANSWER_SECONDS) if method in _READS else self._seconds

    def _note_budgets(self, response: HttpResponse) -> None:
        for name, value in response.headers.items():
            if name.lower().startswith(_BUDGETS) and value.isascii() and value.isdigit():
                self.calls_left[name.lower().removeprefix(_BUDGETS)] = int(value[:9])
