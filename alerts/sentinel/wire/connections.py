"""Connections (`Microsoft.Web/connections`) that playbooks call connectors through.

A playbook keeps beside the id of each connection which connector it is of. That copy is written by
whoever writes the playbook; only the connection itself has the connector that is really called.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from alerts.sentinel.wire.playbooks import WirePlaybook, is_standard_playbook, json_digest
from alerts.sentinel.wire.records import NotAPage

MAX_CONNECTIONS: Final = 50  # of one playbook
_NAME: Final = r"[\w(-][\w.()-]*"  # becomes part of an address of ours: nothing that leads away
_CONNECTION: Final = re.compile(
    rf"/subscriptions/{_NAME}/resourceGroups/{_NAME}/providers/Microsoft\.Web/connections/{_NAME}",
    re.IGNORECASE,
)
# What decides where a connection leads. Its states and times change by themselves.
_SETTINGS: Final = (
    *("parameterValues", "nonSecretParameterValues", "customParameterValues"),
    *("parameterValueSet", "parameterValueType", "alternativeParameterValues"),
)


@dataclass(frozen=True, slots=True)
class WireConnection:
    """One connection: the id of its connector, and a digest of that and of its settings."""

    resource_id: str  # lower case, as Azure compares them
    api_id: str
    digest: str


def is_connection_id(text: str) -> bool:
    """Return whether this is the address of a connection, and of nothing else."""
    return _CONNECTION.fullmatch(text) is not None


def read_connection(body: bytes) -> WireConnection:
    """Return one connection. Raises NotAPage when it is none, or names no connector."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotAPage("no JSON") from None
    resource_id, properties = _member(whole, "id"), _member(whole, "properties")
    api_id = _member(_member(properties, "api"), "id")
    if not isinstance(resource_id, str) or not is_connection_id(resource_id):
        raise NotAPage("no connection")
    if not isinstance(api_id, str) or not api_id:
        raise NotAPage("a connection without a connector")
    digest = json_digest([api_id.lower(), *(_member(properties, name) for name in _SETTINGS)])
    if not digest:
        raise NotAPage("a connection that cannot be read")
    return WireConnection(resource_id.lower(), api_id, digest)


def connection_ids(playbook: WirePlaybook) -> list[str]:
    """Return the ids of the connections that a playbook names, lower case, each once, as far as
    they are addresses of connections.
    """
    if is_standard_playbook(playbook.resource_id):
        entries = _member(_member(playbook.parameters, "connections.json"), "managedApiConnections")
        ids = [_member(_member(entry, "connection"), "id") for entry in _values(entries)]
    else:
        entries = _member(_member(playbook.parameters, "$connections"), "value")
        ids = [_member(entry, "connectionId") for entry in _values(entries)]
    found = [text.lower() for text in ids if isinstance(text, str) and is_connection_id(text)]
    return list(dict.fromkeys(found))[:MAX_CONNECTIONS]


def with_connections(
    playbook: WirePlaybook, connections: Mapping[str, WireConnection | None]
) -> WirePlaybook:
    """Return the playbook with the connectors of its connections, which are part of its digest
    then. None is a connection that could not be read.
    """
    digests = {name: found.digest if found else "" for name, found in connections.items()}
    digest = playbook.definition_digest
    return replace(
        playbook,
        definition_digest=json_digest([digest, digests]) if digest and digests else digest,
        connectors={name: found.api_id if found else "" for name, found in connections.items()},
    )


def _values(entries: Any) -> Iterator[Any]:
    return iter(entries.values() if isinstance(entries, dict) else ())


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
