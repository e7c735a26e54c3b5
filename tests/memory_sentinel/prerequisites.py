"""What the twin in memory knows of what stands around a workspace."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from alerts.sentinel.client.errors import SentinelNotFound
from alerts.sentinel.client.prerequisites import Prerequisite, Writable
from tests.memory_sentinel.calls import MemoryCalls

_LIST_OF = {
    Writable.CONNECTOR: Prerequisite.CONNECTORS,
    Writable.PACKAGE: Prerequisite.PACKAGES,
    Writable.ANALYTICS_RULE: Prerequisite.ANALYTICS_RULES,
}


@dataclass
class MemoryPrerequisites(MemoryCalls):
    """Answers by what is asked for: lists hold resources, the rest is one answer. What a test did
    not lay out is an empty list.
    """

    prerequisites: dict[tuple[Prerequisite, str], Any] = field(default_factory=dict)
    rule_runs: list[str] = field(default_factory=list)

    def lay_out(self, part: Prerequisite, answer: Any, *, of: str = "") -> None:
        """Let a read of this part give this answer."""
        self.prerequisites[part, of] = answer

    def read_prerequisite(
        self, part: Prerequisite, *, of: str = "", next_link: str | None = None
    ) -> bytes:
        """What was laid out; None is what is not there."""
        self._called("read_prerequisite", f"{part} {of}".strip())
        answer = self.prerequisites.get((part, of), [])
        if answer is None:
            raise SentinelNotFound("It is not there.", status=404, code="NotFound")
        return orjson.dumps({"value": answer} if isinstance(answer, list) else answer)

    def put_prerequisite(self, kind: Writable, name: str, body: dict[str, Any]) -> bytes:
        """Write a resource in its list, in the place of one of the same name."""
        self._called("put_prerequisite", f"{kind} {name}", body)
        rows = self.prerequisites.setdefault((_LIST_OF[kind], ""), [])
        rows[:] = [row for row in rows if row["name"].lower() != name.lower()]
        written = copy.deepcopy(body) | {"name": name, "etag": self._etag()}
        rows.append(written)
        return orjson.dumps(written)

    def get_analytics_rule(self, name: str) -> bytes:
        """The rule of this name in the list."""
        self._called("get_analytics_rule", name)
        rows = self.prerequisites.get((Prerequisite.ANALYTICS_RULES, ""), [])
        for row in rows:
            if row["name"].lower() == name.lower():
                return orjson.dumps(row)
        raise SentinelNotFound("There is no such rule.", status=404, code="NotFound")

    def put_analytics_rule(self, name: str, body: dict[str, Any]) -> bytes:
        """Write a rule in the list."""
        return self.put_prerequisite(Writable.ANALYTICS_RULE, name, body)

    def run_analytics_rule(self, name: str, *, at: datetime) -> None:
        """Run a rule that is there; what comes of it the test lays out."""
        self._called("run_analytics_rule", name)
        rows = self.prerequisites.get((Prerequisite.ANALYTICS_RULES, ""), [])
        if not any(row["name"] == name for row in rows):
            raise SentinelNotFound("There is no such rule.", status=404, code="NotFound")
        self.rule_runs.append(name)

    def delete_analytics_rule(self, name: str) -> None:
        """Delete a rule; none there is as good."""
        self._called("delete_analytics_rule", name)
        rows = self.prerequisites.get((Prerequisite.ANALYTICS_RULES, ""), [])
        rows[:] = [row for row in rows if row["name"] != name]
