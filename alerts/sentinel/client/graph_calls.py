"""Microsoft Graph's security incidents by raw calls: its SDK has no comments and weighs 132 MB."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from alerts.sentinel.client.breakers import HostBreaker
from alerts.sentinel.client.calls import SignedCalls
from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.timeouts import TOTAL_SECONDS

# Without it, newer values arrive as unknownFutureValue: an incident's own state among them.
_PREFER: Final = {"Prefer": "include-unknown-enum-members"}
_ROOT: Final = "/v1.0/security"
INCIDENTS: Final = "incidents"


class GraphCalls(SignedCalls):
    """Graph as one identity of ours reaches it. Made lazily in the process that uses it. Raises
    SentinelError only.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        seconds: float = TOTAL_SECONDS,
        breaker: HostBreaker | None = None,
    ) -> None:
        super().__init__(
            connection,
            endpoint=connection.graph_endpoint,
            scope=connection.graph_scope,
            seconds=seconds,
            breaker=breaker,
        )

    def get(self, *parts: str, **options: str) -> bytes:
        """GET below /security, with query options by their names without the dollar."""
        return self._call("GET", self._url(*parts, **options), headers=_PREFER)

    def follow(self, link: str) -> bytes:
        """GET the next page, by the link in the answer before."""
        return self._call("GET", self._followed(link), headers=_PREFER)

    def patch(self, *parts: str, body: Mapping[str, Any]) -> bytes:
        """Change these members of one record; sent once."""
        return self._call("PATCH", self._url(*parts), orjson.dumps(body), headers=_PREFER)

    def post(self, *parts: str, body: Mapping[str, Any]) -> bytes:
        """Add something; sent once, because a second call would add it twice."""
        return self._call("POST", self._url(*parts), orjson.dumps(body), headers=_PREFER)

    def _url(self, *parts: str, **options: str) -> str:
        query = urlencode({f"${name}": text for name, text in options.items()}, quote_via=quote)
        return f"{self._endpoint}{_ROOT}/{self._path(*parts)}" + (f"?{query}" if query else "")
