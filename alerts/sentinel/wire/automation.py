"""Automation rules as Sentinel shows them, and where two of them differ."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from alerts.sentinel.wire.records import Bag, NotAPage, Unfit

_SERVERS: Final = frozenset(
    {
        "createdBy",
        "createdTimeUtc",
        "lastModifiedBy",
        "lastModifiedTimeUtc",
        "labelType",
    }
)


@dataclass(frozen=True, slots=True)
class WireRule:
    """One automation rule. `properties` stay as they came."""

    name: str
    etag: str
    properties: Bag


def read_automation_rule(body: bytes) -> WireRule:
    """Read one rule; raises Unfit when the answer is none."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unfit("no JSON") from None
    return _rule_of(whole)


def read_automation_rules(body: bytes) -> tuple[list[WireRule], str | None]:
    """The rules of one page, and where the next one is. Raises NotAPage when it is none."""
    try:
        whole = orjson.loads(body)
        rules = [_rule_of(rule) for rule in whole["value"]]
        link = whole.get("nextLink")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, Unfit) as error:
        raise NotAPage(f"no list of automation rules: {error}") from None
    return rules, link if isinstance(link, str) and link else None


def differing_places(sent: Bag, read: Bag) -> list[str]:
    """The members in which two rules differ; empty when they mean the same.

    Order of conditions and values, spelling of times, empty members and what only the service sets
    do not count; anything else does, also what was added.
    """
    sent_members, read_members = _plain(sent), _plain(read)
    return [
        place
        for place in sorted(set(sent_members) | set(read_members))
        if sent_members.get(place) != read_members.get(place)
    ]


def is_switched_off_by_time(rule: Bag, *, now: datetime) -> bool:
    """Whether the service itself has disabled the rule, because its time is over."""
    logic = rule.get("triggeringLogic")
    ends = _at(logic.get("expirationTimeUtc")) if isinstance(logic, dict) else None
    return ends is not None and ends <= now


def _rule_of(whole: Any) -> WireRule:
    name = whole.get("name") if isinstance(whole, dict) else None
    properties = whole.get("properties") if isinstance(whole, dict) else None
    if not isinstance(name, str) or not isinstance(properties, dict):
        raise Unfit("an automation rule without name or properties")
    etag = whole.get("etag")
    return WireRule(name.lower(), etag if isinstance(etag, str) else "", properties)


def _plain(form: Bag) -> Bag:
    """The rule by places, each in its one spelling."""
    members: Bag = {name: _flat(value) for name, value in form.items() if name not in _SERVERS}
    logic = form.get("triggeringLogic")
    if isinstance(logic, dict):
        del members["triggeringLogic"]
        members |= {f"triggeringLogic.{name}": _flat(value) for name, value in logic.items()}
        members["triggeringLogic.expirationTimeUtc"] = _moment(logic.get("expirationTimeUtc"))
    actions = form.get("actions")
    if isinstance(actions, list) and all(isinstance(action, dict) for action in actions):
        members["actions"] = [
            _flat(action) for action in sorted(actions, key=lambda action: str(action.get("order")))
        ]
    return {name: value for name, value in members.items() if value not in (None, {}, [])}


def _flat(value: Any) -> Any:
    if isinstance(value, dict):
        members = ((key, _flat(member)) for key, member in value.items() if key not in _SERVERS)
        return {key: member for key, member in members if member not in (None, {}, [])}
    if isinstance(value, list):
        return sorted((_flat(member) for member in value), key=_spelled)
    return value


def _spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _moment(value: Any) -> str | None:
    if value is None:
        return None
    at = _at(value)
    return str(value) if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _at(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
