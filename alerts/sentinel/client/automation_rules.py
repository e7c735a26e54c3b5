"""Automation rules of a workspace by the one pipeline of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from alerts.sentinel.client.azure_calls import AzureCalls

if TYPE_CHECKING:
    from alerts.sentinel.client.port import Receipt

_RULES = "automationRules"


class AutomationRules(AzureCalls, Protocol):
    """The automation rules of a workspace. They count and act there for everybody, not only us."""

    def list_automation_rules(self, *, next_link: str | None = None) -> bytes:
        """One page of all automation rules, ours and others'."""
        return self._call("GET", self._followed(next_link) if next_link else self._url(_RULES))

    def get_automation_rule(self, name: str) -> bytes:
        """One automation rule as it is now."""
        return self._call("GET", self._url(_RULES, name))

    def put_automation_rule(
        self, name: str, properties: dict[str, Any], *, etag: str = ""
    ) -> Receipt:
        """Write a whole rule under an id of ours; without an etag it is meant to be new."""
        body = {"properties": properties} | ({"etag": etag} if etag else {})
        return self._put(name, self._url(_RULES, name), body)

    def delete_automation_rule(self, name: str, *, etag: str = "") -> None:
        """Take a rule away, if it is still the one that was read. None there is as good."""
        self._delete(self._url(_RULES, name), etag=etag)
