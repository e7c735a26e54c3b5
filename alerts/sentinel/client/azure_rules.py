"""The automation rules of a workspace, over the same bounded calls as everything else.

The SDK's own methods are not used: one of them fails on the empty answer to a delete, and its
models would lose what they do not know.
"""

from __future__ import annotations

from typing import Any, Protocol

from alerts.sentinel.client.errors import SentinelNotFound
from alerts.sentinel.client.port import Receipt

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
