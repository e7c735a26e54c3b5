"""Analytics rules of a check: run one now, and delete it. Writing one is `put_prerequisite`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from alerts.sentinel.client.errors import SentinelNotFound
from alerts.sentinel.wire.values import write_moment


class AnalyticsRules(Protocol):
    """The part of a client that runs and deletes analytics rules."""

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

    def _url(self, *parts: str, **query: str) -> str: ...


class AzureAnalyticsRules:
    """Runs and deletes analytics rules over the client's own pipeline."""

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
