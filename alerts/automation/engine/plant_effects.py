"""Which parts of a playbook are not proved harmless to a plant.

What a playbook does is in what its steps call, not in its words: a step named Mail may open a
breaker. So only operations of Microsoft's own connectors that reach people or the incident, and
steps that call nothing, are known to be harmless. Everything else may act on the plant.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

MAX_EVIDENCE: Final = 50  # more than pages show
MAX_DEPTH: Final = 20

# Steps that work on values, wait or end the run, and those that hold others (compared lower-case).
_VALUE_TYPES: Final = frozenset(
    {
        *("compose", "parsejson", "query", "select", "join", "table", "wait", "terminate"),
        *("initializevariable", "setvariable", "incrementvariable", "decrementvariable"),
        *("appendtoarrayvariable", "appendtostringvariable"),
    }
)
_CONTAINER_TYPES: Final = frozenset({"if", "switch", "foreach", "until", "scope"})
# Members of a step, of its inputs and of a definition that were looked at; another one is unknown.
_STEP_MEMBERS: Final = frozenset(
    {
        *("type", "inputs", "runAfter", "actions", "else", "cases", "default", "expression"),
        *("foreach", "limit", "kind", "description", "metadata", "operationOptions"),
        *("runtimeConfiguration", "trackedProperties"),
    }
)
_BRANCH_MEMBERS: Final = frozenset({"actions", "case"})
_INPUT_MEMBERS: Final = frozenset({"host", "method", "path", "body", "retryPolicy"})
_CONNECTION_MEMBERS: Final = frozenset(
    {"id", "connectionId", "connectionName", "connectionProperties"}
)
_DEFINITION_MEMBERS: Final = frozenset(
    {
        *("$schema", "contentVersion", "parameters", "triggers", "actions", "outputs"),
        *("metadata", "description"),
    }
)
_TRIGGER_MEMBERS: Final = frozenset(
    {"type", "inputs", "description", "metadata", "runtimeConfiguration", "operationOptions"}
)

_CONNECTION: Final = re.compile(
    r"@\{?parameters\('\$connections'\)\['([^'\[\]]+)'\]\['connectionId'\]\}?"
)
# A managed connector is Microsoft's own; customApis and others are anybody's.
_MANAGED: Final = re.compile(
    r"/subscriptions/[^/]+/providers/Microsoft\.Web/locations/[^/]+/managedApis/([A-Za-z0-9]+)",
    re.IGNORECASE | re.ASCII,
)
_CALLBACK: Final = re.compile(r"@\{?listCallbackUrl\(\)\}?", re.IGNORECASE)
# One part of a path: plain text, or a constant that the designer wraps. Nothing worked out.
_PART: Final = r"(?:[A-Za-z0-9 _-]+|@\{encodeURIComponent\('[A-Za-z0-9 _-]+'\)\})"
_ENTITIES: Final = r"/entities/(?:account|dnsresolution|filehash|host|ip|url)"
SENTINEL: Final = "azuresentinel"


@dataclass(frozen=True, slots=True)
class HarmlessOperation:
    """An operation of a connector that reaches people or the incident only. Where `body` is there,
    it is harmless with these members of the body and no other.
    """

    method: str
    path: re.Pattern[str]
    body: frozenset[str] | None = None


def _operation(method: str, path: str, *body: str) -> HarmlessOperation:
    return HarmlessOperation(
        method, re.compile(path, re.IGNORECASE | re.ASCII), frozenset(body) or None
    )


_MAIL: Final = (_operation("post", r"/(?:v2/)?Mail"),)
HARMLESS_OPERATIONS: Final = {
    SENTINEL: (
        _operation("post", r"/Incidents/Comment"),
        _operation("put", r"/Incidents", "incidentArmId", "tagsToAdd", "tagsToRemove"),
        _operation("post", _ENTITIES),  # takes the entities out of the trigger's own body
    ),
    "office365": _MAIL,
    "outlook": _MAIL,
    "teams": (
        _operation("post", rf"/beta/teams/conversation/message/poster/{_PART}/location/{_PART}"),
        _operation(
            "post",
            rf"/v1\.0/teams/conversation/replyWithMessage/poster/{_PART}/location/{_PART}",
        ),
        _operation("post", rf"/v3/beta/teams/{_PART}/channels/{_PART}/messages"),
    ),
}
_TRIGGER_PATH: Final = re.compile(r"/incident-creation|/subscribe|/entity/[A-Za-z]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EffectEvidence:
    """A part of a playbook that is not proved harmless: its place (step, trigger or playbook),
    its name there, and in Azure's words what it is.
    """

    place: str
    name: str
    call: str


def plant_effects_of(
    *, definition: Any, parameters: Any, connectors: Mapping[str, str]
) -> list[EffectEvidence]:
    """Return what may act on the plant; empty only where every part of the definition is proved
    harmless. `parameters` are the workflow's, with the connections that it uses; `connectors`
    are what these are connections to, read from the connections themselves.
    """
    if not isinstance(definition, dict) or not definition.keys() <= _DEFINITION_MEMBERS:
        return [EffectEvidence("playbook", "", "definition")]
    entries = _member(_member(parameters, "$connections"), "value")
    connections = _Connections(entries if isinstance(entries, dict) else {}, connectors)
    found = [
        *_in_triggers(definition.get("triggers"), connections),
        *islice(_in_steps(definition.get("actions"), connections, depth=MAX_DEPTH), MAX_EVIDENCE),
    ]
    if not definition.get("actions"):
        found.append(EffectEvidence("playbook", "", "no steps"))
    return found[:MAX_EVIDENCE]


@dataclass(frozen=True, slots=True)
class _Connections:
    """The connections as the playbook has them, and the connector of each as it really is."""

    entries: Mapping[str, Any]
    connectors: Mapping[str, str]


def _found(place: str, name: str, call: str) -> EffectEvidence:
    """PostgreSQL takes no NUL in a text."""
    name, call = (text.replace("\x00", "\N{REPLACEMENT CHARACTER}") for text in (name, call))
    return EffectEvidence(place, name[:200], call[:200])


def _in_triggers(triggers: Any, connections: _Connections) -> Iterator[EffectEvidence]:
    if not isinstance(triggers, dict):
        yield EffectEvidence("trigger", "", "not readable")
        return
    for name, trigger in triggers.items():
        if call := _call_of_trigger(trigger, connections):
            yield _found("trigger", name, call)


def _in_steps(actions: Any, connections: _Connections, *, depth: int) -> Iterator[EffectEvidence]:
    if not isinstance(actions, dict) or not depth:
        yield EffectEvidence("step", "", "not readable" if depth else "nested too deep")
        return
    for name, step in actions.items():
        if call := _call_of_step(step, connections):
            yield _found("step", name, call)
        for inner in _inner_steps(step):
            yield from _in_steps(inner, connections, depth=depth - 1)


def _inner_steps(step: Any) -> Iterator[Any]:
    """The groups of steps inside of one: its own, of its other branch, and of its cases. None where
    a branch holds something else, too.
    """
    if not isinstance(step, dict):
        return
    branches = [step["else"]] if "else" in step else []
    branches += [step["default"]] if "default" in step else []
    cases = step.get("cases", {})
    branches += cases.values() if isinstance(cases, dict) else [cases]
    if "actions" in step:
        yield step["actions"]
    for branch in branches:
        is_plain = isinstance(branch, dict) and branch.keys() <= _BRANCH_MEMBERS
        yield branch.get("actions") if is_plain else None


def _call_of_step(step: Any, connections: _Connections) -> str:
    """What the step itself calls, in Azure's words; "" where that is known to be harmless."""
    if not isinstance(step, dict):
        return "not readable"
    kind = str(step.get("type", ""))
    if extra := sorted(map(str, step.keys() - _STEP_MEMBERS)):
        return f"{kind} {extra[0]}".strip() or "not readable"
    if kind.lower() in _VALUE_TYPES | _CONTAINER_TYPES:
        return ""
    if kind.lower() != "apiconnection":
        return kind or "not readable"
    return _call_of_connector(step.get("inputs"), connections)


