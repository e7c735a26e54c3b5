"""What an automation rule does, read from its JSON as Sentinel keeps it, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.sentinel.wire.values import read_moment

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: `name` and `operator` are Sentinel's own. `joined` says how the conditions of
    a group belong together: "", "And" or "Or"; for members of an array "AnyItem" or "AllItems".
    """

    name: str
    operator: str
    values: tuple[str, ...]
    joined: str = ""
    inner: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """One action: what it is, and the values that it sets (severity, labels, playbook …)."""

    kind: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What a rule does. `closes`: it closes incidents, which is suppression."""

    name: str
    order: int | None
    is_enabled: bool
    ends_at: datetime | None
    on: str  # Incidents or Alerts
    when: str  # Created or Updated
    conditions: tuple[Condition, ...]
    acts: tuple[Act, ...]

    @property
    def closes(self) -> bool:
        """Whether it closes incidents."""
        return any(act.values.get("status", "").casefold() == "closed" for act in self.acts)

    @property
    def playbooks(self) -> tuple[str, ...]:
        """The resource ids of the playbooks that it runs, in lower case."""
        return tuple(act.values["playbook"] for act in self.acts if "playbook" in act.values)

    def has_ended(self, *, now: datetime) -> bool:
        """Whether its time is over."""
        return self.ends_at is not None and self.ends_at <= now

    def is_acting(self, *, now: datetime) -> bool:
        """Whether it runs on what comes in now."""
        return self.is_enabled and not self.has_ended(now=now)


def facts_of(body: Any) -> RuleFacts:
    """Read a rule's properties; what is odd in them is left out, never raised."""
    properties, flags = _bag(body), list[str]()
    logic = _bag(properties.get("triggeringLogic"))
    order = properties.get("order")
    return RuleFacts(
        name=_text(properties.get("displayName")),
        order=order if type(order) is int else None,
        is_enabled=logic.get("isEnabled") is True,
        ends_at=read_moment(logic.get("expirationTimeUtc"), "expirationTimeUtc", flags),
        on=_text(logic.get("triggersOn")),
        when=_text(logic.get("triggersWhen")),
        conditions=_conditions(logic.get("conditions")),
        acts=tuple(_act(action) for action in _list(properties.get("actions"))),
    )


def colliding(rules: Iterable[tuple[str, RuleFacts]], *, now: datetime) -> set[str]:
    """Return the names of acting rules that share trigger and order with another one: Sentinel runs
    those in no fixed sequence.
    """
    by_place: dict[tuple[str, str, int], list[str]] = {}
    for name, facts in rules:
        if facts.order is not None and facts.is_acting(now=now):
            by_place.setdefault((facts.on, facts.when, facts.order), []).append(name)
    return {name for names in by_place.values() if len(names) > 1 for name in names}


def _conditions(found: Any) -> tuple[Condition, ...]:
    return tuple(_condition(_bag(condition)) for condition in _list(found))


def _condition(condition: Json) -> Condition:
    properties = _bag(condition.get("conditionProperties"))
    values = tuple(map(_text, _list(properties.get("propertyValues"))))
    operator = _text(properties.get("operator"))
    match condition.get("conditionType"):
        case "Boolean":
            return Condition("", "", (), operator, _conditions(properties.get("innerConditions")))
        case "PropertyArray":
            joined = _text(properties.get("arrayConditionType"))
            inner = _conditions(properties.get("itemConditions"))
            return Condition(_text(properties.get("arrayType")), "", (), joined, inner)
        case "PropertyArrayChanged":
            return Condition(_text(properties.get("arrayType")), "Added", ())
        case "PropertyChanged":
            change = _text(properties.get("changeType")) or "Changed"
            return Condition(_text(properties.get("propertyName")), change, values)
    return Condition(_text(properties.get("propertyName")), operator, values)


def _act(action: Any) -> Act:
    whole = _bag(action)
    configuration = _bag(whole.get("actionConfiguration"))
    values = {
        name: text
        for name in ("severity", "status", "classification", "title")
        if (text := _text(configuration.get(name)))
    }
    owner = _bag(configuration.get("owner"))
    names = ("assignedTo", "userPrincipalName", "email", "objectId")
    if owner:
        values["owner"] = next((text for name in names if (text := _text(owner.get(name)))), "")
    labels = [_text(_bag(label).get("labelName")) for label in _list(configuration.get("labels"))]
    if any(labels):
        values["labels"] = ", ".join(filter(None, labels))
    if playbook := _text(configuration.get("logicAppResourceId")):
        values["playbook"] = playbook.lower()
    return Act(_text(whole.get("actionType")), values)


def _bag(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value.strip()[:500] if isinstance(value, str) else ""
