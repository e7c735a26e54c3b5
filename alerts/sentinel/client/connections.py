"""Connections of playbooks by the one pipeline of the client, and what a playbook calls by them."""

from typing import Final, Protocol

from alerts.sentinel.client.azure_calls import AzureCalls
from alerts.sentinel.client.errors import (
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.client.versions import CONNECTIONS
from alerts.sentinel.wire.connections import (
    WireConnection,
    connection_ids,
    is_connection_id,
    read_connection,
    with_connections,
)
from alerts.sentinel.wire.playbooks import WirePlaybook
from alerts.sentinel.wire.records import NotAPage

MAX_READS: Final = 500  # by one reader


class PlaybookConnections(AzureCalls, Protocol):
    """The part of a client that reads connections."""

    def get_connection(self, connection: str) -> bytes:
        """One connection as it is now, with its connector."""
        if not is_connection_id(connection):
            raise SentinelRefused("This is not the address of a connection.")
        return self._call("GET", self._arm_url(connection, version=CONNECTIONS))


class ConnectionReader:
    """Adds to playbooks what their connections are of; reads each connection once."""

    def __init__(self, client: PlaybookConnections) -> None:
        self._client = client
        self._read: dict[str, WireConnection | None] = {}

    def complete(self, playbook: WirePlaybook) -> WirePlaybook:
        """Return the playbook with the connectors of its connections; one that listens to nothing
        of Sentinel as it is, since nobody starts it here. Raises SentinelError where Azure is away.
        """
        if not playbook.has_sentinel_trigger:
            return playbook
        names = connection_ids(playbook)
        return with_connections(playbook, {name: self._connection(name) for name in names})

    def _connection(self, name: str) -> WireConnection | None:
        if name not in self._read:
            self._read[name] = self._fetch(name) if len(self._read) < MAX_READS else None
        return self._read[name]

    def _fetch(self, name: str) -> WireConnection | None:
        try:
            found = read_connection(self._client.get_connection(name))
        except SentinelDenied as error:
            if error.status != 403:  # of the sign-in, not of this connection
                raise
            return None
        except (SentinelNotFound, SentinelRefused, NotAPage):
            return None
        return found if found.resource_id == name else None