def _call_of_connector(inputs: Any, connections: _Connections) -> str:
    api = _connector(inputs, connections)
    if api not in HARMLESS_OPERATIONS:
        return api
    method, path = str(inputs.get("method", "")), str(inputs.get("path", ""))
    is_known = inputs.keys() <= _INPUT_MEMBERS and any(
        operation.method == method.lower()
        and operation.path.fullmatch(path)
        and _has_only(inputs.get("body"), operation.body)
        for operation in HARMLESS_OPERATIONS[api]
    )
    return "" if is_known else f"{api} {method} {path}"


def _has_only(body: Any, members: frozenset[str] | None) -> bool:
    return members is None or (isinstance(body, dict) and body.keys() <= members)


def _call_of_trigger(trigger: Any, connections: _Connections) -> str:
    """The same of a trigger: Sentinel's own is harmless, since it calls back and does no more."""
    kind, inputs = str(_member(trigger, "type") or ""), _member(trigger, "inputs")
    if not isinstance(trigger, dict) or not trigger.keys() <= _TRIGGER_MEMBERS:
        return kind or "not readable"
    if kind.lower() != "apiconnectionwebhook":
        return kind or "not readable"
    api = _connector(inputs, connections)
    if api != SENTINEL:
        return api
    body = _member(inputs, "body")
    is_known = (
        inputs.keys() <= {"host", "body", "path"}
        and _TRIGGER_PATH.fullmatch(str(inputs.get("path", "")))
        and isinstance(body, dict)
        and body.keys() == {"callback_url"}
        and _CALLBACK.fullmatch(str(body["callback_url"]))
    )
    return "" if is_known else f"{api} {inputs.get('path', '')}"


def _connector(inputs: Any, connections: _Connections) -> str:
    """The managed connector that is called, by its name; else what is there instead."""
    host = _member(inputs, "host")
    name = _member(_member(host, "connection"), "name")
    found = _CONNECTION.fullmatch(name) if isinstance(name, str) else None
    if found is None or host != {"connection": {"name": name}}:
        return "connector not known"
    if [other.lower() for other in connections.entries].count(found[1].lower()) > 1:
        return "connector not known"  # Azure takes either for it
    entry = connections.entries.get(found[1])
    if not isinstance(entry, dict) or not entry.keys() <= _CONNECTION_MEMBERS:
        return "connector not known"
    # What the playbook says is anybody's word: the connection itself has to say the same.
    api_id = connections.connectors.get(str(_member(entry, "connectionId")).lower(), "")
    if not api_id:
        return "connection that could not be read"
    managed = _MANAGED.fullmatch(api_id)
    if api_id.lower() != str(_member(entry, "id")).lower() or managed is None:
        return f"connector {api_id.rpartition('/')[2]}".strip()
    return managed[1].lower()


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
