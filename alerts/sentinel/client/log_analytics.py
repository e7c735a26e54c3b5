"""Questions in KQL to Log Analytics, where a workspace keeps years of what Sentinel forgets.

The host and the token are others than Sentinel's; time, size and errors are bounded as for all our
calls, so a question must be small enough for one answer of 30 seconds and 32 MB. Who asks halves
the window of a question that is not (`is_too_much`). Why no SDK: docs/decisions/0025.
"""

import os
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from alerts.sentinel.client.answers import object_in
from alerts.sentinel.client.breakers import LOGS_HOST, HostBreaker, breaker_of_host
from alerts.sentinel.client.calls import SignedCalls
from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.errors import TOO_LARGE, SentinelError, SentinelRefused
from alerts.sentinel.client.timeouts import TOTAL_SECONDS

NO_ADDRESS = "NoLogsAddress"
_WORKSPACES = "2022-10-01"
# Log Analytics then answers that it took too long, before we hang up; some seconds are for the way.
_SERVER_SECONDS = int(TOTAL_SECONDS) - 5
_TOO_LONG = frozenset({"TooSlow", "GatewayTimeout", "QueryTimeout"})
_MAX_CLIENTS = 500


class LogsClient(Protocol):
    """The logs of one workspace. Raises SentinelError only."""

    def query(self, text: str) -> bytes:
        """The answer to a question in KQL, for `alerts.sentinel.wire` to read."""


class _Host(SignedCalls):
    """One host that is asked without an SDK of its own."""

    slow_is_answer = True

    def call(self, method: str, path: str, content: bytes | None = None, **headers: str) -> bytes:
        """The JSON of an answer of this host."""
        return self._call(method, self._endpoint + path, content, headers=headers)


class AzureLogsClient:
    """One workspace's logs as one identity reaches them, connected at the first question."""

    def __init__(
        self,
        connection: Connection,
        *,
        seconds: float = TOTAL_SECONDS,
        breaker: HostBreaker | None = None,
    ) -> None:
        self._connection, self._seconds, self._breaker = connection, seconds, breaker
        self._logs: _Host | None = None
        self._workspace_id = ""

    def query(self, text: str) -> bytes:
        """Ask once; a question that Log Analytics cannot answer in time is not repeated."""
        if self._logs is None:
            self._logs = self._connect()
        path = f"/v1/workspaces/{self._id()}/query"
        body = orjson.dumps({"query": text})
        return self._logs.call("POST", path, body, Prefer=f"wait={_SERVER_SECONDS}")

    def _connect(self) -> _Host:
        connection = self._connection
        if not connection.logs_address:
            raise SentinelRefused(
                "Where Log Analytics answers for this workspace is not known; name it with"
                " --logs-endpoint.",
                code=NO_ADDRESS,
            )
        return _Host(
            connection,
            endpoint=connection.logs_address,
            scope=connection.logs_scope,
            seconds=self._seconds,
            breaker=self._breaker,
        )

    def _id(self) -> str:
        """The workspace's id in Log Analytics, read from the resource manager."""
        if not self._workspace_id:
            connection = self._connection
            arm = _Host(
                connection,
                endpoint=connection.endpoint,
                scope=connection.scope,
                seconds=self._seconds,
            )
            path = connection.path.removesuffix("/providers/Microsoft.SecurityInsights")
            try:
                body = arm.call("GET", f"{path}?api-version={_WORKSPACES}")
            finally:
                arm.close()
            properties: Any = object_in(body).get("properties")
            found = properties.get("customerId") if isinstance(properties, dict) else None
            if not isinstance(found, str) or not found:
                raise SentinelRefused("Azure does not tell the workspace's id in Log Analytics.")
            self._workspace_id = quote(found, safe="")
        return self._workspace_id


def is_too_much(error: SentinelError) -> bool:
    """Whether a smaller question may be answered where this one was not."""
    return error.code in _TOO_LONG or error.code == TOO_LARGE or error.status == 504


class LogWorkspace(Protocol):
    """A workspace, as far as making a client goes."""

    def connection_for(self, purpose: str) -> Connection:
        """Where it is and who we are there for this purpose."""


_clients: dict[tuple[int, Connection], AzureLogsClient] = {}


def logs_client_for(workspace: LogWorkspace) -> LogsClient:
    """The client of this process for the logs of a workspace."""
    key = (os.getpid(), workspace.connection_for("read"))
    if key not in _clients:
        if len(_clients) >= _MAX_CLIENTS:
            _clients.clear()
        breaker = breaker_of_host(LOGS_HOST, key[1].logs_address)
        _clients[key] = AzureLogsClient(key[1], breaker=breaker)
    return _clients[key]
