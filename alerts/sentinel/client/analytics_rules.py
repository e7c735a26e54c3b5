"""Analytics rules: one read and written whole, run now, and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson

from alerts.sentinel.client.errors import SentinelNotFound
from alerts.sentinel.wire.values import write_moment


class AnalyticsRules(Protocol):
    """The part of a client that reads and writes one analytics rule whole, runs and deletes it."""

    def get_analytics_rule(self, name: str) -> bytes:
        """One rule with all its members, by a version that declares them and by no other."""
        ...

    def put_analytics_rule(self, name: str, body: dict[str, Any]) -> bytes:
        """Write a whole rule and return what stands there now, by such a version alone: another
        would drop members of the body.
        """
        ...

    def run_analytics_rule(self, name: str, *, at: datetime) -> None:
        """Run a scheduled rule now, as if at this time. Each call makes its alert once more, so it
        is never repeated by itself.
        """
        ...

    def delete_analytics_rule(self, name: str) -> None:
        """Delete a rule. None there is as good."""
        ...


class _Calls(Protocol):
    """What the client has for all its calls."""

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]: ...

    def _start(self, url: str, body: dict[str, Any]) -> None: ...

    def _call_whole(self, method: str, url: str, content: bytes | None = None) -> bytes: ...

    def _url(self, *parts: str, **query: str) -> str: ...


class AzureAnalyticsRules:
    """Reads, writes, runs and deletes analytics rules over the client's own pipeline."""

    def get_analytics_rule(self: _Calls, name: str) -> bytes:
        """One rule with all its members, by a version that declares them and by no other."""
        return self._call_whole("GET", self._url("alertRules", name))

    def put_analytics_rule(self: _Calls, name: str, body: dict[str, Any]) -> bytes:
        """Write a whole rule and return what stands there now, by such a version alone."""
        return self._call_whole("PUT", self._url("alertRules", name), orjson.dumps(body))

    def run_analytics_rule(self: _Calls, name: str, *, at: datetime) -> None:
        """Run a scheduled rule now, with one call and no other."""
        url = self._url("alertRules", name, "triggerRuleRun")
        self._start(url, {"properties": {"executionTimeUtc": write_moment(at)}})

    def delete_analytics_rule(self: _Calls, name: str) -> None:
        """Delete a rule. None there is as good."""
        try:
            self._send("DELETE", self._url("alertRules", name))
        except SentinelNotFound as error:
            if error.is_of_the_workspace:
                raise
