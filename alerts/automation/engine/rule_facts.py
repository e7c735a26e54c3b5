"""What an automation rule does, read from its JSON as Sentinel keeps it, ours and others'. What is
not understood is kept as it is there, so that a rule never looks as if it did less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.automation.engine.loose_json import (
    Json,
    bag_of,
    json_of,
    list_of,
    loose_text,
    members_beyond,
)
from alerts.automation.engine.rule_conditions import Condition, read_conditions
from alerts.automation.engine.rule_terms import (
    ACTION_MEMBERS,
    CONFIGURATIONS,
    LABEL_MEMBERS,
    LOGIC_MEMBERS,
    OWNER_MEMBERS,
    RULE_MEMBERS,
    TRIGGERS,
)
from alerts.sentinel.wire.values import moment_field

_ORDERS: Final = range(1, 1001)
_NEEDED: Final = {"RunPlaybook": "playbook", "AddIncidentTask": "title"}  # or it does nothing
_OWNER_NAMES: Final = ("assignedTo", "userPrincipalName", "email", "objectId")


@dataclass(frozen=True, slots=True)
class RuleAction:
    """One action: what it is, the values that it sets (severity, labels, playbook …), and the JSON
    of what is not understood of it.
    """

    kind: str
    values: Mapping[str, str]
    not_understood: str = ""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What a rule does. `closes`: it closes incidents, which is suppression. `not_understood` is
    what is beside its trigger, conditions and acts, each by its name and its JSON.
    """

    name: str
    order: int | None
    is_enabled: bool
    ends_at: datetime | None
    on: str  # Incidents or Alerts
    when: str  # Created or Updated
    conditions: tuple[Condition, ...]
    acts: tuple[RuleAction, ...]
    not_understood: tuple[str, ...] = ()

    @property
    def closes(self) -> bool:
        """Whether it closes incidents."""
        return any(act.values.get("status", "").casefold() == "closed" for act in self.acts)

    @property
    def playbooks(self) -> tuple[str, ...]:
        """The resource ids of the playbooks that it runs, in lower case."""
        return tuple(act.values["playbook"] for act in self.acts if "playbook" in act.values)

    @property
    def is_understood(self) -> bool:
        """Whether nothing in it is unknown here."""
        return (
            not self.not_understood
            and all(condition.is_understood for condition in self.conditions)
            and not any(act.not_understood for act in self.acts)
        )

    def has_ended(self, *, now: datetime) -> bool:
        """Whether its time is over."""
        return self.ends_at is not None and self.ends_at <= now

    def is_acting(self, *, now: datetime) -> bool:
        """Whether it runs on what comes in now."""
        return self.is_enabled and not self.has_ended(now=now)


def read_rule_facts(body: Any) -> RuleFacts:
    """Read a rule's properties. Raises nothing, however odd they are."""
    properties = bag_of(body)
    logic, order = bag_of(properties.get("triggeringLogic")), properties.get("order")
    ends = logic.get("expirationTimeUtc")
    ends_at = moment_field(ends, "expirationTimeUtc", [])
    trigger = {name: logic.get(name) for name in ("triggersOn", "triggersWhen")}
    strange = members_beyond(properties, RULE_MEMBERS) | members_beyond(logic, LOGIC_MEMBERS)
    if type(order) is not int or order not in _ORDERS:
        strange["order"] = order
    if not isinstance(logic.get("isEnabled"), bool):
        strange["isEnabled"] = logic.get("isEnabled")
    if ends is not None and ends_at is None:
        strange["expirationTimeUtc"] = ends
    if tuple(map(loose_text, trigger.values())) not in TRIGGERS:
        strange |= trigger
    return RuleFacts(
        name=loose_text(properties.get("displayName")),
        order=order if type(order) is int else None,
        is_enabled=bool(logic.get("isEnabled")),  # an odd value rather acts
        ends_at=ends_at,
        on=loose_text(trigger["triggersOn"]),
        when=loose_text(trigger["triggersWhen"]),
        conditions=read_conditions(logic.get("conditions")),
        acts=_acts(properties.get("actions")),
        not_understood=tuple(f"{name} {json_of(value)}" for name, value in strange.items()),
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


def _acts(found: Any) -> tuple[RuleAction, ...]:
    if not isinstance(found, list):
        return () if found is None else (RuleAction("", {}, json_of(found)),)

    def place(action: Any) -> int:
        order = bag_of(action).get("order")
        return order if type(order) is int else _ORDERS.stop

    return tuple(map(_act, sorted(found, key=place)))


def _act(action: Any) -> RuleAction:
    whole = bag_of(action)
    kind, found = loose_text(whole.get("actionType")), whole.get("actionConfiguration")
    configuration = bag_of(found)
    values, members = _values_of(configuration), CONFIGURATIONS.get(kind)
    is_odd = found is not None and not isinstance(found, dict)
    if members is None or is_odd or _NEEDED.get(kind, "") not in {"", *values}:
        return RuleAction(kind, values, json_of(action))
    strange = members_beyond(whole, ACTION_MEMBERS) | members_beyond(configuration, members)
    strange |= {
        name: value
        for name, value in configuration.items()
        if value is not None and not _is_readable(name, value)
    }
    return RuleAction(kind, values, json_of(strange) if strange else "")


def _values_of(configuration: Json) -> dict[str, str]:
    """What an action sets, whatever it calls itself."""
    values = {
        name: text
        for name in (
            *("severity", "status", "classification", "classificationReason"),
            *("classificationComment", "title", "description"),
        )
        if (text := loose_text(configuration.get(name)))
    }
    owner = configuration.get("owner")
    if isinstance(owner, dict):
        named = (text for name in _OWNER_NAMES if (text := loose_text(owner.get(name))))
        values["owner"] = next(named, "")
    labels = configuration.get("labels")
    found = [loose_text(bag_of(label).get("labelName")) for label in list_of(labels)]
    if any(found):
        values["labels"] = ", ".join(filter(None, found))
    if playbook := loose_text(configuration.get("logicAppResourceId")):
        values["playbook"] = playbook.lower()
    return values


def _is_readable(name: str, value: Any) -> bool:
    if name == "owner":
        return (
            isinstance(value, dict)
            and not members_beyond(value, OWNER_MEMBERS)
            and all(part is None or isinstance(part, str) for part in value.values())
        )
    if name == "labels":
        return isinstance(value, list) and all(
            loose_text(bag_of(label).get("labelName")) and not members_beyond(label, LABEL_MEMBERS)
            for label in value
        )
    return isinstance(value, str)
