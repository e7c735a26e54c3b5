"""The one client to Sentinel. Only intake, outbox and readiness may use it, never the web process.

`client_for(workspace, purpose)` gives the client of this process, made at first use (so never
shared across a fork) and kept as long as the workspace's settings stay the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, cast

from alerts.sentinel.client.connection import GRAPH_SOURCE, Connection
from alerts.sentinel.client.port import SentinelClient

if TYPE_CHECKING:
    from alerts.sentinel.client.azure import AzureSentinelClient
    from alerts.sentinel.client.graph_source import GraphIncidentSource

_MAX_CLIENTS = 500
_clients: dict[tuple[int, Connection], SentinelClient] = {}


class Reachable(Protocol):
    """A workspace, as far as making a client goes."""

    def connection_for(self, purpose: str) -> Connection:
        """Where it is and who we are there for this purpose."""


def client_for(workspace: Reachable, purpose: str = "read") -> SentinelClient:
    """The client for one purpose (read, incidents, rules) in one workspace."""
    key = (os.getpid(), workspace.connection_for(purpose))
    if key not in _clients:
        if len(_clients) >= _MAX_CLIENTS:
            _clients.clear()
        _clients[key] = _client(key[1])
    return _clients[key]


def _client(connection: Connection) -> SentinelClient:
    if connection.source == GRAPH_SOURCE:
        return cast(SentinelClient, _by_graph(connection))
    return _by_arm(connection)


def _by_arm(connection: Connection) -> AzureSentinelClient:
    from alerts.sentinel.client.azure import AzureSentinelClient
    from alerts.sentinel.client.versions import api_versions_of

    return AzureSentinelClient(connection, versions=api_versions_of(connection.workspace))


def _by_graph(connection: Connection) -> GraphIncidentSource:
    from alerts.sentinel.client.breakers import GRAPH_HOST, breaker_of_host
    from alerts.sentinel.client.counterparts import counterparts_of
    from alerts.sentinel.client.graph_calls import GraphCalls
    from alerts.sentinel.client.graph_source import GraphIncidentSource

    return GraphIncidentSource(
        GraphCalls(connection, breaker=breaker_of_host(GRAPH_HOST, connection.graph_endpoint)),
        _by_arm(connection),
        counterparts_of(connection.workspace),
    )
