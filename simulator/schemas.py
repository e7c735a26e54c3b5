"""What each api-version of Microsoft.SecurityInsights declares: what a call may write, and what of
an object it is shown.

The names, values and bounds are those of the published schemas (`simulator/data/schemas.json`).
What a version does not declare is dropped, from what is written and from what is read; a value or a
kind that it does not declare is refused. Whether the real service does the same is not known
everywhere: this is the stricter of the two readings, and there is no switch for a kinder one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from simulator.replies import ArmRefusal, bad_request

Json = dict[str, Any]
STABLE, PREVIEW = "2025-09-01", "2025-10-01-preview"
VERSIONS = (STABLE, PREVIEW)
# Endpoints that are no resource of the schemas, and that only the preview has.
_ACTIONS_OF_PREVIEW = frozenset({"dataConnectorsCheckRequirements", "alertRules/triggerRuleRun"})
# The versions of other providers that are answered; of providers themselves, the last line.
_OTHERS = {
    "microsoft.authorization": ("2022-04-01",),
    "microsoft.iotsecurity": ("2021-02-01-preview",),
    "microsoft.logic": ("2019-05-01",),
    "microsoft.operationalinsights": ("2022-10-01",),
    "microsoft.web": ("2024-04-01",),
    "microsoft.web/connections": ("2016-06-01",),
}
_PROVIDERS = ("2021-04-01", "2016-02-01")
_PLAIN: dict[str, type | tuple[type, ...]] = {"string": str, "boolean": bool, "integer": int}


@cache
def _document() -> Json:
    path = Path(__file__).parent / "data" / "schemas.json"
    content: Json = json.loads(path.read_text("utf-8"))
    return content


@cache
def schema_of(version: str) -> Schema:
    """Return the schema of a version."""
    return Schema(version)


class Schema:
    """The resources, members, values and bounds of one version."""

    def __init__(self, version: str) -> None:
        document = _document()
        missing = document["not_in"].get(version, {})
        self.version = version
        self._types: Json = document["types"]
        self._resources: Json = document["resources"]
        self._no_resources = frozenset(missing.get("resources", []))
        self._no_types = frozenset(missing.get("types", []))
        self._no_members = {
            name: frozenset(members) for name, members in missing.get("members", {}).items()
        }
        self._no_values = {
            name: frozenset(values) for name, values in missing.get("values", {}).items()
        }

    def has_endpoint(self, path: str) -> bool:
        """Whether the version has an endpoint, by its path without names."""
        if path in _ACTIONS_OF_PREVIEW:
            return self.version == PREVIEW
        return path not in self._no_resources

    def has_kind(self, resource: str, kind: str) -> bool:
        """Whether the version declares this kind of a resource, or of anything by its type. Kinds
        that no version declares pass: no call can store one, only the control interface.
        """
        kinds = self._types[self._resources.get(resource, resource)]["kinds"]
        return kinds.get(kind) not in self._no_types

    def members_of(self, name: str) -> set[str]:
        """The names of the members that the version declares for an object of this type."""
        return set(self._members(name, {}))

    def project(self, resource: str, value: Json) -> Json:
        """Return a resource with what the version declares of it."""
        projected: Json = self._projected({"type": self._resources[resource]}, value)
        return projected

    def check(self, resource: str, value: Json) -> None:
        """Refuse a body with a missing member, a wrong type, a value, kind or size that the version
        does not declare.
        """
        self._check({"type": self._resources[resource]}, value, "body")

    def _members(self, name: str, value: Json) -> Json:
        """The declared members of an object of this type, those of its kind included."""
        declared = self._types[name]
        missing = self._no_members.get(name, frozenset())
        members = {
            member: _with_owner(node, f"{name}.{member}")
            for member, node in declared["members"].items()
            if member not in missing
        }
        if by := declared.get("by"):
            members[by] = "string"
            kind = declared["kinds"].get(value.get(by))
            if kind and kind not in self._no_types:
                members |= self._members(kind, value)
        return members

    def _projected(self, node: Any, value: Any) -> Any:
        if isinstance(node, dict) and isinstance(value, list) and "list" in node:
            return [self._projected(node["list"], item) for item in value]
        if not isinstance(node, dict) or "type" not in node or not isinstance(value, dict):
            return value
        declared = self._types[node["type"]]
        if "by" in declared and value.get(declared["by"]) not in declared["kinds"]:
            return value
        members, free = self._members(node["type"], value), declared.get("map")
        return {
            member: self._projected(members.get(member, free), item)
            for member, item in value.items()
            if member in members or free
        }

    def _check(self, node: Any, value: Any, name: str) -> None:
        if value is None or node == "any":
            return
        kind = node if isinstance(node, str) else next(iter(node))
        if kind == "enum":
            self._check_value(node, value, name)
        elif kind == "list":
            self._check_list(node, value, name)
        elif kind == "map":
            _require(dict, value, name)
        elif kind == "type":
            _require(dict, value, name)
            self._check_object(node["type"], value)
        else:
            _check_plain(kind, node, value, name)

    def _check_value(self, node: Json, value: Any, name: str) -> None:
        missing = self._no_values.get(node.get("of", ""), frozenset())
        if value not in node["enum"] or value in missing:
            raise bad_request(f"Invalid value for property '{name}': '{value}'.")

    def _check_list(self, node: Json, value: Any, name: str) -> None:
        _require(list, value, name)
        least, most = node.get("min", 0), node.get("max", len(value))
        if not least <= len(value) <= most:
            raise bad_request(f"'{name}' must have {least} to {most} items.")
        for item in value:
            self._check(node["list"], item, name)

    def _check_object(self, name: str, value: Json) -> None:
        declared = self._types[name]
        if by := declared.get("by"):
            kind = declared["kinds"].get(value.get(by))
            if kind is None or kind in self._no_types:
                raise bad_request(f"Unknown {by} '{value.get(by)}'.")
            self._check_object(kind, value)
        for member in declared.get("required", ()):
            if value.get(member) is None:
                raise bad_request(f"Required property '{member}' not found in JSON.")
        read_only = declared.get("readOnly", ())
        missing = self._no_members.get(name, frozenset())
        for member, node in declared["members"].items():
            if member in value and member not in read_only and member not in missing:
                self._check(_with_owner(node, f"{name}.{member}"), value[member], member)


def _with_owner(node: Any, owner: str) -> Any:
    """An enumeration with its place, for a version may lack some of its values there."""
    if isinstance(node, dict) and "enum" in node:
        return {**node, "of": owner}
    if isinstance(node, dict) and "list" in node:
        return {**node, "list": _with_owner(node["list"], owner)}
    return node


def _require(kind: type | tuple[type, ...], value: Any, name: str) -> None:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise bad_request(f"Invalid type for property '{name}'.")


def _check_plain(kind: str, node: Any, value: Any, name: str) -> None:
    _require(_PLAIN[kind], value, name)
    bounds = node[kind] if isinstance(node, dict) else {}
    size = len(value) if kind == "string" else value
    if not bounds.get("min", size) <= size <= bounds.get("max", size):
        what = "characters" if kind == "string" else "as its value"
        raise bad_request(f"'{name}' must have {bounds.get('min', 0)} to {bounds['max']} {what}.")


def require_other(version: str, path: str) -> None:
    """Refuse a version that another provider than Sentinel does not have."""
    provider, _, rest = path.casefold().rpartition("/providers/")[2].partition("/")
    kind = f"{provider}/{rest.partition('/')[0]}"
    offered = _OTHERS.get(kind, _OTHERS.get(provider, _PROVIDERS))
    if version not in offered:
        raise _unknown_version(version, path, offered)


def require_declared(version: str, path: str, *, has_preview: bool) -> Schema:
    """Return the schema of a call; refuses a version that the workspace does not have."""
    offered = VERSIONS if has_preview else (STABLE,)
    if version not in offered or not schema_of(version).has_endpoint(path):
        supported = [name for name in offered if schema_of(name).has_endpoint(path)]
        raise _unknown_version(version, path, supported)
    return schema_of(version)


def _unknown_version(version: str, path: str, supported: Iterable[str]) -> ArmRefusal:
    return ArmRefusal(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for API version '{version}' for '{path}'."
        f" The supported api-versions are '{', '.join(supported)}'.",
    )
