"""Which values decide what a playbook does and are no part of what Tagout reads of it.

Settings of a Standard Logic App, parameters that Azure does not show, connections that cannot be
read and other Logic Apps change without a change of the definition. A decision about a definition
cannot cover them.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from alerts.automation.engine.plant_effects import MAX_EVIDENCE, EffectEvidence

_SETTING: Final = re.compile(r"appsetting\s*\(", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"\bparameters\s*\(\s*(?:'([^']*)'\s*\))?", re.IGNORECASE)
_SECURE: Final = frozenset({"securestring", "secureobject"})  # Azure shows no value of these
_CHILDREN: Final = frozenset({"workflow", "invokeworkflow", "sendtobatch"})
# Steps that work by maps and schemas of an integration account.
_ARTIFACTS: Final = frozenset(
    {
        *("xslt", "liquid", "flatfiledecoding", "flatfileencoding", "xmlvalidation"),
        "integrationaccountartifactlookup",
    }
)
_REFERENCES: Final = ("referenceName", "connectionName")  # to entries of connections.json
_MANAGED: Final = "managedApiConnections"


def hidden_values_of(
    *, definition: Any, parameters: Any, connectors: Mapping[str, str]
) -> list[EffectEvidence]:
    """Return the values that a playbook depends on and that its digest does not hold, each once."""
    whole = _bag(parameters)
    is_standard = any(name.endswith(".json") for name in whole)
    search = _search_standard if is_standard else _search_consumption
    found = islice(search(definition, whole, connectors), MAX_EVIDENCE)
    return list(dict.fromkeys(found))


def _search_consumption(
    definition: Any, parameters: Mapping[str, Any], connectors: Mapping[str, str]
) -> Iterator[EffectEvidence]:
    scope = _Scope(definition, parameters)
    yield from scope.in_value(definition)
    yield from _children(definition)
    for name, entry in _bag(_bag(parameters.get("$connections")).get("value")).items():
        yield from scope.in_value(entry)
        yield from _unread_connection(name, _bag(entry).get("connectionId"), connectors)


def _search_standard(
    definition: Any, files: Mapping[str, Any], connectors: Mapping[str, str]
) -> Iterator[EffectEvidence]:
    scope = _Scope(definition, _bag(files.get("parameters.json")))
    yield from scope.in_value(definition)
    yield from _children(definition)
    groups = _bag(files.get("connections.json"))
    for name in _references(definition):
        entries = {group: bag[name] for group, bag in groups.items() if name in _bag(bag)}
        if not entries:
            yield _hidden("connection", name)
        for group, entry in entries.items():
            yield from scope.in_value(entry)
            if group == _MANAGED:
                resource_id = _bag(_bag(entry).get("connection")).get("id")
                yield from _unread_connection(name, resource_id, connectors)


def _unread_connection(
    name: str, resource_id: Any, connectors: Mapping[str, str]
) -> Iterator[EffectEvidence]:
    if not connectors.get(str(resource_id).lower()):
        yield _hidden("connection", name)


def _hidden(kind: str, name: str) -> EffectEvidence:
    return EffectEvidence("value", name.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:200], kind)


class _Scope:
    """The parameters that the expressions of one playbook may name."""

    def __init__(self, definition: Any, values: Mapping[str, Any]) -> None:
        self._declared, self._values = _bag(_bag(definition).get("parameters")), values
        self._looked_at: set[str] = set()

    def in_value(self, value: Any) -> Iterator[EffectEvidence]:
        """Yield the hidden values that expressions in a value name, and those these name."""
        for text in _texts(value):
            if _SETTING.search(text):
                yield _hidden("app setting", text)
            for found in _PARAMETER.finditer(text):
                yield from self._in_parameter(found[1])

    def _in_parameter(self, name: str | None) -> Iterator[EffectEvidence]:
        if name is None:  # worked out: it may be any
            yield _hidden("parameter", "")
            return
        if name in self._looked_at:
            return
        self._looked_at.add(name)
        declared, assigned = _bag(self._declared.get(name)), _bag(self._values.get(name))
        kinds = {str(part.get("type", "")).lower() for part in (declared, assigned)}
        value = assigned.get("value", declared.get("defaultValue"))
        if kinds & _SECURE or value is None:
            yield _hidden("parameter", name)
        else:
            yield from self.in_value(value)


def _children(definition: Any) -> Iterator[EffectEvidence]:
    for part in _parts(definition):
        if not isinstance(part, dict) or "inputs" not in part:
            continue
        kind = str(part.get("type", "")).lower()
        if kind in _ARTIFACTS:
            yield _hidden("integration account", kind)
        elif kind in _CHILDREN:
            workflow = _bag(_bag(_bag(part.get("inputs")).get("host")).get("workflow"))
            yield _hidden("Logic App", str(workflow.get("id", "")).rpartition("/")[2])


def _references(definition: Any) -> list[str]:
    names = [
        str(part[member])
        for part in _parts(definition)
        if isinstance(part, dict)
        for member in _REFERENCES
        if member in part
    ]
    return list(dict.fromkeys(names))


def _texts(value: Any) -> Iterator[str]:
    for part in _parts(value):
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            yield from part


def _parts(value: Any) -> Iterator[Any]:
    """Yield a value and all that is inside of it."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting += reversed(part.values())
        elif isinstance(part, list):
            waiting += reversed(part)


def _bag(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
