"""Automation rules of the Sentinel in memory: kept, with etags, never carried out."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import orjson

from alerts.sentinel.client.errors import SentinelConflict, SentinelNotFound
from alerts.sentinel.client.port import Receipt


@dataclass
class MemoryRules:
    """What the twin in memory knows of automation rules."""

    rules: dict[str, dict[str, Any]] = field(default_factory=dict)

    def edit_rule(self, name: str, **properties: Any) -> None:
        """Change a rule as a person would: new etag."""
        rule = self.rules[name.lower()]
        rule["properties"] |= properties
        rule["etag"] = self._etag()

    def list_automation_rules(self, *, next_link: str | None = None) -> bytes:
        """All rules, in one page."""
        self._called("list_automation_rules", next_link or "")
        return orjson.dumps({"value": list(self.rules.values())})

    def get_automation_rule(self, name: str) -> bytes:
        """One automation rule as it is now."""
        self._called("get_automation_rule", name)
        found = self.rules.get(name.lower())
        if found is None:
            raise SentinelNotFound("There is no such rule.", status=404, code="NotFound")
        return orjson.dumps(found)

    def put_automation_rule(
        self, name: str, properties: dict[str, Any], *, etag: str = ""
    ) -> Receipt:
        """Write a whole rule if the etag is still the one it has."""
        self._called("put_automation_rule", name, {"properties": properties, "etag": etag})
        self._match(name, etag)
        made: dict[str, Any] = {
            "name": name,
            "etag": self._etag(),
            "type": "Microsoft.SecurityInsights/automationRules",
            "properties": copy.deepcopy(properties),
        }
        self.rules[name.lower()] = made
        return Receipt(name, made["etag"], orjson.dumps(made))

    def delete_automation_rule(self, name: str, *, etag: str = "") -> None:
        """Take a rule away; none there is as good."""
        self._called("delete_automation_rule", name, {"etag": etag})
        if name.lower() in self.rules:
            self._match(name, etag)
            del self.rules[name.lower()]

    def _match(self, name: str, etag: str) -> None:
        held = self.rules.get(name.lower())
        if not etag:
            return
        if held is None:
            raise SentinelNotFound("There is no such rule.", status=404, code="NotFound")
        if held["etag"] != etag:
            raise SentinelConflict("Somebody changed it meanwhile.", status=409, code="Conflict")

    def _called(self, verb: str, name: str = "", body: Any = None) -> None:
        raise NotImplementedError

    def _etag(self) -> str:
        raise NotImplementedError
