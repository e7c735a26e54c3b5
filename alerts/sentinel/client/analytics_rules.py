"""Analytics rules: one read and written whole, run now, and deleted."""

from datetime import datetime
from typing import Any, Protocol

import orjson

from alerts.sentinel.client.azure_calls import AzureCalls
from alerts.sentinel.wire.values import write_moment


class AnalyticsRules(AzureCalls, Protocol):
    """The part of a client that reads and writes one analytics rule whole, runs and deletes it."""

    def get_analytics_rule(self, name: str) -> bytes:
        """One rule with all its members, by a version that declares them and by no other."""
        return self._call_whole("GET", self._url("alertRules", name))

    def put_analytics_rule(self, name: str, body: dict[str, Any]) -> bytes:
        """Write a whole rule and return what is there now, by such a version alone: another
        would drop members of the body.
        """
        return self._call_whole("PUT", self._url("alertRules", name), orjson.dumps(body))

    def run_analytics_rule(self, name: str, *, at: datetime) -> None:
        """Run a scheduled rule now, as if at this time. Each call makes its alert once more, so it
        is never repeated by itself.
        """
        url = self._url("alertRules", name, "triggerRuleRun")
        self._start(url, {"properties": {"executionTimeUtc": write_moment(at)}})

    def delete_analytics_rule(self, name: str) -> None:
        """Delete a rule. None there is as good."""
        self._delete(self._url("alertRules", name))
